"""ERC-4626 vaults that have earned, and pools that trade their shares."""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache
from pathlib import Path

from devnet import packages
from devnet.artifacts import Artifact
from devnet.book import AddressBook
from devnet.compiler import compile_files
from devnet.liquidity import PRICES_USD, tokens_for
from devnet.manifest import OPENZEPPELIN
from devnet.place import Placer
from devnet.protocols import uniswap_v2, uniswap_v3
from devnet.protocols.tokens import TREASURY

CONTRACTS = Path(__file__).resolve().parent.parent / "contracts" / "vaults"
DEPOSITED_USD = 500_000_000
# By the symbol of the shares: the token, the vault's name, how many decimals finer a share is.
VAULTS = {"sDAI": ("DAI", "Savings Dai", 0), "steakUSDC": ("USDC", "Steakhouse USDC", 12)}


@lru_cache(maxsize=1)
def code() -> dict[str, Artifact]:
    """The vault and the contract that names the worth of its shares, by name. Raises CompileError."""
    return compile_files(
        ["SavingsVault.sol", "VaultRate.sol"],
        base_path=CONTRACTS,
        version="0.8.28",
        settings={"optimizer": {"enabled": True, "runs": 200}, "evmVersion": "cancun"},
        remappings={"@openzeppelin/contracts/": packages.root(OPENZEPPELIN)},
    )


def build(place: Placer, book: AddressBook) -> None:
    """Deploy the vaults, deposit, let them earn until a share has its price, and open the pools."""
    for symbol, (asset, name, offset) in VAULTS.items():
        vault, token = book.tokens[symbol], book.tokens[asset]
        wiring = (token, name, symbol, offset)
        place.construct_at(vault, code()["SavingsVault"], "(address,string,string,uint8)", *wiring)
        amount = tokens_for(book, token, DEPOSITED_USD)
        place.call(TREASURY, token, "approve(address,uint256)", vault, amount)
        place.call(TREASURY, vault, "deposit(uint256,address)", amount, TREASURY)
        earned = int(amount * (Fraction(PRICES_USD[symbol]) / PRICES_USD[asset] - 1))
        place.call(TREASURY, token, "transfer(address,uint256)", vault, earned)
        rate_provider = book.contracts.get(f"{symbol}_rate_provider")
        if rate_provider is not None:
            place.construct_at(rate_provider, code()["VaultRate"], "(address)", vault)
    for pool in book.pools:
        if not {book.tokens[symbol] for symbol in VAULTS}.isdisjoint(pool.tokens):
            if pool.venue == uniswap_v2.VENUE:
                uniswap_v2.open_pair(place, book, pool)
            elif pool.venue == uniswap_v3.VENUE:
                uniswap_v3.open_pool(place, book, book.contracts["uniswap_v3_factory"], pool)
