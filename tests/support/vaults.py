"""Vaults of every rule over a token of their own, which stand as a test says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache

from eth_utils.crypto import keccak

from devnet import Node, abi, packages
from devnet.artifacts import Artifact
from devnet.compiler import compile_files
from devnet.errors import RpcError
from devnet.manifest import OPENZEPPELIN, UNISWAP_V4
from devnet.place import Placer
from devnet.roles import account
from executor.domain.address import Address, to_address
from executor.domain.pool import Pool, VenueKind
from executor.domain.pool_details import ERC4626Details
from executor.domain.token import Token

USER = account("user of a vault that stands as told")
SOLMATE = "lib/permit2/lib/solmate/"
NEVER_FULL = 2**256 - 1
SUPPLY = 2


@dataclass(frozen=True)
class Vault:
    """A vault, its asset, and the slot in which it keeps who holds how many shares."""

    address: Address
    asset: Address
    shares_slot: int
    finer: int = 1
    """How many smallest units of its share come on one of the asset at first."""

    @property
    def pool(self) -> Pool:
        """The vault as the executor sees it."""
        tokens = [Token(1, each, "ANY", 18) for each in (self.asset, self.address)]
        token0, token1 = sorted(tokens, key=lambda each: int(each.address, 16))
        details = ERC4626Details(self.asset)
        return Pool("unnamed", VenueKind.ERC4626, self.address, token0, token1, 0, details=details)

    @property
    def deposits(self) -> bool:
        """The direction in which the asset goes in."""
        return self.pool.token0.address == self.asset


@cache
def code() -> Mapping[str, Artifact]:
    """The vaults and their asset, by name."""
    solmate = packages.root(replace(UNISWAP_V4, parts=(f"{SOLMATE}src/",)))
    return compile_files(
        ["tests/venues/solidity/Vaults.sol"],
        version="0.8.28",
        settings={"optimizer": {"enabled": True, "runs": 200}, "evmVersion": "cancun"},
        remappings={
            "@openzeppelin/contracts/": packages.root(OPENZEPPELIN),
            "solmate/": solmate / SOLMATE,
        },
    )


def place(node: Node, name: str, *more: int) -> Vault:
    """Deploy one of them, with an asset of its own."""
    placer = Placer(node)
    asset = placer.deploy(code()["Asset"])
    kinds = {"OffsetVault": "uint8", "SolmateVault": "uint256", "RateVault": "uint256"}
    types = f"(address,{kinds[name]})" if more else "(address)"
    vault = placer.deploy(code()[name], types, asset, *more)
    finer = 10 ** more[0] if name == "OffsetVault" else 1
    return Vault(to_address(vault), to_address(asset), 3 if name == "SolmateVault" else 0, finer)


def stand(node: Node, vault: Vault, assets: int, shares: int) -> None:
    """Let the vault hold that much, and that many shares exist, all the user's, who has assets, too."""
    for who, amount in ((vault.address, assets), (USER, 2**128)):
        node.set_storage(vault.asset, _place(who, 0), amount)
    node.set_storage(vault.address, _place(USER, vault.shares_slot), shares)
    node.set_storage(vault.address, SUPPLY, shares)


def gives(node: Node, vault: Vault, amount: int, *, deposit: bool) -> int | None:
    """What the vault would give the user for `amount`, None where it refuses."""
    try:
        return int.from_bytes(node.call(vault.address, _call(amount, deposit), from_=USER), "big")
    except RpcError:
        return None


def trade(node: Node, vault: Vault, amount: int, *, deposit: bool) -> int:
    """What the user gets for `amount` in a real transaction."""
    given = vault.address if deposit else vault.asset
    before = node.erc20_balance(given, USER)
    node.send(USER, vault.address, _call(amount, deposit))
    return node.erc20_balance(given, USER) - before


def _call(amount: int, deposit: bool) -> bytes:
    if deposit:
        return abi.encode_call("deposit(uint256,address)", amount, USER)
    return abi.encode_call("redeem(uint256,address,address)", amount, USER, USER)


def _place(who: str, slot: int) -> int:
    """Where a mapping in `slot` keeps the entry of an account."""
    packed = bytes.fromhex(who[2:]).rjust(32, b"\0") + slot.to_bytes(32, "big")
    return int.from_bytes(keccak(packed), "big")
