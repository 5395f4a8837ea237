"""Chainlink price feeds: the real proxy at each feed's address, over an aggregator that takes any price."""

from __future__ import annotations

from devnet import own
from devnet.addresses import NATIVE, AddressBook
from devnet.liquidity import PRICES_USD
from devnet.place import Placer

FEED_DECIMALS = 8


def build(place: Placer, book: AddressBook) -> None:
    """Deploy the book's feeds, each answering the common price with 8 decimals."""
    code = own.chainlink()
    for name, address in book.feeds.items():
        price = PRICES_USD[name.partition("/")[0]] * 10**FEED_DECIMALS
        aggregator = place.deploy(code["MockV3Aggregator"], "(uint8,int256)", FEED_DECIMALS, price)
        place.construct_at(address, code["EACAggregatorProxy"], "(address,address)", aggregator, NATIVE)
