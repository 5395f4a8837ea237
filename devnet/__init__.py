"""The local mainnet: real protocol bytecode at its real addresses on nodes of this machine."""

from devnet.addresses import ETHEREUM
from devnet.addresses_base import BASE
from devnet.book import AddressBook, PoolRecord
from devnet.errors import DevnetError
from devnet.node import Node
from devnet.settings import ETHER, GWEI, DevAccount

__all__ = [
    "BASE",
    "ETHER",
    "ETHEREUM",
    "GWEI",
    "AddressBook",
    "DevAccount",
    "DevnetError",
    "Node",
    "PoolRecord",
]
