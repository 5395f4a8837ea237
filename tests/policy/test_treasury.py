"""Gas money moves within its limits: nobody who gives is left short, nobody gets too much, a promise made to
the chain is never lowered for a tip."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from executor.domain.address import Address, to_address
from executor.policy.treasury import (
    LEAST_TIP_MULTIPLE,
    TIP_GAS,
    TYPICAL_TRADE_GAS,
    WARNED_TRADES,
    GasMoneyRules,
    Transfer,
    Unwrap,
    WalletMoney,
    refill,
    refill_tip,
    sweep,
    warning_level,
)

ETHER = 10**18
OWNER = to_address("0x" + "ee" * 20)
wei = st.integers(0, 2 * ETHER)
costs = st.integers(0, ETHER // 100)


def address(number: int) -> Address:
    return to_address("0x" + number.to_bytes(20, "big").hex())


def rules(
    *,
    refill_below: int | None = ETHER // 20,
    refill_to: int = ETHER // 10,
    most_per_day: int = ETHER // 2,
    keep: int = ETHER // 5,
    warn_below: int | None = None,
) -> GasMoneyRules:
    return GasMoneyRules(warn_below, refill_below, refill_to, most_per_day, keep)


@st.composite
def some_rules(draw: st.DrawFn) -> GasMoneyRules:
    refill_to = draw(st.integers(1, ETHER))
    below = draw(st.none() | st.integers(0, refill_to - 1))
    return rules(refill_below=below, refill_to=refill_to, most_per_day=draw(wei), keep=draw(wei))


@st.composite
def some_wallets(draw: st.DrawFn) -> list[WalletMoney]:
    return [WalletMoney(address(n + 1), draw(wei), draw(wei)) for n in range(draw(st.integers(1, 5)))]


def after(
    wallets: Sequence[WalletMoney], orders: Sequence[Unwrap | Transfer], cost: int
) -> tuple[Counter[Address], Counter[Address]]:
    """Native and wrapped coin when all orders are carried out and each has cost its sender `cost`."""
    native = Counter({one.address: one.native for one in wallets})
    wrapped = Counter({one.address: one.wrapped for one in wallets})
    for order in orders:
        if isinstance(order, Unwrap):
            native[order.wallet] += order.amount - cost
            wrapped[order.wallet] -= order.amount
        else:
            native[order.sender] -= order.amount + cost
            native[order.receiver] += order.amount
    return native, wrapped


@given(some_wallets(), some_rules(), wei, costs, st.booleans())
def test_whoever_gives_keeps_what_a_refilled_wallet_has(
    wallets: list[WalletMoney], limits: GasMoneyRules, spent: int, cost: int, ordered: bool
) -> None:
    orders = refill(wallets, limits, spent=spent, transfer_cost=cost, ordered=ordered)
    native, _ = after(wallets, orders, cost)

    givers = {order.sender for order in orders if isinstance(order, Transfer)}
    assert all(native[giver] >= limits.refill_to for giver in givers)
    assert givers.isdisjoint({order.receiver for order in orders if isinstance(order, Transfer)})


@given(some_wallets(), some_rules(), wei, costs, st.booleans())
def test_only_wallets_that_have_too_little_are_refilled_and_never_beyond_the_mark(
    wallets: list[WalletMoney], limits: GasMoneyRules, spent: int, cost: int, ordered: bool
) -> None:
    orders = refill(wallets, limits, spent=spent, transfer_cost=cost, ordered=ordered)
    native, wrapped = after(wallets, orders, cost)
    before = {one.address: one.native for one in wallets}
    threshold = limits.refill_to if ordered else limits.refill_below

    for order in orders:
        filled = order.wallet if isinstance(order, Unwrap) else order.receiver
        assert threshold is not None
        assert before[filled] < threshold
        assert native[filled] <= limits.refill_to
    assert all(amount >= 0 for amount in wrapped.values())


@given(some_wallets(), some_rules(), wei, costs, st.booleans())
def test_a_days_refills_stay_within_their_limit(
    wallets: list[WalletMoney], limits: GasMoneyRules, spent: int, cost: int, ordered: bool
) -> None:
    orders = refill(wallets, limits, spent=spent, transfer_cost=cost, ordered=ordered)

    assert sum(order.amount for order in orders) <= max(limits.most_per_day - spent, 0)
    assert all(order.amount > cost for order in orders)


def test_the_poorest_wallet_is_refilled_first_from_the_richest() -> None:
    poor, poorer, rich, richer = (
        WalletMoney(address(n), held)
        for n, held in enumerate((ETHER // 50, ETHER // 100, ETHER // 2, ETHER), start=1)
    )
    orders = refill([poor, rich, poorer, richer], rules(), spent=0, transfer_cost=100, ordered=False)

    assert orders == (
        Transfer(richer.address, poorer.address, ETHER // 10 - ETHER // 100),
        Transfer(richer.address, poor.address, ETHER // 10 - ETHER // 50),
    )


def test_a_wallets_own_wrapped_coin_is_unwrapped_before_another_gives() -> None:
    poor, rich = WalletMoney(address(1), ETHER // 50, wrapped=ETHER // 25), WalletMoney(address(2), ETHER)
    orders = refill([poor, rich], rules(), spent=0, transfer_cost=100, ordered=False)

    assert orders == (
        Unwrap(poor.address, ETHER // 25),
        Transfer(rich.address, poor.address, ETHER // 10 - ETHER // 50 - ETHER // 25),
    )


def test_without_a_mark_wallets_are_refilled_only_when_a_person_asks() -> None:
    wallets = [WalletMoney(address(1), 0), WalletMoney(address(2), ETHER)]
    by_command_only = rules(refill_below=None)

    assert refill(wallets, by_command_only, spent=0, transfer_cost=100, ordered=False) == ()
    assert refill(wallets, by_command_only, spent=0, transfer_cost=100, ordered=True) == (
        Transfer(address(2), address(1), ETHER // 10),
    )


@given(some_wallets(), some_rules(), costs)
def test_a_sweep_leaves_what_is_to_be_kept(
    wallets: list[WalletMoney], limits: GasMoneyRules, cost: int
) -> None:
    orders = sweep(wallets, limits, to=OWNER, transfer_cost=cost)
    native, _ = after(wallets, orders, cost)

    for order in orders:
        assert order.receiver == OWNER
        assert native[order.sender] == limits.keep
    swept = {order.sender for order in orders}
    assert all(one.native <= limits.keep + 2 * cost for one in wallets if one.address not in swept), (
        "a surplus stays only where sending would eat it up"
    )


def test_a_wallet_is_not_swept_to_itself() -> None:
    wallets = [WalletMoney(OWNER, ETHER), WalletMoney(address(1), ETHER)]

    assert [order.sender for order in sweep(wallets, rules(), to=OWNER, transfer_cost=1)] == [address(1)]


@given(wei, some_rules(), wei, wei, wei, st.integers(0, 10**12))
def test_a_tip_never_takes_what_the_trade_has_promised(
    native: int, limits: GasMoneyRules, spent: int, profit: int, minimum: int, gas_price: int
) -> None:
    order = refill_tip(
        WalletMoney(address(1), native),
        limits,
        spent=spent,
        profit=profit,
        minimum_profit=minimum,
        gas_price=gas_price,
    )
    if order is None:
        return
    assert limits.refill_below is not None
    assert native < limits.refill_below
    assert order.amount > 0
    assert profit - order.amount - TIP_GAS * gas_price >= minimum
    assert native + order.amount <= limits.refill_to
    assert order.amount <= limits.most_per_day - spent
    assert order.amount >= LEAST_TIP_MULTIPLE * TIP_GAS * gas_price


def test_a_low_wallet_is_filled_by_the_profit_beyond_the_promise() -> None:
    def tip(native: int, *, spent: int = 0, limits: GasMoneyRules | None = None) -> int:
        order = refill_tip(
            WalletMoney(address(1), native),
            limits or rules(),
            spent=spent,
            profit=ETHER,
            minimum_profit=ETHER * 95 // 100,
            gas_price=0,
        )
        return 0 if order is None else order.amount

    low = ETHER // 100
    assert tip(low) == ETHER * 5 // 100
    assert tip(ETHER // 21) == ETHER * 5 // 100
    assert tip(ETHER // 20) == 0, "it is not low"
    assert tip(low, spent=ETHER // 2 - 7) == 7
    assert tip(low, spent=ETHER // 2) == 0
    assert tip(low, limits=rules(refill_below=None)) == 0


@pytest.mark.parametrize(("price", "fee"), [(10**9, 0), (3 * 10**6, 7 * 10**12)])
def test_without_a_level_of_its_own_a_wallet_is_warned_of_below_twenty_trades(price: int, fee: int) -> None:
    level = warning_level(rules(), gas_price=price, data_fee=fee)

    assert level == WARNED_TRADES * TYPICAL_TRADE_GAS * price + WARNED_TRADES * fee
    assert warning_level(rules(warn_below=5), gas_price=price, data_fee=fee) == 5


def test_limits_that_contradict_each_other_are_no_rules() -> None:
    with pytest.raises(ValueError, match="refill_below"):
        rules(refill_below=ETHER, refill_to=ETHER)
