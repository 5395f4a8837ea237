"""What a failure leads to, while nothing is out."""

import pytest

from executor.chain.rpc import NodeRefusedError
from executor.domain.decision import Reason
from executor.domain.errors import ExecutorError, GasLimitError, MathsError, NodeError, SafetyError
from executor.domain.opportunity import Opportunity
from executor.domain.route import Funding
from executor.engine.failing import Trial, failure_of_error, failure_of_reason, what_next
from executor.plan.reverts.kinds import Meaning
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


def test_a_smaller_try_asks_for_half_and_never_for_more_than_the_opportunity() -> None:
    trial = Trial().after(Action.SHRINK, amount_in=1_001, funding="inventory")
    assert (trial.number, trial.most) == (2, 500)
    assert trial.of(Opportunity("a", "ethereum")).amount == 500
    assert trial.of(Opportunity("a", "ethereum", amount=40)).amount == 40
    assert trial.of(Opportunity("a", "ethereum", amount=4_000)).amount == 500


def test_another_funding_leaves_out_those_that_failed() -> None:
    trial = Trial().after(Action.OTHER_FUNDING, amount_in=1, funding="aave_v3")
    trial = trial.after(Action.OTHER_FUNDING, amount_in=1, funding="balancer_v2")
    assert trial.refused == {Funding.AAVE_V3, Funding.BALANCER_V2}
