"""The local mainnet: real protocol bytecode at its real addresses on nodes of this machine."""

from devnet.addresses import ETHEREUM, AddressBook, PoolRecord
from devnet.errors import DevnetError
from devnet.node import ETHER, GWEI, DevAccount, Node

__all__ = ["ETHER", "ETHEREUM", "GWEI", "AddressBook", "DevAccount", "DevnetError", "Node", "PoolRecord"]
