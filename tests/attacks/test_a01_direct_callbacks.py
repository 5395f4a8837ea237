"""A1: somebody calls a callback of the router while no swap and no loan of the router's is running.

The data are what the router itself would have written, so that nothing but the registration can tell.
"""

from __future__ import annotations

from devnet import abi
from devnet.node import ETHER
from executor.domain.deployment import Part
from tests.attacks.callbacks import UNKNOWN, calls, loan_data
from tests.attacks.scene import THIEF, nothing_lost, refused
from tests.attacks.thieves import Act, accomplice, refusal, try_all, turns
from tests.support.routers import LENDERS, OPERATOR, OWNER, PAUSER, Desk

AMOUNT = 5 * ETHER


def test_a_stranger_who_calls_a_callback_gets_nothing(desk: Desk) -> None:
    with nothing_lost(desk):
        for name, call in calls(desk, AMOUNT, desk.router).items():
            assert refused(desk, THIEF, call).name == "CallbackNotRegistered", name


def test_a_contract_that_calls_one_callback_after_the_other_gets_nothing(desk: Desk) -> None:
    thief = accomplice(desk)
    with nothing_lost(desk, thief):
        for initiator in (desk.router, thief):
            known = calls(desk, AMOUNT, initiator)
            assert try_all(desk, thief, desk.router, [*known.values()]) == 0
            assert refusal(desk, thief).name == "CallbackNotRegistered"


def test_a_role_does_not_help_in_calling_a_callback(desk: Desk) -> None:
    with nothing_lost(desk, gas_of=[OWNER]):
        for number, (name, call) in enumerate(calls(desk, AMOUNT, desk.router).items()):
            sender = (OWNER, OPERATOR, PAUSER)[number % 3]
            assert refused(desk, sender, call).name == "CallbackNotRegistered", name


def test_not_even_a_real_pool_or_lender_is_answered_while_nothing_runs(desk: Desk) -> None:
    """As if a lender had been taken over: the address alone opens nothing."""
    lenders = [desk.book.contracts[name] for name in LENDERS]
    pools = [desk.record(name).address for name in ("uniswap_v2 USDC/WETH", "uniswap_v3 USDC/WETH 3000")]
    senders = (*lenders, *pools)
    with nothing_lost(desk):
        # Each name by two of them.
        for number, (name, call) in enumerate(2 * [*calls(desk, AMOUNT, desk.router).items()]):
            sender = senders[number % len(senders)]
            assert refused(desk, sender, call).name == "CallbackNotRegistered", name


def test_a_callback_without_its_data_is_refused_like_any_other(desk: Desk) -> None:
    """Offset and length that are missing read as zeros, which no registration ever was."""
    with nothing_lost(desk):
        for name in calls(desk, AMOUNT, THIEF):
            assert refused(desk, THIEF, abi.selector(name)).name == "CallbackNotRegistered", name


def test_money_sent_along_with_a_callback_comes_back(desk: Desk) -> None:
    desk.node.set_balance(THIEF, 10 * ETHER)
    with nothing_lost(desk):
        for name, call in calls(desk, AMOUNT, desk.router).items():
            assert refused(desk, THIEF, call, value=1).name == "CallbackNotRegistered", name


def test_a_callback_of_a_protocol_that_the_router_does_not_know_is_no_function_of_it(desk: Desk) -> None:
    with nothing_lost(desk):
        for name in UNKNOWN:
            call = abi.selector(name) + abi.encode(
                "(address,uint256,bytes)", THIEF, AMOUNT, loan_data(desk, 1)
            )
            reason = refused(desk, THIEF, call)
            assert (reason.name, reason.args["selector"]) == (
                "UnknownFunction",
                "0x" + abi.selector(name).hex(),
            )


def test_the_parts_answer_no_callback_when_they_are_called_directly(desk: Desk) -> None:
    refusals = {
        Part.EXTENSION: "OnlyByDelegatecall",
        Part.SIMULATOR: "OnlyByDelegatecall",
        Part.CONTROL: "UnknownFunction",
    }
    thief = accomplice(desk)
    with nothing_lost(desk, thief):
        for part, error in refusals.items():
            known = calls(desk, AMOUNT, desk.parts[part])
            assert try_all(desk, thief, desk.parts[part], [*known.values()]) == 0
            assert refusal(desk, thief).name == error


def test_the_accomplice_of_these_tests_does_get_through_to_a_contract_that_answers(desk: Desk) -> None:
    """Else that it fails above would prove nothing."""
    willing = accomplice(desk)
    thief = accomplice(desk, Act(willing, b"\x02"))
    desk.node.send(THIEF, thief, b"\x01", gas=5_000_000)
    assert (turns(desk, thief), turns(desk, willing)) == ((1, 1), (1, 0))
