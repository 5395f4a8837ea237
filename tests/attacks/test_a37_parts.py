"""A37: the parts that the router runs by delegatecall.

Called directly rather than through the router, with any function, plan or callback; made to destroy
themselves; or running on the router's storage and writing where it keeps something else.
"""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from devnet import abi
from devnet.node import ETHER
from executor.domain.deployment import Part
from executor.plan.batch import BatchEntry, encode_batch
from executor.plan.simulated import simulation_of
from executor.plan.steps import Step, V4Unlock
from tests.attacks.bytecode import rare_instructions
from tests.attacks.callbacks import calls
from tests.attacks.scene import STORAGE_SLOTS, THIEF, nothing_lost, refused, sent, why_refused
from tests.attacks.steps import loans, venues
from tests.attacks.tracing import trace
from tests.contracts.schemes import plan_of, v2_through
from tests.contracts.venues.hops import gift, token
from tests.support.routers import OPERATOR, OWNER, STRANGER, Desk, Reverted, router_artifacts

PARTS = (Part.EXTENSION, Part.SIMULATOR, Part.CONTROL)
AMOUNT = ETHER


@pytest.mark.parametrize("part", list(Part))
def test_no_part_can_destroy_itself_or_make_contracts(part: Part) -> None:
    found = rare_instructions(router_artifacts()[part.value])
    assert set(found) <= {"DELEGATECALL", "ORIGIN"}
    # The extension runs no code but its own.
    assert part is not Part.EXTENSION or not found


def direct_calls(desk: Desk, part: Part) -> dict[str, bytes]:
    """What can be sent to a part: its own functions, a plan, callbacks, the words that a step comes with."""
    words = abi.encode("(address,uint256,uint256)", desk.book.tokens["WETH"], ETHER, ETHER)
    plan = plan_of(*venues(desk, AMOUNT).values())
    found = {
        "plan": plan,
        "rehearsal": simulation_of(plan),
        "batch": encode_batch([BatchEntry(plan, 500_000)]),
        "nothing": b"",
        **calls(desk, ETHER, str(desk.parts[part])),
    }
    for name, step in venues(desk, AMOUNT).items():
        found[f"step of {name}"] = words + step.encode()
    powers = ("withdraw(address,address,uint256)", "transferOwnership(address)", "setPauser(address)")
    arguments = ((desk.book.tokens["WETH"], THIEF, 1), (THIEF,), (THIEF,))
    return found | {name: abi.encode_call(name, *rest) for name, rest in zip(powers, arguments, strict=True)}


@pytest.mark.parametrize("part", PARTS)
def test_a_part_called_directly_does_nothing_for_anybody(desk: Desk, part: Part) -> None:
    """Not even for the router's owner and operator."""
    address = desk.parts[part]
    with nothing_lost(desk, address, gas_of=[OWNER]):
        for name, call in direct_calls(desk, part).items():
            for sender in (OPERATOR, OWNER):
                with pytest.raises(Reverted):
                    desk.call(call, sender=sender, to=address)
                    pytest.fail(name)
            reason = why_refused(desk, THIEF, call, to=address)
            assert reason.name in DIRECT, (name, reason.name)
        refused(desk, THIEF, call, to=address)
    assert [desk.node.storage(address, slot) for slot in STORAGE_SLOTS] == [0] * len(STORAGE_SLOTS)


DIRECT = ("OnlyByDelegatecall", "UnknownFunction", "NotOperator", "NotOwner", "NotPauser", "NotPendingOwner")


@pytest.mark.parametrize("part", PARTS)
def test_a_part_takes_no_ether(desk: Desk, part: Part) -> None:
    with nothing_lost(desk):
        for data in (b"", plan_of(), simulation_of(plan_of())):
            refused(desk, STRANGER, data, to=desk.parts[part], value=1)
    assert desk.node.balance(desk.parts[part]) == 0


def test_the_routers_fallback_never_leads_to_the_extension(desk: Desk) -> None:
    """What the extension takes for a step comes with the settlement token in front: a selector of zeros."""
    words = abi.encode("(address,uint256,uint256)", desk.book.tokens["WETH"], ETHER, ETHER)
    with nothing_lost(desk):
        for step in venues(desk, AMOUNT).values():
            for sender in (THIEF, OPERATOR):
                assert why_refused(desk, sender, words + step.encode()).name == "UnknownFunction"


def test_only_the_parts_named_at_deployment_are_ever_run_on_the_routers_storage(desk: Desk) -> None:
    """The targets of every delegatecall that the router makes, over steps and lenders of all kinds."""
    parts = {int(address, 16) for address in desk.parts.values()}
    present = gift(desk, token(desk, "WETH"), AMOUNT)
    plans = [
        plan_of(*(step for name, step in venues(desk, 0).items() if name in ("wrap", "unwrap"))),
        plan_of(present, venues(desk, AMOUNT)["uniswap_v4"]),
        plan_of(present, venues(desk, AMOUNT)["curve"]),
        plan_of(loans(desk, AMOUNT)["morpho_blue"], V4Unlock(())),
    ]
    ways = [*plans, encode_batch([BatchEntry(plan, 2_000_000) for plan in plans])]
    seen = set()
    for data in (*ways, simulation_of(plans[1]), abi.encode_call("version()")):
        for step in trace(desk, OPERATOR, data):
            if step.name == "DELEGATECALL" and step.account == desk.router.lower():
                seen.add(step.stack[-2])
    assert seen == parts


def test_no_step_or_lender_writes_where_the_router_keeps_its_roles(desk: Desk) -> None:
    """Every venue and lender runs once, with as many gifts as they cost; the storage is as it was."""
    present = gift(desk, token(desk, "WETH"), 20 * AMOUNT)
    steps: list[Step] = [present, *loans(desk, AMOUNT).values()]
    steps += [
        venues(desk, AMOUNT)[name]
        for name in ("uniswap_v2", "uniswap_v3", "uniswap_v4", "balancer_v2", "balancer_v3", "curve")
    ]
    with nothing_lost(desk):
        sent(desk, OPERATOR, plan_of(*steps), gas=16_000_000)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.binary(max_size=300))
def test_no_bytes_make_a_part_write_its_storage(desk: Desk, data: bytes) -> None:
    for part in PARTS:
        with pytest.raises(Reverted):
            # Of the control part's views some answer: they are none of these bytes.
            desk.call(b"\xff" + data, sender=THIEF, to=desk.parts[part])


def test_a_lured_plan_that_takes_a_part_for_a_pool_gets_nothing_from_it(desk: Desk) -> None:
    with nothing_lost(desk):
        for part in PARTS:
            hop = v2_through(desk.parts[part], ETHER)
            assert desk.parts[part] in refused(desk, OPERATOR, plan_of(hop)).through
