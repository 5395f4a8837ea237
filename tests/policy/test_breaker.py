"""A breaker opens after losses in a row, and closes only after a trial that went well."""

from hypothesis import given
from hypothesis import strategies as st

from executor.policy.breaker import Breaker, BreakerRules, BreakerState

RULES = BreakerRules(losses=3, rest_seconds=60, longest_rest_seconds=200)


def opened(now: int = 0) -> Breaker:
    return Breaker(RULES).lost(now).lost(now).lost(now)


def test_it_opens_at_the_third_loss_in_a_row_and_not_before() -> None:
    assert Breaker(RULES).lost(0).lost(0).state is BreakerState.CLOSED
    assert opened().state is BreakerState.OPEN


def test_a_success_in_between_forgets_the_losses() -> None:
    assert Breaker(RULES).lost(0).lost(0).succeeded().lost(0).state is BreakerState.CLOSED


def test_open_it_lets_nobody_through_until_it_has_rested() -> None:
    assert opened(100).asked(159) == (opened(100), False)


def test_after_its_rest_it_lets_one_through_and_no_second() -> None:
    trial, first = opened().asked(60)
    _, second = trial.asked(61)

    assert (first, second) == (True, False)


def test_a_trial_that_was_never_sent_does_not_keep_it_shut_for_ever() -> None:
    trial, _ = opened().asked(60)

    assert trial.asked(119) == (trial, False)
    _, another = trial.asked(120)
    assert another


def test_a_good_trial_closes_it() -> None:
    trial, _ = opened().asked(60)

    assert trial.succeeded() == Breaker(RULES)


def test_each_bad_trial_doubles_its_rest_up_to_the_longest() -> None:
    breaker, now, rests = opened(), 0, []
    for _ in range(4):
        rests.append(breaker.rest_seconds)
        now += breaker.rest_seconds
        breaker, _ = breaker.asked(now)
        breaker = breaker.lost(now)

    assert rests == [60, 120, 200, 200]


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 500)), max_size=60))
def test_no_history_lets_two_through_while_it_tries(history: list[tuple[bool, int]]) -> None:
    breaker, now = Breaker(RULES), 0
    for lost, passed in history:
        now += passed
        breaker, may = breaker.asked(now)
        if breaker.state is BreakerState.TRIAL:
            assert not breaker.asked(now)[1]
        if may:
            breaker = breaker.lost(now) if lost else breaker.succeeded()
        else:
            assert breaker.state is BreakerState.OPEN


def test_a_loss_while_it_rests_does_not_shorten_the_rest() -> None:
    breaker, _ = opened().asked(60)
    longer = breaker.lost(60)
    assert longer.rest_seconds == 120
    again = longer.lost(70)
    assert (again.rest_seconds, again.opened_at) == (120, 70)
