"""Morpho Blue: the lending contract, with money in one idle market for each token.

An idle market has no collateral, oracle or rate model, so what is supplied to it only ever leaves by flash
loans, which pay out of the contract's whole balance.
"""

from __future__ import annotations

from functools import lru_cache

from devnet import packages
from devnet.artifacts import Artifact
from devnet.book import NATIVE, AddressBook
from devnet.compiler import compile_files
from devnet.liquidity import tokens_for
from devnet.manifest import MORPHO_BLUE
from devnet.place import Placer
from devnet.protocols.tokens import TREASURY
from devnet.roles import account

OWNER = account("morpho owner")
SUPPLIED = ("WETH", "USDC", "DAI")
SUPPLIED_USD = 100_000_000
MARKET = "(address,address,address,address,uint256)"


@lru_cache(maxsize=1)
def code() -> Artifact:
    """The contract as mainnet's was compiled. Raises CompileError."""
    settings = {
        "optimizer": {"enabled": True, "runs": 999_999},
        "viaIR": True,
        "evmVersion": "paris",
        "metadata": {"bytecodeHash": "none"},
    }
    root = packages.root(MORPHO_BLUE)
    return compile_files(["src/Morpho.sol"], base_path=root, version="0.8.19", settings=settings)["Morpho"]


def build(place: Placer, book: AddressBook) -> None:
    """Deploy the contract and supply an idle market of each token."""
    morpho = place.construct_at(book.contracts["morpho_blue"], code(), "(address)", OWNER)
    place.call(OWNER, morpho, "enableIrm(address)", NATIVE)
    place.call(OWNER, morpho, "enableLltv(uint256)", 0)
    for symbol in SUPPLIED:
        if symbol in book.tokens:
            _supply(place, morpho, book.tokens[symbol], tokens_for(book, book.tokens[symbol], SUPPLIED_USD))


def _supply(place: Placer, morpho: str, token: str, amount: int) -> None:
    market = (token, NATIVE, NATIVE, NATIVE, 0)
    place.call(place.deployer, morpho, f"createMarket({MARKET})", market)
    place.call(TREASURY, token, "approve(address,uint256)", morpho, amount)
    signature = f"supply({MARKET},uint256,uint256,address,bytes)"
    place.call(TREASURY, morpho, signature, market, amount, 0, TREASURY, b"")
