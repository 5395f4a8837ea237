"""Quotes of V4 pools against the real PoolManager, on random pools, fees and amounts, to the wei."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from devnet import ETHEREUM_FULL, Node
from devnet.errors import RpcError
from executor.domain.address import ZERO_ADDRESS, to_address
from executor.domain.dex import Dex
from executor.domain.errors import MathsError, PoolNotFoundError, TicksUnknownError
from executor.domain.pool import Pool, VenueKind
from executor.venues import uniswap_v4
from executor.venues.uniswap_v3_maths import MAX_TICK, MIN_TICK, sqrt_ratio_at_tick
from executor.venues.uniswap_v4 import HookEffect, V4State, hook_effect
from executor.venues.uniswap_v4_events import MODIFY_LIQUIDITY
from executor.venues.uniswap_v4_state import DYNAMIC_FEE
from tests.support.answers import read_from
from tests.support.lens import ask_lens
from tests.support.logs import logs_since
from tests.support.v4_pools import V4Desk

# A hook at this address is called for nothing; it may still set the fee of its pools.
FEE_SETTER = "0x4444444444444444444444444444444444440000"
ON_A_NODE = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
spacings = st.sampled_from([10, 60, 200, 2_000, 32_767])
fees = st.sampled_from([0, 1, 100, 500, 3_000, 10_000, 250_000, 900_000])
protocol_fees = st.sampled_from([0, 1, 250, 1_000])
amounts = st.integers(1, 1_000) | st.integers(1, 10**12) | st.integers(1, 10**20)
shapes = st.tuples(st.integers(0, 300), st.integers(1, 300), st.integers(1_000, 10**16))
# Uniswap's own test contract refuses to take away what is worth less than a smallest unit.
worthy = st.tuples(st.integers(0, 300), st.integers(1, 300), st.integers(10**13, 10**16))


@pytest.fixture
def desk(ethereum_full: Node) -> Iterator[V4Desk]:
    yield V4Desk.on(ethereum_full, ETHEREUM_FULL)


def opened(desk: V4Desk, fee: int, spacing: int, tick: int, positions: list[tuple[int, int, int]]) -> Pool:
    """A new pool at that tick, with one position over all prices and others around."""
    pool, outermost, centre = desk.unopened(fee, spacing), MAX_TICK // spacing, tick // spacing
    around = [
        (max(-outermost, centre - below) * spacing, min(outermost, centre + above) * spacing, liquidity)
        for below, above, liquidity in positions
    ]
    whole = (-outermost * spacing, outermost * spacing, 10**15)
    desk.open(pool, sqrt_ratio_at_tick(tick) + 12_345, [whole, *around])
    return pool


def much(desk: V4Desk, pool: Pool) -> V4State:
    """The pool with its ticks far to both sides, by the lens."""
    request = uniswap_v4.lens_request(pool, (2**128 - 1, 2**128 - 1))
    (answer,) = ask_lens(desk.node, ("uniswap_v4", request))
    assert answer is not None
    return uniswap_v4.lens_state(pool, answer)


def further(desk: V4Desk, state: V4State, toward_low: bool) -> V4State:
    """The same with more ticks on one side."""
    (answer,) = ask_lens(desk.node, ("uniswap_v4", uniswap_v4.lens_further(state, toward_low)))
    assert answer is not None
    wider = uniswap_v4.lens_state(state.pool, answer)
    assert (wider.known_low, wider.known_high) != (state.known_low, state.known_high)
    return wider


@settings(max_examples=40, suppress_health_check=ON_A_NODE)
@given(
    fee=fees,
    spacing=spacings,
    tick=st.integers(-50_000, 50_000),
    positions=st.lists(shapes, max_size=4),
    protocol=st.tuples(protocol_fees, protocol_fees),
    asked=st.lists(st.tuples(st.booleans(), amounts), min_size=20, max_size=40),
)
def test_amounts_are_those_of_the_pool_manager(
    desk: V4Desk,
    fee: int,
    spacing: int,
    tick: int,
    positions: list[tuple[int, int, int]],
    protocol: tuple[int, int],
    asked: list[tuple[bool, int]],
) -> None:
    pool = opened(desk, fee, spacing, tick, positions)
    desk.set_protocol_fee(pool, *protocol)
    state = much(desk, pool)
    for zero_for_one, amount in asked:
        try:
            expected = desk.quoted(pool, zero_for_one, amount)
        except RpcError:
            with pytest.raises((MathsError, TicksUnknownError)):
                uniswap_v4.amount_out(state, zero_for_one, amount)
            continue
        assert uniswap_v4.amount_out(state, zero_for_one, amount) == expected
        if expected:
            paid = desk.quoted(pool, zero_for_one, expected, exact_out=True)
            assert uniswap_v4.exact_out(state, zero_for_one, expected) == paid
            assert uniswap_v4.amount_in(state, zero_for_one, expected) <= min(paid, amount)


@settings(max_examples=12, suppress_health_check=ON_A_NODE)
@given(
    fee=st.sampled_from([250, 7_000]),
    spacing=st.sampled_from([60, 200]),
    tick=st.integers(-20_000, 20_000),
    positions=st.lists(shapes, min_size=1, max_size=3),
    moves=st.lists(st.tuples(st.booleans(), amounts, st.none() | worthy), min_size=3, max_size=6),
)
def test_a_followed_pool_is_the_one_that_is_read_again(
    desk: V4Desk,
    fee: int,
    spacing: int,
    tick: int,
    positions: list[tuple[int, int, int]],
    moves: list[tuple[bool, int, tuple[int, int, int] | None]],
) -> None:
    """Swaps, positions added and taken away, the protocol's fee; the state after each swap as foretold."""
    pool = opened(desk, fee, spacing, tick, positions)
    followed, seen = much(desk, pool), desk.node.block_number
    for zero_for_one, amount, shape in moves:
        foretold = uniswap_v4.quote(followed, zero_for_one, amount)
        desk.swap(pool, zero_for_one, amount)
        if shape is not None:
            centre, outermost = foretold.tick // spacing, MAX_TICK // spacing
            lower = max(-outermost, min(outermost - 1, centre - shape[0])) * spacing
            position = lower, min(outermost * spacing, lower + shape[1] * spacing)
            desk.provide(pool, *position, shape[2])
            desk.provide(pool, *position, -shape[2] // 2)
            desk.set_protocol_fee(pool, shape[0], shape[1])
        for log in logs_since(desk.node, seen, uniswap_v4.emitters(pool)):
            after = uniswap_v4.follow(followed, log)
            if after is None:
                # Two positions cancel out at a tick: no log tells whether the pool still stops there.
                assert log.topics[0] == MODIFY_LIQUIDITY
                followed = much(desk, pool)
                break
            if log.topics[0] in uniswap_v4.TOPICS and len(log.data) == 6 * 32:
                assert (after.sqrt_price_x96, after.tick, after.liquidity) == (
                    foretold.sqrt_price_x96,
                    foretold.tick,
                    foretold.liquidity,
                )
            followed = after
        seen = desk.node.block_number
        assert followed == much(desk, pool)


def test_reading_slot_by_slot_tells_what_the_lens_tells(desk: V4Desk) -> None:
    pool = opened(desk, 400, 60, 1_234, [(30, 40, 10**12), (900, 1_800, 10**13)])
    state = read_from(desk.node, uniswap_v4.read(pool, words=0))
    assert len(state.ticks) < 6
    for toward_low in (True, False):
        while (wider := read_from(desk.node, uniswap_v4.extend(state, toward_low))) != state:
            state = wider
    whole = much(desk, pool)

    assert state.ticks == whole.ticks
    assert len(state.ticks) == 6
    assert (state.sqrt_price_x96, state.tick, state.liquidity, state.lp_fee, state.protocol_fee) == (
        whole.sqrt_price_x96,
        whole.tick,
        whole.liquidity,
        whole.lp_fee,
        whole.protocol_fee,
    )


def test_ticks_that_were_not_read_are_asked_for_and_the_lens_reads_on(desk: V4Desk) -> None:
    pool = opened(desk, 500, 1, 0, [(9_000, 9_000, 10**15)])
    (answer,) = ask_lens(desk.node, ("uniswap_v4", uniswap_v4.lens_request(pool, (1, 1))))
    assert answer is not None
    state = uniswap_v4.lens_state(pool, answer)
    with pytest.raises(TicksUnknownError) as caught:
        uniswap_v4.amount_out(state, True, 10**15)
    assert caught.value.facts["pool"] == pool.key

    while True:
        try:
            found = uniswap_v4.amount_out(state, True, 10**15)
            break
        except TicksUnknownError:
            state = further(desk, state, True)
    assert found == desk.quoted(pool, True, 10**15)


def test_a_fee_that_a_hook_has_set_is_read_and_is_not_followed(desk: V4Desk) -> None:
    pool = desk.pool(DYNAMIC_FEE, 60, FEE_SETTER)
    desk.open(pool, 2**96, [(-6_000, 6_000, 10**15)])
    desk.set_dynamic_fee(pool, 7_777)
    state = much(desk, pool)

    assert state.lp_fee == 7_777
    assert uniswap_v4.amount_out(state, True, 10**9) == desk.quoted(pool, True, 10**9)
    assert not uniswap_v4.followable(state)


def test_a_pool_whose_hook_only_counts_gives_what_was_quoted(desk: V4Desk) -> None:
    (record,) = (pool for pool in ETHEREUM_FULL.pools if pool.hooks != ZERO_ADDRESS)
    pool = desk.pool(record.fee, record.tick_spacing, record.hooks)
    state = much(desk, pool)

    assert hook_effect(to_address(record.hooks), record.fee) is HookEffect.CALLED
    for zero_for_one, amount in ((True, 10**9), (False, 10**18)):
        assert uniswap_v4.amount_out(state, zero_for_one, amount) == desk.quoted(pool, zero_for_one, amount)
    assert uniswap_v4.followable(state)


@pytest.mark.parametrize(
    ("flags", "fee", "effect"),
    [
        (0x0000, 3_000, HookEffect.NONE),
        (0x3F30, 3_000, HookEffect.NONE),
        (0x0003, 3_000, HookEffect.NONE),
        (0x0000, DYNAMIC_FEE, HookEffect.NONE),
        (0x0080, 3_000, HookEffect.CALLED),
        (0x0040, DYNAMIC_FEE, HookEffect.CALLED),
        (0x0080, DYNAMIC_FEE, HookEffect.CHANGES_AMOUNTS),
        (0x0088, 3_000, HookEffect.CHANGES_AMOUNTS),
        (0x0044, 3_000, HookEffect.CHANGES_AMOUNTS),
        (0x00CC, 3_000, HookEffect.CHANGES_AMOUNTS),
    ],
)
def test_the_last_bits_of_a_hooks_address_say_what_it_may_do(
    flags: int, fee: int, effect: HookEffect
) -> None:
    assert hook_effect(to_address(f"0x{0x77 << 100 | flags:040x}"), fee) is effect


def test_a_pool_whose_hook_may_change_amounts_is_refused_and_the_way_out_is_named(desk: V4Desk) -> None:
    state = V4State(desk.pool(3_000, 60, f"0x{0x77 << 100 | 0x44:040x}"), 2**96, 0, 10**18, {}, -9_000, 9_000)
    for ask in (uniswap_v4.amount_out, uniswap_v4.amount_in, uniswap_v4.quote, uniswap_v4.stretch):
        with pytest.raises(MathsError, match="up to its hook") as caught:
            ask(state, True, 1)
        assert "simulate" in caught.value.fix
    assert not uniswap_v4.followable(state)


def test_an_amount_that_the_pool_manager_could_not_account_for_is_refused(desk: V4Desk) -> None:
    state = V4State(desk.pool(0, 60), 2**96, 0, 2**127, {}, MIN_TICK, MAX_TICK)

    assert uniswap_v4.amount_out(state, True, 2**126) > 0
    with pytest.raises(MathsError):
        uniswap_v4.amount_out(state, True, 2**127)


def test_the_pools_of_two_tokens_are_found_by_their_keys(desk: V4Desk) -> None:
    opened(desk, 123, 7, 0, [])
    tiers = {123: 7, 500: 10, 3_000: 60, 77: 1}
    dex = Dex("uniswap_v4", VenueKind.UNISWAP_V4, desk.manager, fee_tiers=tiers)
    sample = desk.pool(500, 10)
    found = read_from(desk.node, uniswap_v4.find(dex, sample.token1, sample.token0))

    assert desk.pool(123, 7) in found
    assert desk.pool(77, 1) not in found
    with pytest.raises(PoolNotFoundError, match="without hooks"):
        read_from(
            desk.node,
            uniswap_v4.find(Dex("v4", VenueKind.UNISWAP_V4, desk.manager), sample.token0, sample.token1),
        )
    with pytest.raises(PoolNotFoundError):
        read_from(desk.node, uniswap_v4.read(desk.pool(77, 1)))
