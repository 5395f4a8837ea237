"""Failures become decisions; none of them frees a nonce that may be taken."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from executor.policy.failures import (
    FOLLOWS_WHAT_IS_OUT,
    FREES_NONCE,
    RETRIES,
    Action,
    Bounds,
    Failure,
    Spent,
    next_action,
)

BOUNDS = Bounds(tries=3, seconds=300, gas_money=10**16)
FRESH = Spent(0, 0, 0)
figures = st.integers(0, 10**18)
failures = st.sampled_from(Failure)


def test_every_failure_has_its_action() -> None:
    assert set(RETRIES) == set(Failure)


def test_what_nobody_knows_stops_and_frees_nothing() -> None:
    assert next_action(Failure.UNKNOWN, FRESH, BOUNDS).action is Action.STOP
    assert Failure.UNKNOWN not in FREES_NONCE


@pytest.mark.parametrize("failure", [Failure.NODE_SILENT, Failure.ALREADY_KNOWN, Failure.POOL_FULL])
def test_an_unclear_answer_never_frees_a_nonce(failure: Failure) -> None:
    assert failure not in FREES_NONCE


@pytest.mark.parametrize("failure", sorted(FREES_NONCE))
def test_what_frees_a_nonce_was_surely_refused(failure: Failure) -> None:
    assert RETRIES[failure] not in FOLLOWS_WHAT_IS_OUT


@given(failures, figures, figures, figures)
def test_no_bound_is_ever_passed_by_a_new_try(failure: Failure, tries: int, seconds: int, money: int) -> None:
    spent = Spent(tries, seconds, money)
    answer = next_action(failure, spent, BOUNDS)
    over = tries >= BOUNDS.tries or seconds >= BOUNDS.seconds or money >= BOUNDS.gas_money

    if over:
        assert answer.action in FOLLOWS_WHAT_IS_OUT | {Action.ABANDON, Action.STOP}
    else:
        assert answer.action is RETRIES[failure]


@pytest.mark.parametrize(
    ("spent", "bound"),
    [(Spent(3, 0, 0), "tries"), (Spent(0, 300, 0), "seconds"), (Spent(0, 0, 10**16), "gas_money")],
)
def test_the_bound_that_ended_it_is_named(spent: Spent, bound: str) -> None:
    answer = next_action(Failure.SLIPPAGE, spent, BOUNDS)

    assert (answer.action, answer.ended_by) == (Action.ABANDON, bound)


@given(figures, figures, figures)
def test_what_may_be_out_is_followed_whatever_it_took(tries: int, seconds: int, money: int) -> None:
    for failure in (Failure.NODE_SILENT, Failure.NONCE_USED, Failure.NONCE_GAP, Failure.ALREADY_KNOWN):
        assert next_action(failure, Spent(tries, seconds, money), BOUNDS).action in FOLLOWS_WHAT_IS_OUT
