"""ERC-3156 lenders apart from the token that they lend: one in Maker's place, and one that takes a fee."""

from __future__ import annotations

from functools import lru_cache

from devnet import deal, packages
from devnet.artifacts import Artifact
from devnet.book import AddressBook
from devnet.compiler import compile_files
from devnet.liquidity import tokens_for
from devnet.manifest import ERC3156, OPENZEPPELIN
from devnet.place import Placer

LENT_USD = 100_000_000
FEE_BPS = 9
WITH_FEE = ("WETH", "USDC", "DAI")


@lru_cache(maxsize=1)
def code() -> Artifact:
    """The reference lender. Raises CompileError."""
    # The package leaves the token's interface out.
    interface = packages.root(OPENZEPPELIN) / "token" / "ERC20" / "IERC20.sol"
    return compile_files(
        ["contracts/reference/FlashLender.sol"],
        base_path=packages.root(ERC3156),
        version="0.8.28",
        settings={"optimizer": {"enabled": True, "runs": 200}, "evmVersion": "cancun"},
        remappings={"contracts/interfaces/IERC20.sol": interface},
    )["FlashLender"]


def build(place: Placer, book: AddressBook) -> None:
    """Deploy both lenders and give them money to lend."""
    _lender(place, book, "maker_dss_flash", ("DAI",), 0)
    _lender(place, book, "erc3156_lender_with_fee", WITH_FEE, FEE_BPS)


def _lender(place: Placer, book: AddressBook, name: str, symbols: tuple[str, ...], fee_bps: int) -> None:
    tokens = [book.tokens[symbol] for symbol in symbols]
    lender = place.construct_at(book.contracts[name], code(), "(address[],uint256)", tokens, fee_bps)
    for token in tokens:
        deal.set_balance(place.node, token, lender, tokens_for(book, token, LENT_USD))
