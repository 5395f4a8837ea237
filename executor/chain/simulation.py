"""Asks a node what the very calldata that would be sent does, and how much gas that takes."""

import asyncio
from dataclasses import dataclass

from eth_abi.exceptions import DecodingError

from executor.chain.arbitrum import l1_gas
from executor.chain.blocks import Block, block_param, refuses_block_hash
from executor.chain.calls import RevertDecoder, call, revert_error, reverted
from executor.chain.quantities import answer_error, hex_data, member, quantity, to_data, to_quantity
from executor.chain.rpc import NodeRefusedError, Rpc
from executor.domain.abi import CODEC
from executor.domain.address import Address
from executor.domain.decision import Simulation
from executor.domain.errors import NodeError, RevertError
from executor.domain.fee_rules import OSAKA, DataFee, GasRules
from executor.domain.market import BlockHead
from executor.plan.simulated import SimulatedPlan, decode_simulated, simulation_of
from executor.policy.fees import calldata_floor, gas_limit

_NO_SUCH_METHOD = -32601


async def simulate(
    rpc: Rpc,
    *,
    sender: Address,
    to: Address,
    calldata: bytes,
    block: BlockHead,
    gas_limit_multiplier_bps: int,
    rules: GasRules = OSAKA,
    data_fee: DataFee = DataFee.NONE,
    decode: RevertDecoder | None = None,
) -> Simulation:
    """`calldata` from `sender` to the router `to` on top of `block`: as `eth_call` for the profit, as
    `eth_estimateGas` for the gas limit, as `eth_simulateV1` for the gas used.

    The estimate is the least limit that works, which is above the gas used wherever storage is refunded. It
    stands in for the gas used on a node without `eth_simulateV1`, or whose answer there is not the call's.
    Where data are charged as gas (Arbitrum) their part is added, up to the estimate, which contains it.
    The call must return one uint256, the profit in the settlement token's smallest unit. Raises RevertError
    with the decoded reason, NodeError, or GasLimitError when no transaction may use that much gas.
    """
    # All to their end, so that no request outlives the one who asked; of the failures the call's says most.
    returned, estimate, trace, data_gas = await asyncio.gather(
        call(rpc, to=to, calldata=calldata, block=block, sender=sender, decode=decode),
        estimate_gas(rpc, sender=sender, to=to, calldata=calldata, block=block, decode=decode),
        _next_block(rpc, sender=sender, to=to, calldata=calldata, block=block),
        _data_gas(rpc, data_fee, to=to, calldata=calldata, block=block),
        return_exceptions=True,
    )
    if isinstance(returned, BaseException):
        raise returned
    if isinstance(estimate, BaseException):
        raise estimate
    if isinstance(trace, BaseException):
        raise trace
    if isinstance(data_gas, BaseException):
        raise data_gas
    try:
        (profit,) = CODEC.decode(["uint256"], returned)
    except DecodingError:
        raise answer_error(
            "eth_call", "is not the profit that a router returns (is there a router at that address?)"
        ) from None
    used = estimate
    if trace is not None and trace.returned == returned and data_gas is not None:
        used = max(
            min(trace.gas_used + data_gas, max(estimate, trace.gas_used)), calldata_floor(calldata, rules)
        )
    needed = max(estimate, used)
    limit = gas_limit(
        needed, gas_limit_multiplier_bps, block_gas_limit=block.gas_limit, calldata=calldata, rules=rules
    )
    return Simulation(block_number=block.number, profit=profit, gas_used=used, gas_limit=limit)


async def rehearse(
    rpc: Rpc,
    *,
    sender: Address,
    to: Address,
    calldata: bytes,
    block: Block = "latest",
    decode: RevertDecoder | None = None,
) -> SimulatedPlan:
    """What each step of a plan gives and takes, and profit and tip: the router's own `simulate` of the plan
    that `calldata` would execute, in the state of `block`.

    For looking into a plan: `simulate` asks about the very bytes that are sent. A simulation always reverts,
    with its result or as the plan would. Raises RevertError with the plan's reason, NodeError, PlanError when
    `calldata` is no plan.
    """
    try:
        await call(rpc, to=to, calldata=simulation_of(calldata), block=block, sender=sender, decode=decode)
    except RevertError as reverts:
        result = decode_simulated(bytes.fromhex(str(reverts.facts["data"]).removeprefix("0x")))
        if result is None:
            raise
        return result
    raise answer_error("eth_call", "is no simulation's (is there a router at that address?)")


async def _data_gas(rpc: Rpc, kind: DataFee, *, to: Address, calldata: bytes, block: BlockHead) -> int | None:
    """Gas for data that the simulation of the next block leaves out; None where it is not known."""
    if kind is not DataFee.ARBITRUM:
        return 0
    return await l1_gas(rpc, to=to, calldata=calldata, block=block)


@dataclass(frozen=True, slots=True)
class _Trace:
    """What a call returns and uses in the block after the one that was read."""

    returned: bytes
    gas_used: int


async def _next_block(
    rpc: Rpc, *, sender: Address, to: Address, calldata: bytes, block: BlockHead
) -> _Trace | None:
    """The call run as a transaction of the block after `block`; None where the node cannot say."""
    if not rpc.knows_simulate:
        return None
    following = {"number": to_quantity(block.number + 1), "time": to_quantity(block.timestamp + 1)}
    request = {"from": sender, "to": to, "data": to_data(calldata)}
    blocks = {"blockStateCalls": [{"blockOverrides": following, "calls": [request]}]}
    param = block_param(rpc, block)
    try:
        return _trace(await rpc.call("eth_simulateV1", blocks, param))
    except NodeRefusedError as refusal:
        rpc.knows_simulate = refusal.rpc_code != _NO_SUCH_METHOD
        return None
    except NodeError:
        # The estimate stands in: it is never less than what is used.
        return None


def _trace(answer: object) -> _Trace | None:
    """The one call of the one block in an answer to eth_simulateV1; None when it failed."""
    simulated = member(_only(answer, "eth_simulateV1"), "calls", "eth_simulateV1")
    done = _only(simulated, "eth_simulateV1.calls")
    if quantity(member(done, "status", "eth_simulateV1.calls[0]"), "eth_simulateV1.status") != 1:
        return None
    return _Trace(
        hex_data(member(done, "returnData", "eth_simulateV1.calls[0]"), "eth_simulateV1.returnData"),
        quantity(member(done, "gasUsed", "eth_simulateV1.calls[0]"), "eth_simulateV1.gasUsed"),
    )


def _only(answer: object, field: str) -> object:
    if not isinstance(answer, list) or len(answer) != 1:
        raise answer_error(field, "is not a list of one")
    return answer[0]


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
