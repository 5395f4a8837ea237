"""What the full tier adds to each chain's address book.

Addresses are those of the real chains where the contract exists there.
"""

from __future__ import annotations

from devnet.addresses import ETHEREUM
from devnet.addresses_base import BASE

MORPHO_BLUE = "0xBBBBBbbBBb9cC5e90e3b3Af64bdAF62C37EEFFCb"

ETHEREUM_FULL = ETHEREUM.extended(
    contracts={
        "morpho_blue": MORPHO_BLUE,
    },
)

BASE_FULL = BASE.extended(
    contracts={
        "morpho_blue": MORPHO_BLUE,
    },
)
