"""The local mainnet: real protocol bytecode at its real addresses on nodes of this machine.

Two tiers of each chain. `Node.load("ethereum")` is lean: quick to build even the first time, what the demo
and most tests run on. `Node.load("ethereum", tier="full")` is that chain with the protocols whose code
takes long to compile or which only some tests need; its book is `ETHEREUM_FULL`. Both are built once and
kept in the per-user cache. A protocol is one module in `devnet/protocols`, a line in `build.py`, a package
in `manifest.py` and its addresses in a book.
"""

from devnet.addresses import ETHEREUM
from devnet.addresses_base import BASE
from devnet.addresses_full import BASE_FULL, ETHEREUM_FULL
from devnet.book import AddressBook, PoolRecord
from devnet.errors import DevnetError
from devnet.node import Node
from devnet.settings import ETHER, GWEI, DevAccount

__all__ = [
    "BASE",
    "BASE_FULL",
    "ETHER",
    "ETHEREUM",
    "ETHEREUM_FULL",
    "GWEI",
    "AddressBook",
    "DevAccount",
    "DevnetError",
    "Node",
    "PoolRecord",
]
