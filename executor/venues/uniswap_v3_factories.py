"""How factories of the Uniswap V3 shape are asked for their pools: by fee, by tick spacing (Slipstream), or
by the pair alone (Algebra).
"""

from collections.abc import Sequence

from executor.domain.abi import decoded_address, decoded_int, eth_call
from executor.domain.address import Address
from executor.domain.call import EthCall, Reading
from executor.domain.dex import Dex
from executor.domain.errors import PoolNotFoundError
from executor.domain.pool import Pool, PoolIdentity, V3Callback, VenueKind
from executor.domain.token import Token
from executor.venues.pairing import ordered


def find(dex: Dex, token_a: Token, token_b: Token) -> Reading[tuple[Pool, ...]]:
    """The factory's pools of the two tokens, of every fee tier or tick spacing in the data, the cheapest
    first.

    Where fees change, `fee` is the present one, 0 for Algebra, whose pools keep it with their price. Raises
    PoolNotFoundError if the factory has none.
    """
    token0, token1 = ordered(token_a, token_b)
    tiers = _tiers(dex)
    answers = yield tuple(_lookup(dex, token0.address, token1.address, *tier) for tier in tiers)
    found = [
        (address, tier)
        for tier, answer in zip(tiers, answers, strict=True)
        if (address := decoded_address(answer)) is not None
    ]
    if not found:
        raise PoolNotFoundError(
            f"{dex.name} has no pool of {token0.symbol} and {token1.symbol}.",
            fix="name another exchange, or the pools themselves",
            dex=dex.name,
            factory=dex.factory,
        )
    if dex.fee_tiers:
        return tuple(_pool(dex, address, token0, token1, *tier) for address, tier in found)
    fees = yield tuple(eth_call(address, "fee()") for address, _ in found)
    spacings = yield tuple(eth_call(address, "tickSpacing()") for address, _ in found)
    told = zip(found, fees, spacings, strict=True)
    pools = [
        _pool(
            dex, address, token0, token1, decoded_int(fee, "uint24") or 0, decoded_int(spacing, "int24") or 0
        )
        for (address, _), fee, spacing in told
    ]
    return tuple(sorted(pools, key=lambda pool: (pool.fee, pool.tick_spacing)))


def belongs(dex: Dex, identity: PoolIdentity) -> Reading[bool]:
    """True if the factory of `dex` names this very address as its pool of these tokens and this fee or tick
    spacing.
    """
    tier = (identity.fee or 0, identity.tick_spacing or 0)
    answers = yield (_lookup(dex, identity.token0, identity.token1, *tier),)
    return decoded_address(answers[0]) == identity.address


def _tiers(dex: Dex) -> Sequence[tuple[int, int]]:
    """Fee and tick spacing, 0 where the factory is not asked by it."""
    if dex.callback is V3Callback.ALGEBRA:
        return [(0, 0)]
    if dex.tick_spacings:
        return [(0, spacing) for spacing in dex.tick_spacings]
    return sorted(dex.fee_tiers.items())


def _lookup(dex: Dex, token0: Address, token1: Address, fee: int, spacing: int) -> EthCall:
    if dex.callback is V3Callback.ALGEBRA:
        return eth_call(dex.factory, "poolByPair(address,address)", token0, token1)
    if dex.tick_spacings:
        return eth_call(dex.factory, "getPool(address,address,int24)", token0, token1, spacing)
    return eth_call(dex.factory, "getPool(address,address,uint24)", token0, token1, fee)


def _pool(dex: Dex, address: Address, token0: Token, token1: Token, fee: int, spacing: int) -> Pool:
    return Pool(dex.name, VenueKind.UNISWAP_V3, address, token0, token1, fee, spacing, dex.callback)
