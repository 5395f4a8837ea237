"""Pools that lend, as the chain data name them: by exchange, tokens and fee. Their addresses follow.

Source of the derivation: EIP-1014; v2-core 1.0.1 `UniswapV2Factory.createPair`, which packs the tokens into
the salt, and v3-core 1.0.1 `UniswapV3PoolDeployer`, which encodes tokens and fee.
"""

from collections.abc import Sequence

from eth_abi.abi import encode
from eth_abi.packed import encode_packed
from eth_hash.auto import keccak

from executor.config.chain_file import FlashPoolEntry
from executor.domain.abi import selector
from executor.domain.address import Address, to_address
from executor.domain.chain import AddressCheck, FlashPool, KnownAddress, KnownDex
from executor.domain.errors import ConfigError
from executor.domain.pool import Pool, VenueKind
from executor.domain.route import Funding
from executor.domain.token import Token

GET_PAIR, GET_POOL = "getPair(address,address)", "getPool(address,address,uint24)"


def flash_pool(entry: FlashPoolEntry, known: KnownDex, tokens: Sequence[Token], field: str) -> FlashPool:
    """The pool that `entry` names: of the exchange `known` and of these two tokens, in any order.

    Its check asks the factory for it. Raises ConfigError under `field` for a fee that is none of the
    exchange's, and for an exchange whose pools' addresses do not follow from it.
    """
    dex = known.dex
    if known.init_code_hash is None:
        raise ConfigError(
            f"{field}.dex",
            f"{dex.name} has no init_code_hash, from which the pool's address follows",
            fix=f"give dexes.{dex.name}.init_code_hash, or leave the pool out",
        )
    low, high = sorted(tokens, key=lambda token: int(token.address, 16))
    fee = _fee(entry, known, field)
    pair = [low.address, high.address]
    if dex.kind is VenueKind.UNISWAP_V2:
        funding, asked, arguments = Funding.UNISWAP_V2_FLASH, GET_PAIR, encode(["address"] * 2, pair)
        salt, spacing = keccak(encode_packed(["address"] * 2, pair)), 0
    else:
        funding, asked = Funding.UNISWAP_V3_FLASH, GET_POOL
        arguments = encode(["address", "address", "uint24"], [*pair, fee])
        salt, spacing = keccak(arguments), dex.fee_tiers[fee]
    address = _made_by(known.deployer or dex.factory, salt, known.init_code_hash)
    pool = Pool(dex.name, dex.kind, address, low, high, fee, spacing, dex.callback)
    name = f"flash_pools.{dex.name} {low.symbol}/{high.symbol} {fee}"
    check = AddressCheck(
        to=dex.factory,
        data=selector(asked) + arguments,
        expected=encode(["address"], [address]),
        description=f"{asked.split('(')[0]} of {dex.name} = {address}",
    )
    source = f"follows from dexes.{dex.name} by CREATE2"
    return FlashPool(funding, pool, KnownAddress(name, address, source, (check,)))


def _fee(entry: FlashPoolEntry, known: KnownDex, field: str) -> int:
    """The pool's fee in millionths."""
    dex = known.dex
    if dex.kind is VenueKind.UNISWAP_V2:
        if entry.fee not in (None, dex.fee):
            raise ConfigError(f"{field}.fee", f"pairs of {dex.name} take {dex.fee}", fix="leave it out")
        return dex.fee
    if dex.kind is not VenueKind.UNISWAP_V3 or not dex.fee_tiers:
        raise ConfigError(
            f"{field}.dex",
            f"pools of {dex.name} are not borrowed from",
            fix="name an exchange with pairs of the V2 shape, or of the V3 shape with fee tiers",
        )
    if entry.fee not in dex.fee_tiers:
        tiers = ", ".join(str(fee) for fee in dex.fee_tiers)
        raise ConfigError(f"{field}.fee", f"{entry.fee} is no fee of {dex.name}", fix=f"give one of: {tiers}")
    assert entry.fee is not None
    return entry.fee


def _made_by(creator: Address, salt: bytes, code_hash: bytes) -> Address:
    """Where CREATE2 puts code of that hash."""
    return to_address("0x" + keccak(b"\xff" + bytes.fromhex(creator[2:]) + salt + code_hash)[12:].hex())
