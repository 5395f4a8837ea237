"""Balancer V2's weighted and stable pools of every generation, against the code of the pools themselves."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from eth_hash.auto import keccak
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from devnet import Node, abi
from devnet.errors import RpcError
from executor.domain.errors import MathsError, PoolNotFoundError
from executor.domain.log import Log
from executor.domain.pool_details import BalancerV2Details
from executor.venues import balancer_v2
from executor.venues.balancer_curves import StableCurve, WeightedCurve
from executor.venues.balancer_v2_state import BalancerV2State
from tests.support.answers import read_from
from tests.support.balancer_v2_pools import STABLE, WEIGHTED, WITH_RATES, Workshop

NOBODY = "0x" + "00" * 20
REQUEST = "(uint8,address,address,uint256,bytes32,uint256,address,address,bytes)"
OF_TWO = f"onSwap({REQUEST},uint256,uint256)"
OF_ALL = f"onSwap({REQUEST},uint256[],uint256,uint256)"
GIVEN_IN, GIVEN_OUT = 0, 1
PERCENT = 10**16
RATES = (1_234567890123456789, 0, 999_999_999_999_999_999)
FEE = 3 * PERCENT // 10
HALF_WEIGHT = 50 * PERCENT
WEIGHTS = {
    "halves and quarters": [50, 25, 25],
    "fourfold": [64, 16, 20],
    "odd": [13, 34, 53],
}
many = settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
few = settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(scope="module")
def workshop(ethereum_node: Node) -> Iterator[Workshop]:
    """Factories of all generations beside the Vault; gone after these tests."""
    with ethereum_node.isolated():
        yield Workshop(ethereum_node)


@pytest.fixture(scope="module", params=[(name, shape) for name in WEIGHTED for shape in WEIGHTS], ids=str)
def weighted(workshop: Workshop, request: pytest.FixtureRequest) -> BalancerV2State:
    """A pool of three tokens with 18, 6 and 18 decimals, nothing in it yet."""
    generation, shape = request.param
    weights = [weight * PERCENT for weight in WEIGHTS[shape]]
    pool = workshop.make(generation, ("DAI", "USDC", "WETH"), weights, FEE)
    return read_from(workshop.node, balancer_v2.read(workshop.pool(pool, "DAI", "USDC")))


@pytest.fixture(scope="module", params=STABLE)
def stable(workshop: Workshop, request: pytest.FixtureRequest) -> BalancerV2State:
    """A pool of dollars, two in one of the meta generation, with rates where it takes them."""
    generation = request.param
    symbols = ("DAI", "USDC") if generation == "meta stable" else ("DAI", "USDC", "USDT")
    rates = RATES[: len(symbols)] if generation in WITH_RATES else ()
    pool = workshop.make(generation, symbols, 123, FEE, rates)
    return read_from(workshop.node, balancer_v2.read(workshop.pool(pool, "DAI", "USDC")))


def balances(low: int, high: int) -> st.SearchStrategy[int]:
    """Amounts of any size between two powers of ten, the small as likely as the large."""
    return st.integers(low, high - 1).flatmap(lambda power: st.integers(10**power, 10 ** (power + 1)))


def with_balances(state: BalancerV2State, data: st.DataObject, low: int, high: int) -> BalancerV2State:
    """The state with other balances, between so many whole tokens (powers of ten), and another pair."""
    whole = [36 - len(str(factor)) + 1 for factor in decimal_factors(state)]
    drawn = [data.draw(balances(low + digits, high + digits), label="balance") for digits in whole]
    places = data.draw(st.permutations(range(len(drawn))), label="places")
    return replace(state, balances=tuple(drawn), places=(places[0], places[1]))


def decimal_factors(state: BalancerV2State) -> list[int]:
    """Powers of ten next to the state's factors, which may hold rates."""
    return [10 ** (len(str(factor * 2 // 3)) - 1) for factor in state.scaling]


def told_by_code(node: Node, state: BalancerV2State, kind: int, amount: int) -> int | None:
    """What the pool's code answers the Vault for token0 sold against token1; None where it refuses."""
    pool, own = state.pool.address, state.pool.details
    assert isinstance(own, BalancerV2Details)
    tokens = [token for token in own.tokens if token != pool]
    i, j = state.places
    pool_id = bytes.fromhex(own.pool_id[2:])
    request = (kind, tokens[i], tokens[j], amount, pool_id, 0, NOBODY, NOBODY, b"")
    held = dict(zip(tokens, state.balances, strict=True))
    if isinstance(state.curve, WeightedCurve) or len(tokens) == 2:
        call = abi.encode_call(OF_TWO, request, state.balances[i], state.balances[j])
    else:
        listed = [held.get(token, 2**111) for token in own.tokens]
        call = abi.encode_call(
            OF_ALL, request, listed, own.tokens.index(tokens[i]), own.tokens.index(tokens[j])
        )
    try:
        return int.from_bytes(node.call(pool, call, from_=own.vault))
    except RpcError:
        return None


def require_same(node: Node, state: BalancerV2State, kind: int, amount: int) -> None:
    """Either the code's answer, to the wei, or a refusal where the code refuses (nothing for too little)."""
    told = told_by_code(node, state, kind, amount)
    try:
        found = (balancer_v2.amount_out if kind == GIVEN_IN else balancer_v2.exact_out)(state, True, amount)
    except MathsError:
        assert told is None or told > state.balances[state.places[1]]
        return
    assert found == (told or 0)


@many
@given(data=st.data())
def test_a_weighted_pool_gives_what_its_code_gives(
    workshop: Workshop, weighted: BalancerV2State, data: st.DataObject
) -> None:
    state = with_balances(weighted, data, -3, 10)
    most = state.balances[state.places[0]] * 31 // 100
    require_same(workshop.node, state, GIVEN_IN, data.draw(st.integers(1, max(1, most)), label="amount"))


@many
@given(data=st.data())
def test_a_weighted_pool_asks_what_its_code_asks(
    workshop: Workshop, weighted: BalancerV2State, data: st.DataObject
) -> None:
    state = with_balances(weighted, data, -3, 10)
    most = state.balances[state.places[1]] * 31 // 100
    require_same(workshop.node, state, GIVEN_OUT, data.draw(st.integers(1, max(1, most)), label="amount"))


@many
@given(data=st.data())
def test_a_stable_pool_gives_what_its_code_gives(
    workshop: Workshop, stable: BalancerV2State, data: st.DataObject
) -> None:
    state = with_balances(stable, data, 2, 9)
    amount = data.draw(balances(0, 1 + len(str(state.balances[state.places[0]]))), label="amount")
    require_same(workshop.node, state, GIVEN_IN, amount)


@many
@given(data=st.data())
def test_a_stable_pool_asks_what_its_code_asks(
    workshop: Workshop, stable: BalancerV2State, data: st.DataObject
) -> None:
    state = with_balances(stable, data, 2, 9)
    amount = data.draw(balances(0, len(str(state.balances[state.places[1]]))), label="amount")
    require_same(workshop.node, state, GIVEN_OUT, amount)


def inputs_and_outputs(state: BalancerV2State) -> Iterator[tuple[int, int]]:
    """Some outputs over several orders of magnitude, each with the input that is asked for it."""
    try:
        state.live()
    except MathsError:
        # The first stable pools find no invariant for some balances.
        return
    for part in (3, 10, 1_000, 10**6, 10**12):
        wanted = state.balances[state.places[1]] // part // 10
        if wanted:
            yield balancer_v2.amount_in(state, True, wanted), wanted


@few
@given(data=st.data())
def test_the_least_input_gives_enough_and_one_unit_less_does_not(
    weighted: BalancerV2State, data: st.DataObject
) -> None:
    state = with_balances(weighted, data, 2, 8)
    for amount, wanted in inputs_and_outputs(state):
        assert balancer_v2.amount_out(state, True, amount) >= wanted
        assert amount == 1 or balancer_v2.amount_out(state, True, amount - 1) < wanted


@few
@given(data=st.data())
def test_the_least_input_of_a_stable_pool_gives_enough_and_one_unit_less_does_not(
    stable: BalancerV2State, data: st.DataObject
) -> None:
    state = with_balances(stable, data, 5, 7)
    for amount, wanted in inputs_and_outputs(state):
        assert balancer_v2.amount_out(state, True, amount) >= wanted
        assert amount == 1 or balancer_v2.amount_out(state, True, amount - 1) < wanted


def require_marginal(state: BalancerV2State) -> None:
    """A small trade gets the marginal price but for its impact, and never more."""
    try:
        above, below = balancer_v2.marginal(state, True)
    except MathsError:
        # The first stable pools find no invariant for some balances.
        assume(False)
    amount = state.balances[state.places[0]] // 10**5
    given = balancer_v2.amount_out(state, True, amount)
    ideal = amount * above // below
    assert given <= ideal + 1
    assert (ideal - given) * 10**3 <= ideal + 2 * 10**3


@few
@given(data=st.data())
def test_the_marginal_price_is_that_of_a_small_trade(weighted: BalancerV2State, data: st.DataObject) -> None:
    require_marginal(with_balances(weighted, data, 4, 9))


@few
@given(data=st.data())
def test_the_marginal_price_of_a_stable_pool_is_that_of_a_small_trade(
    stable: BalancerV2State, data: st.DataObject
) -> None:
    require_marginal(with_balances(stable, data, 5, 6))


def test_equal_weights_have_the_curve_of_constant_product(weighted: BalancerV2State) -> None:
    curve = weighted.curve
    assert isinstance(curve, WeightedCurve)
    held = tuple(10**30 // (factor // 10**18) for factor in weighted.scaling)
    for places in ((0, 1), (1, 2), (2, 0)):
        state = replace(weighted, balances=held, places=places)
        piece = balancer_v2.stretch(state, True, 0)
        if curve.weights[places[0]] != curve.weights[places[1]]:
            assert piece is None
            continue
        assert piece is not None and piece.end is not None
        for amount in (piece.end // 1_000, piece.end // 3, piece.end):
            ideal = (piece.a * amount + piece.b) // (piece.c * amount + piece.d)
            # A power of the first pools is moved by a part in 1e14.
            assert 0 <= ideal - balancer_v2.amount_out(state, True, amount) <= 2 + held[places[1]] // 10**13
        with pytest.raises(MathsError):
            balancer_v2.stretch(state, True, 1)


def test_a_generation_is_known_by_its_functions(workshop: Workshop) -> None:
    for generation in (*WEIGHTED, *STABLE):
        shape: object = [HALF_WEIGHT, HALF_WEIGHT] if generation in WEIGHTED else 77
        pool = workshop.make(generation, ("DAI", "USDC"), shape, FEE)
        state = read_from(workshop.node, balancer_v2.read(workshop.pool(pool, "DAI", "USDC")))
        first = generation in ("weighted 1", "stable 1", "meta stable", "phantom stable")
        if generation in WEIGHTED:
            assert state.curve == WeightedCurve((HALF_WEIGHT, HALF_WEIGHT), shortcuts=not first)
        else:
            assert state.curve == StableCurve(77_000, first=first, coarse=True)
        assert state.swap_fee == FEE


def test_the_pools_own_token_is_not_traded_here(workshop: Workshop) -> None:
    address = workshop.make("composable stable 3", ("DAI", "USDC"), 77, FEE)
    pool = workshop.pool(address, "DAI", "USDC")
    own = replace(pool, token1=replace(pool.token1, address=address))
    with pytest.raises(MathsError, match="join or an exit"):
        read_from(workshop.node, balancer_v2.read(own))


def test_a_token_that_the_pool_does_not_hold_is_named(workshop: Workshop) -> None:
    address = workshop.make("weighted 3", ("DAI", "USDC"), [HALF_WEIGHT, HALF_WEIGHT], FEE)
    pool = replace(workshop.pool(address, "DAI", "USDC"), token1=workshop.token("WETH"))
    with pytest.raises(PoolNotFoundError, match="WETH"):
        read_from(workshop.node, balancer_v2.read(pool))


def test_an_empty_pool_is_refused(weighted: BalancerV2State) -> None:
    for empty in (weighted, replace(weighted, balances=(10**18, 0, 10**18), places=(0, 1))):
        for work_out in (balancer_v2.amount_out, balancer_v2.amount_in, balancer_v2.exact_out):
            with pytest.raises(MathsError):
                work_out(empty, True, 1_000)
        with pytest.raises(MathsError, match="empty"):
            balancer_v2.marginal(empty, True)


def test_an_empty_stable_pool_is_refused(stable: BalancerV2State) -> None:
    for work_out in (balancer_v2.amount_out, balancer_v2.amount_in, balancer_v2.exact_out):
        with pytest.raises(MathsError):
            work_out(stable, True, 1_000)
    with pytest.raises(MathsError, match="empty"):
        balancer_v2.marginal(stable, True)


@pytest.mark.parametrize("amount", [0, -1])
def test_an_amount_that_is_none_is_refused(weighted: BalancerV2State, amount: int) -> None:
    for work_out in (balancer_v2.amount_out, balancer_v2.amount_in, balancer_v2.exact_out):
        with pytest.raises(MathsError, match="positive"):
            work_out(weighted, True, amount)


@few
@given(data=st.data())
def test_a_stable_pool_of_any_balances_refuses_where_its_code_does(
    workshop: Workshop, stable: BalancerV2State, data: st.DataObject
) -> None:
    drawn = [data.draw(balances(0, 33), label="balance") for _ in stable.balances]
    state = replace(stable, balances=tuple(drawn), places=(0, 1))
    for kind in (GIVEN_IN, GIVEN_OUT):
        amount = data.draw(balances(0, 33), label="amount")
        if state.balances[0] + amount < 2**112:
            require_same(workshop.node, state, kind, amount)


def test_what_a_manager_takes_is_held_but_cannot_be_traded(weighted: BalancerV2State) -> None:
    own, pool = weighted.pool.details, weighted.pool
    assert isinstance(own, BalancerV2Details)
    state = replace(weighted, balances=(10**24, 10**12, 10**21), places=(0, 1))
    assert balancer_v2.amount_out(state, True, 10**23) > 10**10

    taken = 10**12 - 10**10
    moved = followed_management(state, -taken, taken)
    assert moved == replace(state, managed=(0, taken))
    with pytest.raises(MathsError, match="does not hold so much"):
        balancer_v2.amount_out(moved, True, 10**23)
    assert balancer_v2.amount_out(moved, True, 10**19) == balancer_v2.amount_out(state, True, 10**19)

    gained = followed_management(moved, 0, 10**9)
    assert gained == replace(moved, balances=(10**24, 10**12 + 10**9, 10**21), managed=(0, taken + 10**9))
    assert pool.token1.symbol == "USDC"


def followed_management(state: BalancerV2State, cash: int, managed: int) -> BalancerV2State:
    """The state after an asset manager of the pool's USDC moved so much."""
    own = state.pool.details
    assert isinstance(own, BalancerV2Details)
    topics = (
        keccak(b"PoolBalanceManaged(bytes32,address,address,int256,int256)"),
        bytes.fromhex(own.pool_id[2:]),
        bytes(32),
        bytes(12) + bytes.fromhex(state.pool.token1.address[2:]),
    )
    data = b"".join(amount.to_bytes(32, signed=True) for amount in (cash, managed))
    found = balancer_v2.follow(state, Log(own.vault, topics, data, 1, "0x", 0))
    assert found is not None
    return found


def test_logs_of_others_change_nothing(weighted: BalancerV2State) -> None:
    own, pool = weighted.pool.details, weighted.pool
    assert isinstance(own, BalancerV2Details)
    for emitter, topics in (
        (own.vault, ()),
        (own.vault, (bytes(32),)),
        (own.vault, (bytes(32), bytes.fromhex(own.pool_id[2:]))),
        (own.vault, (keccak(b"Swap(bytes32,address,address,uint256,uint256)"), bytes(32))),
        (pool.address, (bytes(32),)),
        (pool.token0.address, (keccak(b"SwapFeePercentageChanged(uint256)"),)),
    ):
        assert balancer_v2.follow(weighted, Log(emitter, topics, bytes(64), 1, "0x", 0)) is weighted
