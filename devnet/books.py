"""The address book of each chain."""

from __future__ import annotations

from devnet.addresses import ETHEREUM
from devnet.addresses_base import BASE
from devnet.book import AddressBook
from devnet.node import Node

BOOKS: dict[str, AddressBook] = {"ethereum": ETHEREUM, "base": BASE}


def book_of(node: Node) -> AddressBook:
    """The book of the chain that a node runs, forks included. Raises KeyError for a chain without one."""
    for book in BOOKS.values():
        if book.chain_id == node.chain_id:
            return book
    raise KeyError(node.chain_id)
