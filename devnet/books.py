"""The address book of each chain, for both tiers."""

from __future__ import annotations

from devnet.addresses import ETHEREUM
from devnet.addresses_base import BASE
from devnet.addresses_full import BASE_FULL, ETHEREUM_FULL
from devnet.book import AddressBook
from devnet.chains import Tier
from devnet.node import Node

BOOKS: dict[str, AddressBook] = {"ethereum": ETHEREUM, "base": BASE}
FULL_BOOKS: dict[str, AddressBook] = {"ethereum": ETHEREUM_FULL, "base": BASE_FULL}
BOOKS_OF_TIER: dict[Tier, dict[str, AddressBook]] = {"lean": BOOKS, "full": FULL_BOOKS}


def book_of(node: Node) -> AddressBook:
    """The book of the chain and tier that a node runs, forks included.

    Raises KeyError for a chain without one.
    """
    for chain, book in BOOKS.items():
        if book.chain_id == node.chain_id:
            full = FULL_BOOKS[chain]
            landmark = next(address for name, address in full.contracts.items() if name not in book.contracts)
            return full if node.code(landmark) else book
    raise KeyError(node.chain_id)
