"""States of StableSwap pools that follow the log, against the independent model; and what is read again."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from eth_utils.crypto import keccak
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from devnet import abi
from executor.domain.address import ZERO_ADDRESS, to_address
from executor.domain.log import Log
from executor.domain.pool_details import CurveDetails, CurveRates, CurveShape
from executor.venues import curve_events, curve_pools, curve_stable
from executor.venues.curve_crypto import CryptoState
from executor.venues.curve_pools import StableState, State
from executor.venues.curve_stable import RATE_UNIT, Ramp
from tests.support.curve_states import POOL, pool_of
from tests.support.curvesim import models

SOME = settings(max_examples=100)
ELSEWHERE = to_address(f"0x{0xE15E:040x}")
PROVIDER = bytes(12) + bytes.fromhex(POOL[2:])
USER = "0x" + "11" * 20


def log(event: str, kinds: str, *values: Any, address: str = POOL) -> Log:
    """An event of the pool, indexed by its user."""
    return Log(to_address(address), (keccak(text=event), PROVIDER), abi.encode(kinds, *values), 1, "0x", 0)


def state_with(
    balances: tuple[int, ...], amplification: int = 20_000, fee: int = 10**7, admin: int = 5 * 10**9
) -> StableState:
    """A pool of coins of 18 decimals."""
    count = len(balances)
    pool = pool_of((18,) * count)
    return StableState(pool, CurveShape.STABLE, balances, (RATE_UNIT,) * count, amplification, fee, admin)


def model_of(state: StableState) -> Any:
    """`curvesim`'s pool in the state, which gives up where it would search for ever."""

    class Model(models().StableSwap):  # type: ignore[misc]
        def get_D(self, xp: list[int], A: int) -> int:  # noqa: N802, N803
            try:
                curve_stable.invariant(tuple(xp), A * 100, curve_stable.Rounding())
            except ArithmeticError:
                assume(False)
            return int(super().get_D(xp, A))

    return Model(
        A=state.amplification // 100,
        D=list(state.balances),
        n=len(state.balances),
        rates=list(state.rates),
        fee=state.fee,
        admin_fee=state.admin_fee,
    )


def fixed(event: str, count: int) -> str:
    """The event's name where its lists have a place for each coin."""
    return event.replace("*", f"uint256[{count}]")


held = st.lists(st.integers(10**20, 10**26), min_size=2, max_size=4).map(tuple)
parts = st.lists(st.integers(0, 900), min_size=4, max_size=4)
fees = st.integers(0, 10**8)
admins = st.integers(0, 10**10)


@SOME
@given(held, parts, fees, admins, st.booleans())
def test_a_deposit_leaves_the_balances_that_the_model_has(
    balances: tuple[int, ...], per_mille: list[int], fee: int, admin: int, listed: bool
) -> None:
    state, count = state_with(balances, fee=fee, admin=admin), len(balances)
    amounts = [balance * part // 1_000 for balance, part in zip(balances, per_mille, strict=False)]
    model = model_of(state)
    _, charged = model.calc_token_amount(amounts, use_fee=True)
    model.add_liquidity(amounts)
    name, list_kind = "AddLiquidity(address,*,*,uint256,uint256)", f"uint256[{count}]"
    if listed:
        name, list_kind = name.replace("*", "uint256[]"), "uint256[]"
    event = log(fixed(name, count), f"({list_kind},{list_kind},uint256,uint256)", amounts, charged, 1, 2)

    followed = curve_pools.follow(state, event)

    assert followed == replace(state, balances=tuple(model.balances))


@SOME
@given(held, parts, fees, admins)
def test_an_uneven_withdrawal_leaves_the_balances_that_the_model_has(
    balances: tuple[int, ...], per_mille: list[int], fee: int, admin: int
) -> None:
    state, count = state_with(balances, fee=fee, admin=admin), len(balances)
    amounts = [balance * part // 4_000 for balance, part in zip(balances, per_mille, strict=False)]
    model = model_of(state)
    left = [balance - amount for balance, amount in zip(balances, amounts, strict=True)]
    before, after = model.D(), model.get_D_mem(left, model.A)
    rate = fee * count // (4 * (count - 1))
    charged = [
        rate * abs(after * old // before - new) // 10**10 for old, new in zip(balances, left, strict=True)
    ]
    model.remove_liquidity_imbalance(amounts)
    name, list_kind = "RemoveLiquidityImbalance(address,*,*,uint256,uint256)", f"uint256[{count}]"
    event = log(fixed(name, count), f"({list_kind},{list_kind},uint256,uint256)", amounts, charged, 1, 2)

    followed = curve_pools.follow(state, event)

    assert followed == replace(state, balances=tuple(model.balances))


@pytest.mark.parametrize("listed", [True, False])
def test_an_even_withdrawal_takes_the_amounts_and_no_fee(listed: bool) -> None:
    state = state_with((10**24, 2 * 10**24, 3 * 10**24))
    amounts, none = [10**21, 2 * 10**21, 3 * 10**21], [0, 0, 0]
    kind = "uint256[]" if listed else "uint256[3]"
    name = f"RemoveLiquidity(address,{kind},{kind},uint256)"
    event = log(name, f"({kind},{kind},uint256)", amounts, [] if listed else none, 1)

    followed = curve_pools.follow(state, event)

    expected = tuple(balance - amount for balance, amount in zip(state.balances, amounts, strict=True))
    assert followed == replace(state, balances=expected)


def exchange_log(state: StableState, i: int, j: int, sold: int, bought: int) -> Log:
    name = "TokenExchange(address,int128,uint256,int128,uint256)"
    return log(name, "(int128,uint256,int128,uint256)", i, sold, j, bought)


def test_an_exchange_of_what_was_worked_out_is_followed_and_of_anything_else_read_again() -> None:
    state = state_with((10**24, 2 * 10**24))
    bought = curve_pools.amount_out(state, True, 10**21)
    event = exchange_log(state, 0, 1, 10**21, bought)

    assert curve_pools.follow(state, event) == curve_pools.after(state, True, 10**21)
    for strange in (bought - 1, bought + 1, 0):
        assert curve_pools.follow(state, exchange_log(state, 0, 1, 10**21, strange)) is None
    for i, j in ((0, 0), (0, 2), (-1, 1)):
        assert curve_pools.follow(state, exchange_log(state, i, j, 10**21, bought)) is None
    assert curve_pools.follow(state, replace(event, data=event.data[:40])) is None


def test_new_fees_are_taken_over() -> None:
    state = state_with((10**24, 2 * 10**24))
    data = abi.encode("(uint256,uint256)", 7, 8)
    event = Log(POOL, (keccak(text="NewFee(uint256,uint256)"),), data, 1, "0x", 0)

    assert curve_pools.follow(state, event) == replace(state, fee=7, admin_fee=8)


@pytest.mark.parametrize("topic", sorted(curve_events.READ_AGAIN), ids=lambda topic: topic.hex()[:8])
def test_what_does_not_tell_the_state_has_the_pool_read_again(topic: bytes) -> None:
    state = state_with((10**24, 2 * 10**24))

    assert curve_pools.follow(state, Log(POOL, (topic,), bytes(320), 1, "0x", 0)) is None


def test_logs_of_others_and_of_other_things_change_nothing() -> None:
    state = state_with((10**24, 2 * 10**24))
    event = exchange_log(state, 0, 1, 10**21, 1)

    transfer = keccak(text="Transfer(address,address,uint256)")
    for other in (
        replace(event, address=ELSEWHERE),
        replace(event, topics=(transfer, PROVIDER)),
        replace(event, topics=()),
    ):
        assert curve_pools.follow(state, other) is state
    assert curve_pools.emitters(state.pool) == (POOL,)
    assert event.topics[0] in curve_pools.TOPICS
    assert transfer not in curve_pools.TOPICS


def test_only_what_no_clock_and_no_stranger_moves_is_followed() -> None:
    state = state_with((10**24, 2 * 10**24))
    known = state.pool.details
    assert isinstance(known, CurveDetails)
    moving: list[State] = [
        replace(state, ramp=Ramp(1, 2, 3, 4, 100)),
        replace(state, admin_fee=None),
        replace(state, settled=False),
        *(
            replace(state, pool=replace(state.pool, details=replace(known, **change)))
            for change in (
                {"rates": CurveRates.STORED},
                {"holds": True},
                {"coins": (ZERO_ADDRESS, known.coins[1])},
            )
        ),
        crypto_state(),
    ]

    assert curve_pools.followable(state)
    for each in moving:
        assert not curve_pools.followable(each)
        assert curve_pools.follow(each, exchange_log(state, 0, 1, 10**21, 1)) is None


def crypto_state() -> CryptoState:
    pool = pool_of((18, 18), CurveShape.CRYPTO_TWO)
    numbers = (400_000, 10**14, 10**7, 10**8, 10**15)
    return CryptoState(
        pool, CurveShape.CRYPTO_TWO, (10**24, 10**24), (1, 1), (RATE_UNIT,), 2 * 10**24, *numbers
    )
