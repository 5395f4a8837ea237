"""What Arbitrum takes of a transaction's gas for its data: the node's estimate contains it, the gas that a
simulation counts may not.
"""

from executor.chain.blocks import Block, block_param
from executor.chain.quantities import hex_data, to_data
from executor.chain.rpc import NodeRefusedError, Rpc
from executor.domain.abi import decoded_int, eth_call
from executor.domain.address import Address

NODE_INTERFACE = Address("0x00000000000000000000000000000000000000C8")
"""Nitro's NodeInterface: nothing on the chain, every Nitro node answers for it."""

MARGIN_BPS = 11_000
"""The price of data may rise until the transaction is in a block: a tenth more, as Nitro's own estimate."""


async def l1_gas(rpc: Rpc, *, to: Address, calldata: bytes, block: Block) -> int | None:
    """Gas that a call's data take in the state of `block`, with its margin. 0 on a node that is no Nitro node
    (a development node charges nothing for data), None where a Nitro node does not say.

    Raises NodeError when no sensible answer comes.
    """
    asked = eth_call(NODE_INTERFACE, "gasEstimateL1Component(address,bool,bytes)", to, False, calldata)
    request = {"to": asked.to, "data": to_data(asked.data)}
    answer = (await rpc.batch([("eth_call", (request, block_param(rpc, block)))]))[0]
    if isinstance(answer, NodeRefusedError):
        return None
    told = hex_data(answer, "eth_call")
    if not told:
        return 0
    gas = decoded_int(told, "uint64")
    return None if gas is None else -(-gas * MARGIN_BPS // 10_000)
