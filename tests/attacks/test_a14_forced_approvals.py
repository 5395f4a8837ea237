"""A14: somebody who is not the operator makes the router approve him, or call anything at all."""

from __future__ import annotations

from devnet import abi
from devnet.node import ETHER
from executor.domain.deployment import Part
from tests.attacks.callbacks import UNKNOWN, calls
from tests.attacks.outgoing import outgoing
from tests.attacks.scene import MAX, THIEF, nothing_lost, refused
from tests.attacks.steps import loans, venues
from tests.attacks.test_a11_open_calls import OPEN_DOORS, calls_of_all_functions
from tests.contracts.schemes import plan_of
from tests.support.routers import OPERATOR, Desk

APPROVING = (
    "approve(address,uint256)",
    "approve(address,address,uint256)",
    "approveRouter(address,address)",
    "approveToken(address,address,uint256)",
    "approveMax(address,address)",
    "setAllowance(address,address,uint256)",
    "increaseAllowance(address,uint256)",
    "allowance(address,address)",
    "initApprovals()",
    "approveAll()",
)
"""What bots had that let anybody approve, by name."""


def test_no_function_approves_anybody(desk: Desk) -> None:
    arguments = abi.encode("(address,address,uint256)", desk.book.tokens["WETH"], THIEF, MAX)
    with nothing_lost(desk):
        for name in APPROVING:
            for sender in (THIEF, OPERATOR):
                assert refused(desk, sender, abi.selector(name) + arguments).name == "UnknownFunction", name


def test_not_one_call_leaves_the_router_for_a_stranger(desk: Desk) -> None:
    """Neither an approval nor anything else: he is refused before the router speaks to anybody."""
    tried = [
        *calls_of_all_functions(desk).values(),
        *calls(desk, ETHER, desk.router).values(),
        *(abi.selector(name) + bytes(96) for name in (*UNKNOWN, *OPEN_DOORS, *APPROVING)),
        *(plan_of(step) for step in venues(desk, ETHER).values()),
        *(plan_of(step) for step in loans(desk, ETHER).values()),
    ]
    for call in tried:
        assert outgoing(desk, THIEF, call) == [], call.hex()
    # The same plans do call out for the operator.
    assert all(outgoing(desk, OPERATOR, plan_of(step)) for step in venues(desk, ETHER).values())


def test_what_the_parts_would_approve_they_approve_for_nobody(desk: Desk) -> None:
    """Their code can approve, in the router's name only: called directly it does not get that far."""
    step = venues(desk, ETHER)["curve"]
    as_extension = abi.encode("(address,uint256,uint256)", desk.book.tokens["WETH"], 0, 0) + step.encode()
    with nothing_lost(desk):
        for part in (Part.EXTENSION, Part.SIMULATOR, Part.CONTROL):
            for call in (as_extension, plan_of(step), abi.selector("simulate()") + plan_of(step)[4:]):
                for sender in (THIEF, OPERATOR):
                    assert refused(desk, sender, call, to=desk.parts[part]).name in (
                        "OnlyByDelegatecall",
                        "UnknownFunction",
                        "NotOperator",
                    )
