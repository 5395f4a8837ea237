"""WBTC and stETH, and Dai on Base, for the pools of the full tier; the treasury owns all there is."""

from __future__ import annotations

from functools import lru_cache

from devnet import own, packages
from devnet.artifacts import Artifact
from devnet.book import AddressBook
from devnet.compiler import compile_files
from devnet.manifest import OPENZEPPELIN
from devnet.place import Placer
from devnet.protocols.tokens import TREASURY
from devnet.settings import ETHER

FOLDER = own.FOLDER / "tokens"
# Name and decimals of the plain ones, by chain.
PLAIN = {1: {"WBTC": ("Wrapped BTC", 8)}, 8453: {"DAI": ("Dai Stablecoin", 18)}}
PLAIN_SUPPLY = 10**9
STETH_SUPPLY = 10**7 * ETHER
# Not a round price of a share, as on the real chain: transfers then lose a wei now and then.
STETH_SHARES = STETH_SUPPLY * 100_003 // 120_011


@lru_cache(maxsize=1)
def code() -> dict[str, Artifact]:
    """The contracts of `devnet/contracts/tokens`, by name. Raises CompileError."""
    return compile_files(
        sorted(path.name for path in FOLDER.glob("*.sol")),
        base_path=FOLDER,
        version="0.8.28",
        settings=own.SETTINGS,
        remappings={"@openzeppelin/contracts/": packages.root(OPENZEPPELIN)},
    )


def build(place: Placer, book: AddressBook) -> None:
    """Deploy the book's further tokens."""
    types = "(string,string,uint8,uint256)"
    for symbol, (name, decimals) in PLAIN[book.chain_id].items():
        terms = (name, symbol, decimals, PLAIN_SUPPLY * 10**decimals)
        place.construct_at(book.tokens[symbol], code()["PlainToken"], types, *terms, sender=TREASURY)
    if "STETH" in book.tokens:
        shares, staked = (STETH_SUPPLY, STETH_SHARES), code()["StakedEtherLike"]
        place.construct_at(book.tokens["STETH"], staked, "(uint256,uint256)", *shares, sender=TREASURY)
