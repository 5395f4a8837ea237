"""Which network is this? An old block's hash tells it.

A chain id does not, since every fork of Ethereum has chain id 1.
"""

from dataclasses import dataclass

from executor.chain.network import Network
from executor.chain.quantities import quantity, to_quantity
from executor.chain.rpc import Rpc
from executor.domain.errors import JournalError, NodeError

DEPTH = 64
"""Blocks below the head: deeper than any reorganisation that a chain in use has."""


@dataclass(frozen=True, slots=True)
class Anchor:
    """The block that a journal is tied to."""

    chain_id: int
    number: int
    hash: str
    is_local: bool


async def choose_anchor(rpc: Rpc, network: Network) -> Anchor:
    """An old block of the node's network: `DEPTH` below the head, or the nearest younger one that the node
    has.

    A local node's own head is taken: nothing reorganises it, and two nodes started from one dump or fork
    share all older blocks.
    """
    head = quantity(await rpc.call("eth_blockNumber"), "eth_blockNumber")
    depth = 0 if network.is_local else min(DEPTH, head)
    while True:
        found = await block_hash(rpc, head - depth)
        if found is not None:
            return Anchor(network.chain_id, head - depth, found, network.is_local)
        if depth == 0:
            raise NodeError(
                f"{rpc.name} does not give its own head block {head}.",
                fix="use a node that serves recent blocks",
            )
        depth //= 2


async def verify_anchor(rpc: Rpc, network: Network, anchor: Anchor) -> None:
    """Raises JournalError unless the node's network is the one of `anchor`."""
    facts = {"anchor_number": anchor.number, "anchor_hash": anchor.hash, "node": rpc.name}
    fix = "use the node this journal was made with, or give this network a journal folder of its own"
    if network.chain_id != anchor.chain_id:
        raise JournalError(
            f"the journal belongs to chain id {anchor.chain_id}, the node serves {network.chain_id}.",
            fix=fix,
            **facts,
        )
    if network.is_local != anchor.is_local:
        kinds = {True: "a local or forked", False: "a real"}
        raise JournalError(
            f"the journal belongs to {kinds[anchor.is_local]} network, the node serves "
            f"{kinds[network.is_local]} one.",
            fix=fix,
            **facts,
        )
    found = await block_hash(rpc, anchor.number)
    if found != anchor.hash:
        told = "does not have it" if found is None else f"has {found}"
        raise JournalError(
            f"the journal belongs to another network: its block {anchor.number} is {anchor.hash}, the node "
            f"{told}.",
            fix=fix,
            **facts,
        )


async def block_hash(rpc: Rpc, number: int) -> str | None:
    """The hash of block `number`, or None when the node does not have it.

    Raises NodeError on a senseless answer.
    """
    block = await rpc.call("eth_getBlockByNumber", to_quantity(number), False)
    if block is None:
        return None
    found = block.get("hash") if isinstance(block, dict) else None
    if not isinstance(found, str) or len(found) != 66:
        raise NodeError(
            f"{rpc.name} answered eth_getBlockByNumber with no hash.", fix="use another node", field="hash"
        )
    return found.lower()
