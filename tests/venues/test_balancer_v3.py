"""Balancer V3's weighted and stable pools, against its Vault, its pools' code and recorded results."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from devnet import Node, abi
from devnet.roles import account
from executor.domain.dex import Dex
from executor.domain.errors import MathsError, PoolNotFoundError
from executor.domain.pool import Pool, VenueKind
from executor.domain.pool_details import BalancerV3Details
from executor.venues import balancer_v3, balancer_v3_reads
from executor.venues.balancer_curves import StableCurve, WeightedCurve
from executor.venues.balancer_v3_state import BalancerV3State
from tests.support.answers import read_from
from tests.support.balancer_v2_pools import STORED_RATE
from tests.support.balancer_v3_pools import (
    EXACT_IN,
    EXACT_OUT,
    LIQUIDITY_HOOK_BIT,
    RECOVERY_BIT,
    SWAP_HOOK_BITS,
    V3Workshop,
)
from tests.support.lens import ask_lens
from tests.support.logs import logs_since

PERCENT = 10**16
FEE = 3 * PERCENT // 10
RATES = (1_234567890123456789, 0, 1_000000000000000001)
START = {"DAI": 900_000, "USDC": 1_100_000, "USDT": 800_000, "WETH": 400}
DOLLARS = ("DAI", "USDC", "USDT")
SHAPES: dict[str, tuple[tuple[str, ...], int | list[int], tuple[int, ...]]] = {
    "halves": (("DAI", "WETH"), [50 * PERCENT, 50 * PERCENT], ()),
    "fourfold": (("DAI", "USDC", "WETH"), [64 * PERCENT, 20 * PERCENT, 16 * PERCENT], ()),
    "odd at rates": (("DAI", "USDC", "WETH"), [13 * PERCENT, 34 * PERCENT, 53 * PERCENT], RATES),
    "stable": (DOLLARS, 321, ()),
    "stable at rates": (DOLLARS, 2_000, RATES),
}
many = settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
few = settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(scope="module")
def workshop(ethereum_full_node: Node) -> Iterator[V3Workshop]:
    """The local mainnet with further pools; gone after these tests."""
    with ethereum_full_node.isolated():
        yield V3Workshop(ethereum_full_node)


@pytest.fixture(scope="module", params=list(SHAPES))
def made(workshop: V3Workshop, request: pytest.FixtureRequest) -> BalancerV3State:
    """A pool with liquidity, of which the protocol takes its part."""
    symbols, shape, rates = SHAPES[request.param]
    address = workshop.make(symbols, shape, FEE, rates)
    pool = workshop.pool(address, *symbols[:2])
    own = pool.details
    assert isinstance(own, BalancerV3Details)
    tokens = [next(t for t in map(workshop.token, symbols) if t.address == each) for each in own.tokens]
    workshop.start(address, [START[token.symbol] * 10**token.decimals for token in tokens])
    workshop.set_aggregate_fees(address, 45 * PERCENT, 10 * PERCENT)
    return read_from(workshop.node, balancer_v3.read(pool))


@pytest.fixture
def state(workshop: V3Workshop, made: BalancerV3State) -> Iterator[BalancerV3State]:
    """The pool as it was made; what a test does to it is undone."""
    with workshop.node.isolated():
        yield made


def any_size(low: int, high: int) -> st.SearchStrategy[int]:
    """Amounts of any size between two powers of ten, the small as likely as the large."""
    return st.integers(low, high - 1).flatmap(lambda power: st.integers(10**power, 10 ** (power + 1)))


def drawn_state(workshop: V3Workshop, made: BalancerV3State, data: st.DataObject) -> BalancerV3State:
    """The pool with other balances and another pair."""
    stable = isinstance(made.curve, StableCurve)
    low, high = (4, 7) if stable else (-2, 9)
    digits = [19 - len(str(factor)) for factor in made.factors]
    balances = tuple(data.draw(any_size(low + each, high + each), label="balance") for each in digits)
    return stored_state(workshop, made, balances, data)


def stored_state(
    workshop: V3Workshop, made: BalancerV3State, balances: tuple[int, ...], data: st.DataObject
) -> BalancerV3State:
    """The pool with these balances, put into the Vault's storage, and with another pair."""
    last = tuple(
        data.draw(st.integers(live * 9 // 10, live * 11 // 10), label="live") if pays else 0
        for live, pays in zip(map(made.to_live, range(len(balances)), balances), made.pays_yield, strict=True)
    )
    stored = [
        kept or made.to_live(place, balance)
        for place, (kept, balance) in enumerate(zip(last, balances, strict=True))
    ]
    workshop.set_balances(made.pool.address, balances, stored)
    i, j = data.draw(st.permutations(range(len(balances))), label="places")[:2]
    own = made.pool.details
    assert isinstance(own, BalancerV3Details)
    symbols = [workshop.book.symbol(own.tokens[place]) for place in (i, j)]
    pool = workshop.pool(made.pool.address, *symbols)
    state = read_from(workshop.node, balancer_v3.read(pool))
    assert (state.balances, state.last_live) == (balances, last)
    return state


def require_same(
    told: int | None, state: BalancerV3State, kind: str, zero_for_one: bool, amount: int
) -> None:
    """Either the Vault's answer, to the wei, or a refusal where it refuses (nothing for too little)."""
    try:
        found = (balancer_v3.amount_out if kind == EXACT_IN else balancer_v3.exact_out)(
            state, zero_for_one, amount
        )
    except MathsError:
        assert told is None
        return
    assert found == (told or 0)


@pytest.mark.parametrize("kind", [EXACT_IN, EXACT_OUT])
@many
@given(data=st.data(), zero_for_one=st.booleans())
def test_a_pool_trades_what_the_vault_tells(
    workshop: V3Workshop, state: BalancerV3State, kind: str, data: st.DataObject, zero_for_one: bool
) -> None:
    other = drawn_state(workshop, state, data)
    place = other.places[zero_for_one if kind == EXACT_OUT else not zero_for_one]
    most = max(2, other.balances[place] * 32 // 100)
    for amount in (data.draw(st.integers(1, most), label="amount"), data.draw(any_size(0, 25), label="any")):
        told = workshop.query(kind, other.pool, zero_for_one, amount)
        require_same(told, other, kind, zero_for_one, amount)


@few
@given(data=st.data(), zero_for_one=st.booleans())
def test_a_pool_near_its_limits_trades_what_the_vault_tells(
    workshop: V3Workshop, state: BalancerV3State, data: st.DataObject, zero_for_one: bool
) -> None:
    count = len(state.balances)
    if isinstance(state.curve, StableCurve):
        # The largest live balance about ten thousand times the smallest.
        smallest = data.draw(st.integers(1, 50), label="smallest") * 10**18
        wanted = [smallest * 10_000 + data.draw(st.integers(-3, 3), label="more") * 10**14] * count
        wanted[data.draw(st.integers(0, count - 1), label="place of the smallest")] = smallest
    else:
        # About as much as a weighted pool must keep: one unit of few decimals, or a little of many.
        wanted = [
            factor * data.draw(st.integers(1, 3)) if factor > 1 else 10**6 * data.draw(any_size(0, 5))
            for factor in state.factors
        ]
    units = zip(wanted, state.factors, state.rates, strict=True)
    balances = tuple(max(1, live * 10**18 // (factor * rate)) for live, factor, rate in units)
    other = stored_state(workshop, state, balances, data)
    for kind in (EXACT_IN, EXACT_OUT):
        place = other.places[zero_for_one if kind == EXACT_OUT else not zero_for_one]
        amount = data.draw(st.integers(1, max(1, balances[place] // 3)), label="amount")
        told = workshop.query(kind, other.pool, zero_for_one, amount)
        require_same(told, other, kind, zero_for_one, amount)


@pytest.mark.parametrize("made", ["fourfold"], indirect=True)
def test_a_weighted_pool_keeps_the_least_that_it_must(workshop: V3Workshop, state: BalancerV3State) -> None:
    # More than one of the two units would go, and less than one be left.
    balances = (10**9, 2, 10**9)
    live = [state.to_live(place, balance) for place, balance in enumerate(balances)]
    workshop.set_balances(state.pool.address, balances, live)
    scarce = read_from(workshop.node, balancer_v3.read(state.pool))
    assert scarce.places == (0, 1)
    found = {}
    for amount in (10**8, 2 * 10**8, 299_999_999):
        told = workshop.query(EXACT_IN, scarce.pool, True, amount)
        require_same(told, scarce, EXACT_IN, True, amount)
        found[amount] = told
    assert found[299_999_999] is None
    with pytest.raises(MathsError, match="less of a token"):
        balancer_v3.amount_out(scarce, True, 299_999_999)


def test_a_trade_gives_and_leaves_what_was_worked_out(workshop: V3Workshop, state: BalancerV3State) -> None:
    chance, pool = random.Random(5), state.pool
    for number in range(4):
        zero_for_one = number % 2 == 0
        before = read_from(workshop.node, balancer_v3.read(pool))
        amount = chance.randrange(1, before.balances[before.places[not zero_for_one]] // 5)
        expected = balancer_v3.amount_out(before, zero_for_one, amount)

        assert workshop.trade(EXACT_IN, pool, zero_for_one, amount) == expected
        assert read_from(workshop.node, balancer_v3.read(pool)) == balancer_v3.after(
            before, zero_for_one, amount
        )


def test_a_trade_for_an_exact_output_costs_what_was_worked_out(
    workshop: V3Workshop, state: BalancerV3State
) -> None:
    wanted = state.balances[state.places[1]] // 77
    expected = balancer_v3.exact_out(state, True, wanted)

    assert workshop.trade(EXACT_OUT, state.pool, True, wanted) == expected


def test_the_least_input_gives_enough_and_one_unit_less_does_not(state: BalancerV3State) -> None:
    for zero_for_one in (True, False):
        for part in (20, 99, 12_345, 10**8):
            wanted = state.balances[state.places[zero_for_one]] // part
            if wanted * state.factors[state.places[zero_for_one]] < 2 * state.least_trade:
                continue
            amount = balancer_v3.amount_in(state, zero_for_one, wanted)
            assert balancer_v3.amount_out(state, zero_for_one, amount) >= wanted
            assert balancer_v3.amount_out(state, zero_for_one, amount - 1) < wanted


def test_the_marginal_price_is_that_of_a_small_trade(state: BalancerV3State) -> None:
    for zero_for_one in (True, False):
        above, below = balancer_v3.marginal(state, zero_for_one)
        amount = state.balances[state.places[not zero_for_one]] // 10**5
        given = balancer_v3.amount_out(state, zero_for_one, amount)
        ideal = amount * above // below
        assert given <= ideal + 1
        assert (ideal - given) * 10**3 <= ideal + 2 * 10**3


def test_equal_weights_have_the_curve_of_constant_product(state: BalancerV3State) -> None:
    piece = balancer_v3.stretch(state, True, 0)
    i, j = state.places
    curve = state.curve
    if not isinstance(curve, WeightedCurve) or curve.weights[i] != curve.weights[j]:
        assert piece is None
        return
    assert piece is not None and piece.end is not None
    for amount in (piece.end // 1_000, piece.end // 3, piece.end):
        ideal = (piece.a * amount + piece.b) // (piece.c * amount + piece.d)
        # The Vault's powers have 18 decimals.
        assert 0 <= ideal - balancer_v3.amount_out(state, True, amount) <= 2 + state.balances[j] // 10**17
    with pytest.raises(MathsError):
        balancer_v3.stretch(state, True, 1)


def test_the_followed_state_is_the_one_that_is_read(workshop: V3Workshop, state: BalancerV3State) -> None:
    node, pool, chance = workshop.node, state.pool, random.Random(7)
    address, before = pool.address, state
    for number in range(6):
        block, zero_for_one = node.block_number, number % 2 == 0
        workshop.trade(
            EXACT_IN,
            pool,
            zero_for_one,
            state.balances[state.places[not zero_for_one]] // chance.randrange(5, 50),
        )
        if number == 2:
            workshop.add(address, [held // 20 * (place % 2 + 1) for place, held in enumerate(state.balances)])
        if number == 3:
            workshop.remove(address, node.erc20_balance(address, workshop.owner) // 20, pool.token0.address)
        if number == 4:
            call = abi.encode_call("setStaticSwapFeePercentage(address,uint256)", address, 2 * FEE)
            node.send(workshop.owner, workshop.vault, call)
            workshop.set_aggregate_fees(address, 20 * PERCENT, 0)
        expected = read_from(node, balancer_v3.read(pool))
        followed: BalancerV3State | None = before
        for log in logs_since(node, block, balancer_v3.emitters(pool)):
            if log.topics[0] in balancer_v3.TOPICS and followed is not None:
                followed = balancer_v3.follow(followed, log)
        assert followed == (expected if balancer_v3.followable(before) else None)
        before = expected


def test_a_rate_that_moved_is_paid_for_at_once(workshop: V3Workshop, state: BalancerV3State) -> None:
    if not any(state.pays_yield):
        return
    own = state.pool.details
    assert isinstance(own, BalancerV3Details)
    place = state.pays_yield.index(True)
    workshop.set_rate(own.tokens[place], state.rates[place] * 101 // 100)
    moved = read_from(workshop.node, balancer_v3.read(state.pool))
    assert moved.loaded().balances[place] < state.balances[place]
    amount = state.balances[state.places[0]] // 50
    expected = balancer_v3.amount_out(moved, True, amount)

    assert workshop.trade(EXACT_IN, state.pool, True, amount) == expected
    assert read_from(workshop.node, balancer_v3.read(state.pool)) == balancer_v3.after(moved, True, amount)


def test_the_lens_reads_what_a_reading_reads(workshop: V3Workshop, state: BalancerV3State) -> None:
    (answer,) = ask_lens(workshop.node, ("balancer_v3", balancer_v3.lens_request(state.pool, (0, 0))))
    assert answer is not None
    assert balancer_v3.lens_state(state.pool, answer) == state
    with pytest.raises(PoolNotFoundError):
        balancer_v3.lens_state(state.pool, answer[:-5])


@pytest.mark.parametrize("made", ["stable"], indirect=True)
def test_a_paused_pool_is_refused(workshop: V3Workshop, state: BalancerV3State) -> None:
    node, pool = workshop.node, state.pool
    block = node.block_number
    # The Vault asks its authorizer, which has no code here, whether one may pause it.
    authorizer = account("balancer v3 authorizer")
    node.set_code(authorizer, STORED_RATE)
    node.set_storage(authorizer, 0, 1)
    node.send(workshop.owner, workshop.vault, abi.encode_call("pauseVault()"))
    (log,) = logs_since(node, block, balancer_v3.emitters(pool))
    followed = balancer_v3.follow(state, log)
    assert followed == read_from(node, balancer_v3.read(pool)) == replace(state, paused=True)
    with pytest.raises(MathsError, match="paused"):
        balancer_v3.amount_out(followed, True, 10**18)


@pytest.mark.parametrize("made", ["stable", "fourfold"], indirect=True)
def test_the_vault_says_whether_a_pool_is_its_own(workshop: V3Workshop, state: BalancerV3State) -> None:
    node, pool = workshop.node, state.pool
    own = pool.details
    assert isinstance(own, BalancerV3Details)
    identity = read_from(node, balancer_v3.identify(pool.address))
    assert identity.factory == own.vault and {identity.token0, identity.token1} <= set(own.tokens)
    dex = Dex("balancer_v3", VenueKind.BALANCER_V3, own.vault)
    assert read_from(node, balancer_v3.belongs(dex, identity)) is True
    stranger = replace(identity, address=pool.token0.address)
    assert read_from(node, balancer_v3.belongs(dex, stranger)) is False
    with pytest.raises(PoolNotFoundError, match=pool.token0.symbol):
        read_from(node, balancer_v3.find(dex, pool.token0, pool.token1))


@pytest.mark.parametrize("made", ["halves"], indirect=True)
def test_a_pool_whose_code_trades_otherwise_is_refused(workshop: V3Workshop, state: BalancerV3State) -> None:
    node, pool = workshop.node, state.pool
    # One unit less than the weighted pool gives, from a contract that stands before it.
    original = node.code(pool.address)
    behind = "0x" + "5b" * 20
    node.set_code(behind, original)
    node.set_code(pool.address, taking_one_off(behind))
    with pytest.raises(MathsError, match="maths of its own"):
        read_from(node, balancer_v3.read(pool))


@pytest.mark.parametrize("made", ["halves", "stable"], indirect=True)
def test_a_pool_that_tells_its_trades_to_the_vault_only_is_read_all_the_same(
    workshop: V3Workshop, state: BalancerV3State
) -> None:
    node, pool = workshop.node, state.pool
    behind = "0x" + "5b" * 20
    node.set_code(behind, node.code(pool.address))
    node.set_code(pool.address, telling_no_trades(behind))
    assert read_from(node, balancer_v3.read(pool)) == state


def telling_no_trades(behind: str) -> bytes:
    """Runtime code that passes every call on but those of `onSwap`."""
    # if selector == onSwap, revert; calldatacopy; delegatecall(behind); returndatacopy; return or revert
    start = "5f3560e01c63" + balancer_v3_reads.ON_SWAP.hex() + "14603457"
    passing_on = "365f5f375f5f365f73" + behind[2:] + "5af4" + "3d5f5f3e"
    return bytes.fromhex(start + passing_on + "603857" + "5b3d5ffd" + "5b3d5ff3")


def taking_one_off(behind: str) -> bytes:
    """Runtime code that passes every call on and takes one off answers of one word."""
    # calldatacopy; delegatecall(behind); returndatacopy; if returndatasize == 32, mstore(0, mload(0) - 1)
    return bytes.fromhex("365f5f375f5f365f73" + behind[2:] + "5af4503d5f5f3e60203d14603057" + "3d5ff3").ljust(
        0x30, b"\x00"
    ) + bytes.fromhex("5b60015f51035f523d5ff3")


def test_a_token_that_the_pool_does_not_hold_is_named(workshop: V3Workshop) -> None:
    address = workshop.make(("DAI", "USDC"), 100, FEE)
    pool = replace(workshop.pool(address, "DAI", "USDC"), token1=workshop.token("WETH"))
    with pytest.raises(PoolNotFoundError, match="WETH"):
        read_from(workshop.node, balancer_v3.read(pool))


def test_a_pool_without_liquidity_yet_is_refused(workshop: V3Workshop) -> None:
    pool: Pool = workshop.pool(workshop.make(("DAI", "USDC"), 100, FEE), "DAI", "USDC")
    with pytest.raises(PoolNotFoundError):
        read_from(workshop.node, balancer_v3.read(pool))


@pytest.mark.parametrize("made", ["stable"], indirect=True)
@pytest.mark.parametrize("hook", list(SWAP_HOOK_BITS))
def test_a_pool_with_a_hook_in_its_swaps_is_refused(
    workshop: V3Workshop, state: BalancerV3State, hook: str
) -> None:
    workshop.set_flag(state.pool.address, SWAP_HOOK_BITS[hook])
    with pytest.raises(MathsError, match="hook") as refused:
        read_from(workshop.node, balancer_v3.read(state.pool))
    assert "simulate" in refused.value.fix


@pytest.mark.parametrize("made", ["stable"], indirect=True)
def test_a_hook_that_minds_liquidity_only_is_none_of_a_swaps_business(
    workshop: V3Workshop, state: BalancerV3State
) -> None:
    workshop.set_flag(state.pool.address, LIQUIDITY_HOOK_BIT)
    assert read_from(workshop.node, balancer_v3.read(state.pool)) == state


def test_in_recovery_the_protocol_takes_nothing(workshop: V3Workshop, state: BalancerV3State) -> None:
    workshop.set_flag(state.pool.address, RECOVERY_BIT)
    before = read_from(workshop.node, balancer_v3.read(state.pool))
    assert before == replace(state, recovery=True)
    amount = state.balances[state.places[0]] // 30

    assert workshop.trade(EXACT_IN, state.pool, True, amount) == balancer_v3.amount_out(before, True, amount)
    left = read_from(workshop.node, balancer_v3.read(state.pool))
    assert left == balancer_v3.after(before, True, amount)
    assert left.balances[left.places[0]] == state.balances[state.places[0]] + amount


def test_the_least_input_for_a_single_unit_is_what_the_vault_trades_at_least(state: BalancerV3State) -> None:
    for zero_for_one in (True, False):
        amount = balancer_v3.amount_in(state, zero_for_one, 1)
        assert balancer_v3.amount_out(state, zero_for_one, amount) >= 1
        assert amount == 1 or balancer_v3.amount_out(state, zero_for_one, amount - 1) == 0
