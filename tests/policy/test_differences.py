"""Why realised profit differs from expected profit: the causes add up to the difference."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from executor.domain.address import Address
from executor.domain.booking import NATIVE, Booking, Entry, Kind
from executor.domain.intent import Block, Purpose
from executor.policy.differences import (
    Cause,
    Difference,
    Expected,
    differences,
    realised_cost,
    realised_profit,
)

ROUTER, OPERATOR, WETH = Address("0xrouter"), Address("0xoperator"), Address("0xweth")
EXPECTED = Expected(profit=500, premium=9, tip=0, gas_used=100, gas_price=10, gas_cost=1_000)


def booked(
    *, gross: int = 509, premium: int = -9, tip: int = 0, unlogged: int = 0, used: int = 100, price: int = 10
) -> Booking:
    entries = (
        Entry(ROUTER, Kind.GROSS, WETH, gross),
        Entry(ROUTER, Kind.PREMIUM, WETH, premium),
        Entry(ROUTER, Kind.TIP, WETH, tip),
        Entry(ROUTER, Kind.UNLOGGED, WETH, unlogged),
        Entry(OPERATOR, Kind.GAS, NATIVE, -used * price),
    )
    return transaction(used, price, entries)


def transaction(
    used: int, price: int, entries: tuple[Entry, ...], *, success: bool = True, cancelled: bool = False
) -> Booking:
    return Booking(
        chain="ethereum",
        chain_id=1,
        intent_id=1,
        opportunity_id="seen-1",
        purpose=Purpose.TRADE,
        sender=OPERATOR,
        transaction_hash="0x" + "11" * 32,
        block=Block(7, "0x" + "22" * 32),
        block_time=1_700_000_000,
        success=success,
        cancelled=cancelled,
        gas_used=used,
        gas_price=price,
        checked="agrees",
        entries=entries,
    )


def failed(used: int = 40, price: int = 10, *, cancelled: bool = False) -> Booking:
    entries = (Entry(OPERATOR, Kind.GAS, NATIVE, -used * price),)
    return transaction(used, price, entries, success=cancelled, cancelled=cancelled)


def causes(*transactions: Booking) -> dict[Cause, int]:
    return {one.cause: one.amount for one in differences(EXPECTED, transactions, WETH)}


def test_a_trade_that_went_as_expected_has_no_differences() -> None:
    assert causes(booked()) == {}


def test_pools_that_gave_less_are_named() -> None:
    (one,) = differences(EXPECTED, [booked(gross=500)], WETH)
    assert one == Difference(Cause.MARKET, -9, False, "the pools gave 9 less than in the simulation")


def test_premium_tip_and_tax_are_told_apart() -> None:
    found = causes(booked(premium=-12, tip=-30, unlogged=-4))
    assert found == {Cause.PREMIUM: -3, Cause.TIP: -30, Cause.TAX: -4}


def test_more_gas_counts_at_the_expected_price_and_a_dearer_price_at_the_gas_used() -> None:
    assert causes(booked(used=110, price=12)) == {Cause.GAS_USED: -100, Cause.GAS_PRICE: -220}


def test_a_data_fee_that_came_on_top_is_told() -> None:
    one = booked()
    with_fee = replace(one, entries=(*one.entries, Entry(OPERATOR, Kind.L1_FEE, NATIVE, -70)))
    assert causes(with_fee) == {Cause.DATA_FEE: -70}


def test_a_reverted_transaction_loses_the_expected_profit_and_its_gas() -> None:
    assert causes(failed()) == {Cause.REVERTED: -500, Cause.GAS_USED: 600}


def test_a_cancelled_one_says_so() -> None:
    assert causes(failed(cancelled=True))[Cause.CANCELLED] == -500


def test_nothing_mined_says_so() -> None:
    gain, gas = differences(EXPECTED, [], WETH)
    assert (gain.cause, gain.amount, gain.in_native) == (Cause.NOTHING_MINED, -500, False)
    assert (gas.cause, gas.amount, gas.in_native) == (Cause.GAS_NOT_PAID, 1_000, True)


def test_a_second_try_after_a_reverted_one_costs_the_first_ones_gas() -> None:
    assert causes(failed(), booked()) == {Cause.OTHER_TRANSACTIONS: -400}


SIGNED = st.integers(-(10**24), 10**24)
GAS = st.integers(0, 10**12)
TRADES = st.builds(booked, gross=SIGNED, premium=SIGNED, tip=SIGNED, unlogged=SIGNED, used=GAS, price=GAS)
FAILURES = st.builds(failed, GAS, GAS, cancelled=st.booleans())


@given(
    st.builds(Expected, SIGNED, SIGNED, SIGNED, GAS, GAS, GAS),
    st.lists(FAILURES, max_size=3),
    st.lists(TRADES, max_size=1),
)
def test_the_causes_add_up_to_the_difference(
    expected: Expected, failures: list[Booking], trades: list[Booking]
) -> None:
    transactions = [*failures, *trades]
    found = differences(expected, transactions, WETH)
    in_settlement = sum(one.amount for one in found if not one.in_native)
    in_native = sum(one.amount for one in found if one.in_native)
    assert in_settlement == realised_profit(transactions, WETH) - expected.profit
    assert in_native == expected.gas_cost - realised_cost(transactions)
