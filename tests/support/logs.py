"""What a local node wrote into its log, as the core takes it."""

from __future__ import annotations

from devnet import Node
from executor.domain.address import Address, to_address
from executor.domain.log import Log


def logs_since(node: Node, block: int, addresses: tuple[Address, ...]) -> list[Log]:
    """What these contracts wrote after `block`, in order."""
    wanted = {"fromBlock": hex(block + 1), "toBlock": "latest", "address": list(addresses)}
    return [
        Log(
            to_address(entry["address"]),
            tuple(bytes.fromhex(topic[2:]) for topic in entry["topics"]),
            bytes.fromhex(entry["data"][2:]),
            int(entry["blockNumber"], 16),
            entry["blockHash"],
            int(entry["logIndex"], 16),
        )
        for entry in node.rpc("eth_getLogs", wanted)
    ]
