"""Asks a node what the very calldata that would be sent does, and how much gas that takes."""

import asyncio

from eth_abi.exceptions import DecodingError

from executor.chain.blocks import block_param, refuses_block_hash
from executor.chain.calls import RevertDecoder, call, revert_error, reverted
from executor.chain.quantities import answer_error, quantity, to_data
from executor.chain.rpc import NodeRefusedError, Rpc
from executor.domain.abi import CODEC
from executor.domain.address import Address
from executor.domain.decision import Simulation
from executor.domain.market import BlockHead
from executor.policy.fees import gas_limit


async def simulate(
    rpc: Rpc,
    *,
    sender: Address,
    to: Address,
    calldata: bytes,
    block: BlockHead,
    gas_limit_multiplier_bps: int,
    decode: RevertDecoder | None = None,
) -> Simulation:
    """`calldata` from `sender` to the router `to` on top of `block`, both as `eth_call` and as
    `eth_estimateGas`.

    The call must return one uint256, the profit in the settlement token's smallest unit. Raises RevertError
    with the decoded reason, NodeError, or GasLimitError when no transaction may use that much gas.
    """
    # Both to their end, so that no request outlives the one who asked; of two failures the call's says more.
    returned, gas = await asyncio.gather(
        call(rpc, to=to, calldata=calldata, block=block, sender=sender, decode=decode),
        estimate_gas(rpc, sender=sender, to=to, calldata=calldata, block=block, decode=decode),
        return_exceptions=True,
    )
    if isinstance(returned, BaseException):
        raise returned
    if isinstance(gas, BaseException):
        raise gas
    try:
        (profit,) = CODEC.decode(["uint256"], returned)
    except DecodingError:
        raise answer_error(
            "eth_call", "is not the profit that a router returns (is there a router at that address?)"
        ) from None
    limit = gas_limit(gas, gas_limit_multiplier_bps, block_gas_limit=block.gas_limit, calldata=calldata)
    return Simulation(block_number=block.number, profit=profit, gas_used=gas, gas_limit=limit)


async def estimate_gas(
    rpc: Rpc,
    *,
    sender: Address,
    to: Address,
    calldata: bytes,
    block: BlockHead,
    decode: RevertDecoder | None = None,
) -> int:
    """The least gas limit with which the call succeeds in the state of `block`. Raises RevertError,
    NodeError.
    """
    request = {"from": sender, "to": to, "data": to_data(calldata)}
    param = block_param(rpc, block)
    answer = (await rpc.batch([("eth_estimateGas", (request, param))]))[0]
    if refuses_block_hash(rpc, param, answer):
        return await estimate_gas(rpc, sender=sender, to=to, calldata=calldata, block=block, decode=decode)
    if isinstance(answer, NodeRefusedError):
        raise revert_error(answer, decode) if reverted(answer) else answer
    return quantity(answer, "eth_estimateGas")
