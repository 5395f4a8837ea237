"""Naming a block to a node: by hash where the node takes it, so that a reorganisation cannot mix two
states.
"""

from executor.chain.quantities import to_quantity
from executor.chain.rpc import NodeRefusedError, Rpc
from executor.domain.market import BlockHead

Block = BlockHead | int | str
"""A head that was read, a number, or a tag ("latest")."""

_INVALID_PARAMS = -32602


def block_param(rpc: Rpc, block: Block) -> object:
    """`block` as a JSON-RPC parameter."""
    if isinstance(block, BlockHead):
        return {"blockHash": block.hash} if rpc.takes_block_hash else to_quantity(block.number)
    return to_quantity(block) if isinstance(block, int) else block


def refuses_block_hash(rpc: Rpc, param: object, answer: object) -> bool:
    """True if the node did not understand that `param` names a block by its hash; from now on it is told
    numbers.
    """
    if not isinstance(param, dict) or not isinstance(answer, NodeRefusedError):
        return False
    if answer.rpc_code != _INVALID_PARAMS and "unmarshal" not in answer.rpc_message.lower():
        return False
    rpc.takes_block_hash = False
    return True
