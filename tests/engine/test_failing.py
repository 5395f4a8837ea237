"""What a failure leads to, while nothing is out."""

from dataclasses import replace

import pytest
from eth_abi.abi import encode

from executor.chain.rpc import NodeRefusedError
from executor.config.chains import load_chain
from executor.domain.address import ZERO_ADDRESS
from executor.domain.decision import Reason
from executor.domain.errors import (
    ExecutorError,
    GasLimitError,
    MathsError,
    NodeError,
    RevertError,
    SafetyError,
)
from executor.domain.execution import Execution, Status
from executor.domain.opportunity import Opportunity
from executor.domain.route import Funding, PayerName
from executor.engine.failing import Trial, failure_of_error, failure_of_reason, what_next
from executor.engine.reverts import revert_names, revert_reason
from executor.plan.reverts.kinds import Meaning
from executor.plan.reverts.router import CALL_FAILED
from executor.policy.failures import Action, Bounds, Failure, Spent

BOUNDS = Bounds(tries=3, seconds=60, gas_money=10**16)
FIRST = Spent(1, 0, 0)


@pytest.mark.parametrize("meaning", sorted(set(Meaning) - {Meaning.UNKNOWN}))
def test_every_meaning_of_a_revert_is_a_failure_that_is_known(meaning: Meaning) -> None:
    assert failure_of_reason(Reason("reverted", "", {"meaning": meaning.value})) is not Failure.UNKNOWN


def test_a_revert_that_nobody_understands_stops() -> None:
    failure = failure_of_reason(Reason("reverted", "", {"meaning": "unknown"}))
    assert what_next(failure, FIRST, BOUNDS).action is Action.STOP


def test_errors_that_nothing_can_be_tried_against_are_no_failures() -> None:
    assert failure_of_error(SafetyError("no.", fix="do not")) is None


@pytest.mark.parametrize(
    ("error", "action"),
    [
        (MathsError("dry.", fix=""), Action.SHRINK),
        (GasLimitError("much.", fix=""), Action.SHRINK),
        (NodeError("silent.", fix=""), Action.ABANDON),
        (NodeRefusedError("eth_call", -32000, "header not found", None), Action.WAIT),
        (NodeRefusedError("eth_call", -32000, "hash is not currently canonical", None), Action.WAIT),
        (NodeRefusedError("eth_call", -32001, "Resource not found", None), Action.WAIT),
        (NodeRefusedError("eth_call", -32601, "method not found", None), Action.ABANDON),
    ],
)
def test_an_error_leads_to_its_action(error: ExecutorError, action: Action) -> None:
    failure = failure_of_error(error)
    assert failure is not None
    assert what_next(failure, FIRST, BOUNDS).action is action


@pytest.mark.parametrize("failure", list(Failure))
def test_no_failure_is_tried_beyond_any_bound(failure: Failure) -> None:
    for spent in (Spent(3, 0, 0), Spent(1, 60, 0), Spent(1, 0, 10**16)):
        assert what_next(failure, spent, BOUNDS).action in (Action.ABANDON, Action.STOP)


CHAIN = load_chain("ethereum")
AAVE, MORPHO = PayerName(Funding.AAVE_V3), PayerName(Funding.MORPHO_BLUE)
POOL = CHAIN.flash_pools[0]
LENDING = PayerName(POOL.funding, POOL.pool.address)


def paid_by(*payers: PayerName, through: str = "") -> Execution:
    """A try of a route each, which the payers were to pay, and which failed in the contracts of `through`."""
    routes = [
        {
            "route": place,
            "amounts": ["7", "9"],
            "payers": [{"funding": each.funding.value, "pool": each.pool}],
        }
        for place, each in enumerate(payers)
    ]
    reason = Reason("simulation_reverted", "dry", {"through": through} if through else {})
    return Execution("a", "ethereum", Status.DECLINED, (reason,), details={"routes": routes})


def after(*ended: Execution) -> Trial:
    """The try that follows these, each of which asked for another lender."""
    trial = Trial()
    for each in ended:
        trial = trial.after(Action.OTHER_FUNDING, each, CHAIN)
    return trial


def test_a_smaller_try_asks_for_half_and_never_for_more_than_the_opportunity() -> None:
    ended = Execution("a", "ethereum", Status.DECLINED, amount_in=1_001)
    trial = Trial().after(Action.SHRINK, ended, CHAIN)
    assert (trial.number, trial.most) == (2, 500)
    assert trial.of(Opportunity("a", "ethereum")).amount == 500
    assert trial.of(Opportunity("a", "ethereum", amount=40)).amount == 40
    assert trial.of(Opportunity("a", "ethereum", amount=4_000)).amount == 500


def test_a_smaller_try_of_several_routes_halves_each_of_them() -> None:
    routes = [{"route": 0, "amounts": ["1001", "1"]}, {"route": 2, "amounts": ["41", "1"]}]
    ended = Execution("a", "ethereum", Status.DECLINED, amount_in=1_001, details={"routes": routes})
    trial = Trial(most_of={1: 9}).after(Action.SHRINK, ended, CHAIN)
    assert (trial.most_of, trial.most) == ({0: 500, 1: 9, 2: 20}, None)


def test_where_one_of_several_routes_is_known_to_have_failed_it_alone_is_halved() -> None:
    routes = [{"route": 0, "amounts": ["1001", "1"]}, {"route": 2, "amounts": ["41", "1"]}]
    reason = Reason("simulation_reverted", "dry", {"route": 2})
    ended = Execution(
        "a", "ethereum", Status.DECLINED, (reason,), amount_in=1_001, details={"routes": routes}
    )
    assert Trial(most_of={1: 9}).after(Action.SHRINK, ended, CHAIN).most_of == {1: 9, 2: 20}


def test_another_funding_leaves_out_those_that_failed() -> None:
    assert after(paid_by(AAVE), paid_by(MORPHO)).refused == {AAVE, MORPHO}


def test_of_several_who_pay_the_one_that_the_revert_came_through_is_left_out() -> None:
    morpho = CHAIN.lenders[Funding.MORPHO_BLUE].known.address
    aave = CHAIN.lenders[Funding.AAVE_V3].known.address
    assert after(paid_by(AAVE, MORPHO, through=morpho)).refused == {MORPHO}
    assert after(paid_by(AAVE, MORPHO, through=f"{morpho}, {aave}, {ZERO_ADDRESS}")).refused == {AAVE}
    assert after(paid_by(AAVE, LENDING, through=POOL.pool.address)).refused == {LENDING}


def test_where_it_cannot_be_told_who_failed_they_are_left_out_in_turn() -> None:
    """Whoever was there both times comes before whoever is new."""
    own, spark = PayerName(Funding.CALLBACK_CHAIN), PayerName(Funding.SPARK)
    assert after(paid_by(own, AAVE, MORPHO)).refused == {AAVE}
    assert after(paid_by(own, AAVE, MORPHO), paid_by(own, spark, MORPHO)).refused == {AAVE, MORPHO}


def test_a_lender_is_known_in_the_revert_that_the_router_gives() -> None:
    lender = CHAIN.lenders[Funding.MORPHO_BLUE].known.address
    data = CALL_FAILED.selector + encode(["address", "bytes"], [lender, b""])
    name, facts = revert_names(data)
    error = RevertError("reverted.", fix="", error=name, args=facts, data="0x" + data.hex())
    ended = paid_by(AAVE, MORPHO)
    ended = replace(ended, reasons=(revert_reason("simulation_reverted", error, b""),))
    assert after(ended).refused == {MORPHO}
