"""How good a time it is on chains with cheap gas."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from executor.domain.errors import ConfigError
from executor.policy.gas_levels import (
    CALM_BLOCKS,
    FORGET_BLOCKS,
    GasLevel,
    GasStanding,
    L2GasThresholds,
    follow,
    judge,
)

GWEI = 10**9
USUAL = L2GasThresholds(GWEI // 10, GWEI // 2, 2 * GWEI, 5 * GWEI, 10 * GWEI)


@pytest.mark.parametrize(
    ("price", "level", "to_earn"),
    [
        (0, GasLevel.PERFECT, 0),
        (GWEI // 10, GasLevel.PERFECT, 0),
        (GWEI // 10 + 1, GasLevel.GOOD, 0),
        (GWEI // 2, GasLevel.GOOD, 0),
        (GWEI // 2 + 1, GasLevel.MARGINAL, 1),
        (2 * GWEI, GasLevel.MARGINAL, 1),
        (2 * GWEI + 1, GasLevel.BAD, 2),
        (5 * GWEI, GasLevel.BAD, 2),
        (5 * GWEI + 1, GasLevel.BAD, 4),
        (10 * GWEI - 1, GasLevel.BAD, 4),
        (10 * GWEI, GasLevel.NEVER, 0),
        (10**18, GasLevel.NEVER, 0),
    ],
)
def test_a_price_of_gas_has_a_level(price: int, level: GasLevel, to_earn: int) -> None:
    judgement = judge(price, USUAL)

    assert (judgement.level, judgement.gas_costs_to_earn) == (level, to_earn)


@given(st.integers(0, 10 * GWEI - 2))
def test_dearer_gas_never_asks_for_less(price: int) -> None:
    assert judge(price, USUAL).gas_costs_to_earn <= judge(price + 1, USUAL).gas_costs_to_earn or (
        judge(price + 1, USUAL).level is GasLevel.NEVER
    )


@pytest.mark.parametrize("prices", [(1, 2, 3, 5, 4), (1, 1, 2, 3, 4), (-1, 1, 2, 3, 4)])
def test_thresholds_that_do_not_rise_are_refused_by_name(prices: tuple[int, int, int, int, int]) -> None:
    with pytest.raises(ConfigError) as caught:
        L2GasThresholds(*prices)

    assert caught.value.field == "l2_gas_thresholds"


def called(prices: list[int], *, start: int = 100) -> list[GasStanding]:
    """What gas is called block by block, at these prices."""
    standing: GasStanding | None = None
    out = []
    for block, price in enumerate(prices, start):
        standing = follow(standing, price, block, USUAL)
        out.append(standing)
    return out


def test_dear_gas_is_called_so_at_once() -> None:
    levels = [standing.judgement.level for standing in called([GWEI // 10, 10 * GWEI])]
    assert levels == [GasLevel.PERFECT, GasLevel.NEVER]


def test_a_chain_comes_back_at_once_when_gas_is_a_tenth_below_the_threshold() -> None:
    levels = [standing.judgement.level for standing in called([10 * GWEI, 9 * GWEI, 9 * GWEI - 1])]
    assert levels == [GasLevel.NEVER, GasLevel.NEVER, GasLevel.BAD]


def test_a_chain_comes_back_when_gas_has_been_below_the_threshold_for_some_blocks() -> None:
    standings = called([10 * GWEI, *[10 * GWEI - 1] * (CALM_BLOCKS + 1)])
    levels = [standing.judgement.level for standing in standings]
    assert levels == [*[GasLevel.NEVER] * (1 + CALM_BLOCKS), GasLevel.BAD]


def test_a_price_that_trembles_about_a_threshold_does_not_turn_trading_on_and_off() -> None:
    standings = called([10 * GWEI - 1, 10 * GWEI] * 20)
    assert {standing.judgement.level for standing in standings[1:]} == {GasLevel.NEVER}


def test_good_levels_follow_the_price_without_delay() -> None:
    levels = [standing.judgement.level for standing in called([2 * GWEI, GWEI // 2, GWEI // 2 + 1])]
    assert levels == [GasLevel.MARGINAL, GasLevel.GOOD, GasLevel.MARGINAL]


def test_what_was_said_long_ago_is_forgotten() -> None:
    never = GasStanding(5, 100)
    assert follow(never, 10 * GWEI - 1, 100 + FORGET_BLOCKS, USUAL).judgement.level is GasLevel.NEVER
    assert follow(never, 10 * GWEI - 1, 101 + FORGET_BLOCKS, USUAL).judgement.level is GasLevel.BAD


tracks = st.lists(st.integers(0, 12 * GWEI), min_size=1, max_size=40)


@given(tracks)
def test_memory_only_ever_makes_gas_look_worse(prices: list[int]) -> None:
    for price, standing in zip(prices, called(prices), strict=True):
        plain = judge(price, USUAL)
        assert standing.band >= follow(None, price, 0, USUAL).band
        assert standing.judgement.gas_costs_to_earn >= plain.gas_costs_to_earn or (
            standing.judgement.level is GasLevel.NEVER
        )


@example([2 * GWEI + 1, GWEI * 9 // 100 + 1])
@given(tracks)
def test_asking_again_at_the_same_block_changes_nothing(prices: list[int]) -> None:
    for block, (price, standing) in enumerate(zip(prices, called(prices), strict=True), 100):
        assert follow(standing, price, block, USUAL) == standing


@given(tracks, st.integers(0, 12 * GWEI))
def test_any_price_that_stays_gets_its_own_name_in_the_end(prices: list[int], price: int) -> None:
    standing = called([*prices, *[price] * (CALM_BLOCKS + 1)])[-1]
    assert standing.judgement == judge(price, USUAL)


@given(tracks, st.integers(0, 12 * GWEI), st.integers(0, 12 * GWEI))
def test_at_the_same_past_dearer_gas_is_never_called_better(prices: list[int], one: int, other: int) -> None:
    cheaper, dearer = sorted((one, other))
    assert called([*prices, cheaper])[-1].band <= called([*prices, dearer])[-1].band
