"""`eth_call`, alone and in batches, with reverts told apart from a node that does not answer."""

from collections.abc import Callable, Sequence

from executor.chain.blocks import Block, block_param, refuses_block_hash
from executor.chain.quantities import hex_data, to_data
from executor.chain.rpc import NodeRefusedError, Rpc
from executor.domain.address import Address
from executor.domain.call import EthCall
from executor.domain.errors import RevertError

RevertDecoder = Callable[[bytes], tuple[str, dict[str, object]]]
"""Revert bytes to the error's name and arguments."""

_REVERTED = 3
_VM_ERROR = -32015
_HALTED = (
    "revert",
    "invalid opcode",
    "invalid jump",
    "out of gas",
    "stack underflow",
    "stack limit",
    "evm error",
    "vm execution error",
    "gas uint64 overflow",
    "write protection",
    "state modification",
    "execution failed",
)


def reverted(refusal: NodeRefusedError) -> bool:
    """True if the node ran the call and the call failed, in any client's words."""
    message = refusal.rpc_message.lower()
    return refusal.rpc_code in (_REVERTED, _VM_ERROR) or any(words in message for words in _HALTED)


def revert_bytes(refusal: NodeRefusedError) -> bytes:
    """What the call reverted with; empty where the node does not say. Nethermind writes "Reverted 0x..." into
    `data`.
    """
    data = refusal.rpc_data
    if isinstance(data, dict):
        data = data.get("data", data.get("result"))
    if isinstance(data, str) and "0x" in data:
        try:
            return bytes.fromhex(data[data.index("0x") + 2 :])
        except ValueError:
            return b""
    return b""


def revert_error(refusal: NodeRefusedError, decode: RevertDecoder | None) -> RevertError:
    """The refusal as a RevertError with the decoded reason: facts `error`, `args`, `data`."""
    data = revert_bytes(refusal)
    name, args = decode(data) if decode and data else ("", {})
    told = name or (to_data(data) if data else refusal.rpc_message)
    detail = ", ".join(f"{key}={value}" for key, value in args.items())
    return RevertError(
        f"The call reverted: {told}" + (f"({detail})" if detail else "") + ".",
        fix="see the reason; nothing was sent",
        error=name or None,
        args=args,
        data=to_data(data),
    )


async def call(
    rpc: Rpc,
    *,
    to: Address,
    calldata: bytes,
    block: Block = "latest",
    sender: Address | None = None,
    decode: RevertDecoder | None = None,
) -> bytes:
    """What `calldata` sent to `to` would return in the state of `block`. Raises RevertError, NodeError."""
    request = {"to": to, "data": to_data(calldata)} | ({"from": sender} if sender else {})
    answer = (await _batch_at(rpc, [request], block))[0]
    if isinstance(answer, NodeRefusedError):
        raise revert_error(answer, decode) if reverted(answer) else answer
    return hex_data(answer, "eth_call")


async def code_at(rpc: Rpc, address: Address, block: Block = "latest") -> bytes:
    """The code at `address` at `block`; empty where there is none. Raises NodeError."""
    param = block_param(rpc, block)
    answer = (await rpc.batch([("eth_getCode", (address, param))]))[0]
    if refuses_block_hash(rpc, param, answer):
        return await code_at(rpc, address, block)
    if isinstance(answer, NodeRefusedError):
        raise answer
    return hex_data(answer, "eth_getCode")


async def call_many(rpc: Rpc, calls: Sequence[EthCall], block: Block = "latest") -> tuple[bytes | None, ...]:
    """The answers to many calls in the state of one block, None for one that reverted or found no code.
    Raises NodeError.
    """
    requests = [{"to": item.to, "data": to_data(item.data)} for item in calls]
    return tuple(_answer(answer) for answer in await _batch_at(rpc, requests, block))


async def _batch_at(rpc: Rpc, requests: Sequence[dict[str, str]], block: Block) -> list[object]:
    param = block_param(rpc, block)
    answers = await rpc.batch([("eth_call", (request, param)) for request in requests])
    if any(refuses_block_hash(rpc, param, answer) for answer in answers):
        return await _batch_at(rpc, requests, block)
    return answers


def _answer(answer: object) -> bytes | None:
    if isinstance(answer, NodeRefusedError):
        if reverted(answer):
            return None
        raise answer
    return hex_data(answer, "eth_call") or None
