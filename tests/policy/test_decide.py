"""Whether to send."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from executor.domain.decision import Decision, Verdict
from executor.policy.decide import DecisionFacts, Limits, decide
from executor.policy.fees import Fees
from executor.policy.gas_levels import L2GasThresholds, judge
from tests.support.market import USDC, WETH

GWEI = 10**9
ETHER = 10**18
LEVELS = L2GasThresholds(GWEI // 10, GWEI // 2, 2 * GWEI, 5 * GWEI, 10 * GWEI)

GOOD = DecisionFacts(
    simulated_profit=ETHER // 10,
    amount_in=10 * ETHER,
    gas_used=200_000,
    gas_limit=240_000,
    fees=Fees(max_fee_per_gas=40 * GWEI, max_priority_fee_per_gas=GWEI, base_fee=20 * GWEI),
    settlement=WETH,
    settlement_is_native=True,
    gas_money=ETHER,
    now=1_000,
    limits=Limits(Decimal(1)),
    native_usd=Fraction(3_000),
)
IN_DOLLARS = replace(
    GOOD,
    simulated_profit=100 * 10**6,
    amount_in=20_000 * 10**6,
    settlement=USDC,
    settlement_is_native=False,
    settlement_usd=Fraction(1),
)


def codes(decision: Decision) -> list[str]:
    return [reason.code for reason in decision.reasons]


def limits(**changes: Any) -> Limits:
    return replace(GOOD.limits, **changes)


def test_a_good_trade_proceeds_with_its_figures() -> None:
    decision = decide(GOOD)
    gas_cost = 200_000 * 21 * GWEI

    assert decision.verdict is Verdict.PROCEED
    assert decision.reasons == ()
    assert decision.expected_profit == ETHER // 10
    assert decision.gas_cost == decision.gas_cost_settlement == gas_cost
    assert decision.expected_net_profit == ETHER // 10 - gas_cost
    assert decision.expected_net_profit_usd == Decimal("287.4")
    assert decision.minimum_profit == ETHER // 10 * 95 // 100


def test_gas_is_paid_in_the_settlement_token_at_the_prices() -> None:
    decision = decide(IN_DOLLARS)

    assert decision.verdict is Verdict.PROCEED
    assert decision.gas_cost == 4_200_000 * GWEI
    assert decision.gas_cost_settlement == 12_600_000
    assert decision.expected_net_profit_usd == Decimal("87.4")


def test_the_minimum_covers_gas_and_the_wanted_profit_where_that_is_more_than_the_share() -> None:
    decision = decide(replace(IN_DOLLARS, limits=limits(min_profit_usd=Decimal(85))))

    assert decision.verdict is Verdict.PROCEED
    assert decision.minimum_profit == 97_600_000


def test_the_fee_of_the_layer_below_is_part_of_the_cost() -> None:
    assert decide(replace(GOOD, l1_fee=10**15)).gas_cost == decide(GOOD).gas_cost + 10**15


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"simulated_profit": 0}, "not_profitable"),
        ({"simulated_profit": -1}, "not_profitable"),
        ({"simulated_profit": 200_000 * 21 * GWEI}, "not_profitable_after_gas"),
        ({"limits": limits(min_profit_usd=Decimal("287.400001"))}, "below_min_profit"),
        ({"limits": limits(max_trade_size_usd=Decimal("29999.999999"))}, "above_max_trade_size"),
        ({"limits": limits(max_base_fee=20 * GWEI - 1)}, "base_fee_too_high"),
        ({"limits": limits(max_fee_per_gas=20 * GWEI - 1)}, "max_fee_too_low"),
        ({"limits": limits(max_fee_per_gas=21 * GWEI, least_priority_fee=GWEI + 1)}, "max_fee_too_low"),
        ({"gas_limit": 48_000_000, "gas_money": 3 * ETHER}, "fee_cap_exceeded"),
        ({"gas_judgement": judge(21 * GWEI, LEVELS)}, "gas_level_never"),
        ({"now": 2_000, "deadline": 2_000}, "deadline_passed"),
        ({"gas_money": 240_000 * 40 * GWEI - 1}, "insufficient_gas_money"),
        ({"gas_money": 240_000 * 40 * GWEI + 5, "l1_fee": 2, "l1_fee_held": 6}, "insufficient_gas_money"),
        ({"native_usd": None}, "price_unavailable"),
    ],
)
def test_each_limit_declines_by_its_name(changes: dict[str, Any], code: str) -> None:
    decision = decide(replace(GOOD, **changes))

    assert decision.verdict is Verdict.DECLINE
    assert codes(decision) == [code]
    assert decision.reasons[0].message
    assert decision.reasons[0].facts


@pytest.mark.parametrize(
    "changes",
    [
        {"limits": limits(min_profit_usd=Decimal("287.4"))},
        {"limits": limits(max_trade_size_usd=Decimal(30_000))},
        {"limits": limits(max_base_fee=20 * GWEI)},
        {"limits": limits(max_fee_per_gas=21 * GWEI, least_priority_fee=GWEI)},
        {"gas_limit": 47_000_000, "gas_money": 3 * ETHER},
        {"now": 1_999, "deadline": 2_000},
        {"gas_money": 240_000 * 40 * GWEI},
        {"gas_money": 240_000 * 40 * GWEI + 6, "l1_fee": 2, "l1_fee_held": 6},
    ],
)
def test_a_limit_that_is_just_kept_does_not_decline(changes: dict[str, Any]) -> None:
    assert decide(replace(GOOD, **changes)).verdict is Verdict.PROCEED


def test_all_reasons_come_at_once() -> None:
    decision = decide(
        replace(
            GOOD,
            simulated_profit=-5,
            now=2_000,
            deadline=1_500,
            gas_money=0,
            limits=Limits(Decimal(1), Decimal(1), max_base_fee=1),
            gas_judgement=judge(21 * GWEI, LEVELS),
        )
    )

    assert codes(decision) == [
        "deadline_passed",
        "not_profitable",
        "above_max_trade_size",
        "base_fee_too_high",
        "gas_level_never",
        "insufficient_gas_money",
    ]


def test_no_price_is_needed_where_no_limit_is_in_dollars_and_profit_is_in_the_native_coin() -> None:
    decision = decide(replace(GOOD, native_usd=None, limits=Limits(Decimal(0))))

    assert decision.verdict is Verdict.PROCEED
    assert decision.expected_net_profit_usd is None


def test_without_a_price_of_the_native_coin_gas_cannot_be_judged_in_dollars() -> None:
    decision = decide(replace(IN_DOLLARS, native_usd=None, limits=Limits(Decimal(0))))

    assert codes(decision) == ["price_unavailable"]
    assert decision.reasons[0].facts == {"missing": ["the native coin"], "needed_for": ["the gas cost"]}
    assert decision.expected_net_profit is None
    assert decision.gas_cost_settlement is None


def test_a_missing_price_names_every_limit_that_needs_it() -> None:
    decision = decide(
        replace(IN_DOLLARS, settlement_usd=None, limits=Limits(Decimal(1), max_trade_size_usd=Decimal(5)))
    )

    assert codes(decision) == ["price_unavailable"]
    assert decision.reasons[0].facts == {
        "missing": ["USDC"],
        "needed_for": ["the gas cost", "min_profit_usd", "max_trade_size_usd"],
    }


@pytest.mark.parametrize(
    ("price", "profit_in_gas_costs", "expected"),
    [
        (GWEI // 2, Fraction(11, 10), []),
        (GWEI, Fraction(19, 10), ["gas_level_too_high"]),
        (GWEI, Fraction(2), []),
        (3 * GWEI, Fraction(29, 10), ["gas_level_too_high"]),
        (3 * GWEI, Fraction(3), []),
        (7 * GWEI, Fraction(49, 10), ["gas_level_too_high"]),
        (7 * GWEI, Fraction(5), []),
        (10 * GWEI, Fraction(1_000), ["gas_level_never"]),
    ],
)
def test_on_an_l2_dearer_gas_asks_for_more_profit(
    price: int, profit_in_gas_costs: Fraction, expected: list[str]
) -> None:
    gas_cost = 200_000 * price
    facts = replace(
        GOOD,
        fees=Fees(price * 2, 0, price),
        simulated_profit=int(gas_cost * profit_in_gas_costs),
        limits=Limits(Decimal(0)),
        gas_judgement=judge(price, LEVELS),
    )

    assert codes(decide(facts)) == expected


prices = st.none() | st.fractions(Fraction(1, 10**6), Fraction(10**6), max_denominator=10**8)
any_limits = st.builds(
    Limits,
    min_profit_usd=st.decimals(0, 10**4, places=2),
    max_trade_size_usd=st.none() | st.decimals(0, 10**8, places=2),
    profit_share_bps=st.integers(0, 10_000),
    max_base_fee=st.none() | st.integers(0, 10**12),
    max_fee_per_gas=st.none() | st.integers(0, 10**12),
    least_priority_fee=st.integers(0, 10**10),
)


@st.composite
def any_facts(draw: st.DrawFn) -> DecisionFacts:
    base_fee = draw(st.integers(0, 10**12))
    tip = draw(st.integers(0, 10**10))
    native = draw(st.booleans())
    is_l2 = draw(st.booleans())
    return DecisionFacts(
        simulated_profit=draw(st.integers(-(10**19), 10**21)),
        amount_in=draw(st.integers(1, 10**24)),
        gas_used=draw(st.integers(21_000, 10**6)),
        gas_limit=draw(st.integers(21_000, 2 * 10**6)),
        fees=Fees(base_fee + tip, tip, base_fee),
        settlement=WETH if native else USDC,
        settlement_is_native=native,
        gas_money=draw(st.integers(0, 10**22)),
        now=draw(st.integers(0, 2_000)),
        limits=draw(any_limits),
        settlement_usd=draw(prices),
        native_usd=draw(prices),
        l1_fee=draw(st.integers(0, 10**16)),
        deadline=draw(st.none() | st.integers(0, 2_000)),
        gas_judgement=judge(base_fee + tip, LEVELS) if is_l2 else None,
    )


@given(any_facts())
def test_nothing_that_would_lose_money_proceeds(facts: DecisionFacts) -> None:
    decision = decide(facts)
    if decision.verdict is Verdict.PROCEED:
        assert decision.expected_net_profit is not None
        assert decision.expected_net_profit > 0
        assert decision.gas_cost_settlement is not None
        assert decision.minimum_profit > decision.gas_cost_settlement or decision.gas_cost_settlement == 0


@given(any_facts())
def test_what_proceeds_asks_for_no_more_than_was_simulated(facts: DecisionFacts) -> None:
    decision = decide(facts)
    if decision.verdict is Verdict.PROCEED:
        assert 1 <= decision.minimum_profit <= facts.simulated_profit


@given(any_facts())
def test_a_decline_always_has_a_reason_and_a_go_never(facts: DecisionFacts) -> None:
    decision = decide(facts)

    assert (decision.verdict is Verdict.DECLINE) == bool(decision.reasons)
    assert len(set(codes(decision))) == len(decision.reasons)


@given(any_facts(), st.integers(0, 10**12))
def test_dearer_gas_never_turns_a_decline_into_a_go(facts: DecisionFacts, more: int) -> None:
    fees = Fees(
        facts.fees.max_fee_per_gas + more, facts.fees.max_priority_fee_per_gas, facts.fees.base_fee + more
    )
    judgement = None if facts.gas_judgement is None else judge(fees.effective_price, LEVELS)
    dearer = replace(facts, fees=fees, gas_judgement=judgement)
    if decide(dearer).verdict is Verdict.PROCEED:
        assert decide(facts).verdict is Verdict.PROCEED


@given(any_facts(), st.integers(0, 10**21))
def test_a_larger_profit_never_turns_a_go_into_a_decline(facts: DecisionFacts, more: int) -> None:
    if decide(facts).verdict is Verdict.PROCEED:
        assert (
            decide(replace(facts, simulated_profit=facts.simulated_profit + more)).verdict is Verdict.PROCEED
        )


@given(any_facts(), st.decimals(0, 10**4, places=2))
def test_a_stricter_wish_never_turns_a_decline_into_a_go(facts: DecisionFacts, more: Decimal) -> None:
    stricter = replace(facts, limits=replace(facts.limits, min_profit_usd=facts.limits.min_profit_usd + more))
    if decide(stricter).verdict is Verdict.PROCEED:
        assert decide(facts).verdict is Verdict.PROCEED
