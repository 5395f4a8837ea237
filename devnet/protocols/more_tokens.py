"""WBTC and stETH for the pools of the full tier that hold them, with the treasury owning all there is."""

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
WBTC_SUPPLY = 10**6 * 10**8
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
    plain, staked = code()["PlainToken"], code()["StakedEtherLike"]
    btc = ("Wrapped BTC", "WBTC", 8, WBTC_SUPPLY)
    place.construct_at(book.tokens["WBTC"], plain, "(string,string,uint8,uint256)", *btc, sender=TREASURY)
    shares = (STETH_SUPPLY, STETH_SHARES)
    place.construct_at(book.tokens["STETH"], staked, "(uint256,uint256)", *shares, sender=TREASURY)
