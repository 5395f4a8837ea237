"""`simulate` tells what `execute` would do, to the wei, always reverts, and lets nobody but operators in."""

from __future__ import annotations

from dataclasses import replace

import pytest

from devnet import abi
from devnet.compiler import compile_files
from devnet.node import ETHER
from devnet.place import Placer
from executor.domain.address import to_address
from executor.domain.deployment import Part
from executor.domain.route import Funding, SizedRoute
from executor.plan import Tip, decode, encode
from executor.plan.encoding import encode_steps
from executor.plan.format import Recipient
from executor.plan.simulated import SIMULATE, decode_simulated, simulation_of
from executor.plan.steps import Step, Track
from tests.attacks.callbacks import SWAPS, calls
from tests.contracts.evil_pool import TRICKS, set_trick, swap_on
from tests.contracts.schemes import Deed, place, plan_of, scheme, v2_through, v3_through
from tests.contracts.test_execution import ROUTES, open_gap, sized
from tests.support.routers import FOREVER, OPERATOR, OWNER, STRANGER, Desk, Reverted

FUNDINGS = (Funding.INVENTORY, Funding.CALLBACK_CHAIN, Funding.AAVE_V3, Funding.BALANCER_V2)
RECEIVER = to_address("0x" + "5e" * 20)
OUTSIDE_STEPS = 30_000
"""More gas than a plan takes besides its steps: the transaction itself, its calldata, lock, balances."""


def earning(desk: Desk, shape: str, funding: Funding) -> SizedRoute:
    """A route that earns."""
    route = desk.route("WETH", *ROUTES[shape])
    open_gap(desk, route)
    return sized(desk, route, 5 * ETHER, funding)


def calldata_of(plan: SizedRoute, tip: Tip | None = None) -> bytes:
    """The calldata that asks for half of what the route gives."""
    half = plan.gross_profit // 2
    return encode(
        plan,
        settlement_index=0,
        minimum_profit=half,
        deadline=FOREVER,
        tip=tip,
        wrapped_native=plan.route.settlement.address,
    )


def earning_plan(desk: Desk, shape: str, funding: Funding, tip: Tip | None = None) -> bytes:
    """The calldata of a route that earns."""
    return calldata_of(earning(desk, shape, funding), tip)


def in_plan_order(steps: tuple[Step, ...]) -> list[Step]:
    """The steps and those inside them, as they stand in the plan's bytes."""
    found: list[Step] = []
    for step in steps:
        inside = getattr(step, "continuation", ()) or getattr(step, "steps", ())
        found += [step, *in_plan_order(inside)]
    return found


@pytest.mark.parametrize("funding", FUNDINGS)
@pytest.mark.parametrize("shape", ["v2_v2", "v2_v3", "v3_v2_v3", "v2_v3_v2_v3"])
def test_the_simulated_profit_is_what_the_same_plan_then_earns(
    desk: Desk, shape: str, funding: Funding
) -> None:
    calldata = earning_plan(desk, shape, funding)
    result = desk.rehearse(calldata)
    before = desk.balance("WETH")
    desk.execute(calldata)
    assert (result.profit, result.tip) == (desk.balance("WETH") - before, 0)


@pytest.mark.parametrize("tip", [Tip(share_bps=2_500, receiver=RECEIVER), Tip(fixed=7, receiver=RECEIVER)])
def test_profit_and_tip_are_simulated_to_the_wei(desk: Desk, tip: Tip) -> None:
    calldata = earning_plan(desk, "v2_v3", Funding.CALLBACK_CHAIN, tip)
    result = desk.rehearse(calldata)
    before = desk.balance("WETH")
    desk.execute(calldata)
    assert result.tip == desk.node.balance(RECEIVER) > 0
    assert result.profit == desk.balance("WETH") - before > 0


@pytest.mark.parametrize("funding", FUNDINGS)
@pytest.mark.parametrize("shape", ["v2_v2", "v2_v3", "v3_v3", "v2_v3_v2_v3"])
def test_each_step_is_told_in_the_plans_order_with_its_output_and_its_own_gas(
    desk: Desk, shape: str, funding: Funding
) -> None:
    route = earning(desk, shape, funding)
    calldata = calldata_of(route)
    # Pools write their oracles once a second: at the time of the last trade a call would take less.
    desk.node.mine(timestamp=int(desk.node.block()["timestamp"], 16) + 12)
    result = desk.rehearse(calldata)
    steps = in_plan_order(decode(calldata).steps)
    assert [hop.opcode for hop in result.hops] == [encode_steps((step,))[0] for step in steps]
    assert {hop.output for hop in result.hops} >= set(route.amounts[1:])
    told = sum(hop.gas_used for hop in result.hops)
    used = int(desk.execute(calldata)["gasUsed"], 16)
    # Each step is rehearsed by itself, without the short cut that a run takes over plain hops.
    assert told < used * 1.002
    assert used < told + OUTSIDE_STEPS


@pytest.mark.parametrize("trick", TRICKS)
def test_a_plan_that_fails_is_refused_with_the_reason_that_execute_gives(desk: Desk, trick: str) -> None:
    number, error = TRICKS[trick]
    pool = place(desk, "EvilPool")
    set_trick(desk, pool, number)
    reasons = []
    for attempt in (desk.simulate, desk.rehearse):
        with pytest.raises(Reverted) as refused:
            attempt(swap_on(pool))
        reasons.append(refused.value.data)
    assert refused.value.reason.name == error
    assert reasons[0] == reasons[1]


@pytest.mark.parametrize("missing", [1, 20])
def test_a_plan_whose_last_bytes_are_missing_is_refused_with_how_many_execute_would_miss(
    desk: Desk, missing: int
) -> None:
    """They name the receiver: read as zeros, they would burn what the pool gives."""
    pool = place(desk, "Schemer")
    hop = replace(v2_through(pool, ETHER), recipient=Recipient.EXPLICIT, to=RECEIVER)
    whole = plan_of(hop)
    reasons = []
    for attempt in (desk.simulate, desk.rehearse):
        with pytest.raises(Reverted) as refused:
            attempt(whole[:-missing])
        reasons.append(refused.value.data)
    found = refused.value.reason
    assert found.name == "PlanTruncated"
    assert found.args == {"needed": len(whole), "available": len(whole) - missing}
    assert reasons[0] == reasons[1]


def test_a_simulation_in_the_same_transaction_leaves_nothing_behind(desk: Desk) -> None:
    """The operator is a contract, so that simulation and execution share their transient storage."""
    contract = compile_files(["tests/contracts/solidity/Operators.sol"])["PatientOperator"]
    patient = Placer(desk.node).deploy(contract)
    desk.send(OWNER, "allowOperator(address,bool)", patient, True)
    calldata = earning_plan(desk, "v2_v3", Funding.CALLBACK_CHAIN)
    expected = desk.rehearse(calldata)
    before = desk.balance("WETH")
    rehearsal = simulation_of(calldata)
    swap = calls(desk, ETHER, desk.router)[SWAPS[0]]
    made = [rehearsal, calldata, rehearsal, swap]
    call = abi.encode_call("callAll(address,bytes[])", desk.router, made)
    receipt = desk.node.send(STRANGER, patient, call, gas=5_000_000)
    topic = abi.topic("Answered(bool,bytes)")
    logs = [log for log in receipt["logs"] if log["topics"][0] == topic]
    answers = [abi.decode("(bool,bytes)", bytes.fromhex(log["data"][2:])) for log in logs]
    (first, executed, second, callback) = answers
    assert [ok for ok, _ in answers] == [False, True, False, False]
    told = decode_simulated(first[1])
    assert told is not None
    assert told.profit == expected.profit == int.from_bytes(executed[1], "big")
    assert desk.balance("WETH") - before == told.profit
    afterwards = decode_simulated(second[1])
    assert afterwards is not None
    assert [hop.opcode for hop in afterwards.hops] == [hop.opcode for hop in told.hops]
    assert afterwards.profit < told.profit
    assert callback[1][:4] == abi.selector("CallbackNotRegistered(address,bytes4)")


def test_a_mined_simulation_changes_nothing(desk: Desk) -> None:
    calldata = earning_plan(desk, "v2_v2", Funding.INVENTORY)
    before = desk.rehearse(calldata)
    desk.node.set_balance(OPERATOR, ETHER)
    request = {"from": OPERATOR, "to": desk.router, "data": f"0x{simulation_of(calldata).hex()}"}
    hash_ = desk.node.rpc("eth_sendTransaction", {**request, "gas": "0x2dc6c0"})
    desk.node.mine()
    assert desk.node.rpc("eth_getTransactionReceipt", hash_)["status"] == "0x0"
    assert desk.rehearse(calldata).profit == before.profit


def refused_with(desk: Desk, signature: str, data: bytes, *, sender: str, to: str | None = None) -> bool:
    """Whether the call reverts with the error of that signature."""
    with pytest.raises(Reverted) as refused:
        desk.call(data, sender=sender, to=to)
    return refused.value.data[:4] == abi.selector(signature)


def test_nobody_reaches_the_simulator_but_through_the_router(desk: Desk) -> None:
    simulator = desk.parts[Part.SIMULATOR]
    for data in (SIMULATE + bytes(17), *calls(desk, ETHER, desk.router).values()):
        assert refused_with(desk, "OnlyByDelegatecall()", data, sender=STRANGER, to=simulator)


def test_a_callback_or_an_unknown_function_reaches_the_simulator_only_while_a_simulation_runs(
    desk: Desk,
) -> None:
    for signature in ("begin()", "hops()", "swap(address,bool,int256,uint160,bytes)"):
        data = abi.selector(signature) + bytes(64)
        for sender in (STRANGER, OPERATOR, OWNER):
            assert refused_with(desk, "UnknownFunction(bytes4)", data, sender=sender)


def deeds(desk: Desk, plan: bytes) -> dict[str, tuple[bytes, str]]:
    """What a pool may try in the middle of a plan through an operator that is its accomplice."""
    refused = "CallbackNotRegistered(address,bytes4)"
    batch = abi.encode_call("executeBatch((uint64,bytes)[],bool)", [(500_000, plan)], True)
    return {
        "simulate": (simulation_of(plan), "AlreadyRunning()"),
        "execute": (plan, "AlreadyRunning()"),
        "executeBatch": (batch, "BatchPlanFailed(uint256,bytes)"),
        **{name: (call, refused) for name, call in calls(desk, ETHER, desk.router).items()},
        "unknown": (b"\x12\x34\x56\x78", "UnknownFunction(bytes4)"),
    }


@pytest.mark.parametrize("simulated", [False, True], ids=["executed", "simulated"])
@pytest.mark.parametrize("due", [False, True], ids=["between_callbacks", "while_a_callback_is_due"])
def test_a_pool_with_an_operator_for_accomplice_gets_nowhere_in_the_middle_of_a_plan(
    desk: Desk, due: bool, simulated: bool
) -> None:
    accomplice = place(desk, "OperatorContract")
    desk.send(OWNER, "allowOperator(address,bool)", accomplice, True)
    schemer = place(desk, "Schemer")
    hop = v3_through(schemer, ETHER) if due else v2_through(schemer, ETHER)
    plan = plan_of(hop)
    for data, error in deeds(desk, plan_of()).values():
        through = abi.encode_call("call(address,bytes)", desk.router, data)
        scheme(desk, schemer, before=[Deed(accomplice, through)], asked=(1, -1))
        with pytest.raises(Reverted) as refused:
            (desk.rehearse if simulated else desk.simulate)(plan)
        assert refused.value.reason.through == (schemer,)
        inner = refused.value.data[4 + 96 :][:4]
        assert inner == abi.selector(error)


def test_a_plan_that_tracks_tokens_is_simulated_with_its_inner_steps(desk: Desk) -> None:
    usdc = desk.token("USDC").address
    result = desk.rehearse(plan_of(Track(usdc, (Track(desk.token("DAI").address, ()),))))
    assert [hop.opcode for hop in result.hops] == [0x40, 0x40]
    assert all(0 < hop.gas_used < 20_000 for hop in result.hops)


def test_the_control_part_called_directly_simulates_for_nobody(desk: Desk) -> None:
    for sender in (STRANGER, OPERATOR, OWNER):
        data = simulation_of(plan_of())
        assert refused_with(desk, "NotOperator(address)", data, sender=sender, to=desk.parts[Part.CONTROL])
