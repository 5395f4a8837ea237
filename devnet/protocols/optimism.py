"""The OP stack's fee predeploys: what a rollup charges for data on its parent chain.

The oracle is the one of the Fjord upgrade, which knows no operator fee. A local node does not take the data
fee from the sender; the predeploys only answer what it would be.
"""

from __future__ import annotations

import struct

from devnet import abi, artifacts
from devnet.addresses import AddressBook
from devnet.manifest import OPTIMISM
from devnet.place import Placer
from devnet.settings import GWEI

DEPOSITOR = "0xDeaDDEaDDeAdDeAdDEAdDEaddeAddEAdDEAd0001"
BASE_FEE_SCALAR = 2_269
BLOB_BASE_FEE_SCALAR = 1_055_762
PARENT_BASE_FEE = 2 * GWEI
PARENT_BLOB_BASE_FEE = GWEI
PARENT_NUMBER = 22_700_000


def build(place: Placer, book: AddressBook) -> None:
    """Put both predeploys in place and give them a parent block with ordinary fees."""
    oracle, l1_block = book.contracts["gas_price_oracle"], book.contracts["l1_block"]
    for address, name in ((oracle, "GasPriceOracle"), (l1_block, "L1Block")):
        place.construct_at(address, artifacts.load(OPTIMISM, f"forge-artifacts/{name}.sol/{name}.json"))
    timestamp = int(place.node.block()["timestamp"], 16)
    fields = (BASE_FEE_SCALAR, BLOB_BASE_FEE_SCALAR, 0, timestamp, PARENT_NUMBER)
    fees = PARENT_BASE_FEE.to_bytes(32, "big") + PARENT_BLOB_BASE_FEE.to_bytes(32, "big")
    packed = struct.pack(">IIQQQ", *fields) + fees + bytes(64)
    place.send(DEPOSITOR, l1_block, abi.selector("setL1BlockValuesEcotone()") + packed)
    place.call(DEPOSITOR, oracle, "setEcotone()")
    place.call(DEPOSITOR, oracle, "setFjord()")
