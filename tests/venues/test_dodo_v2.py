"""Pools of DODO V2 of every kind: the maths say what a model of the pools gives, to the wei.

The model is written from DODO's formulas and interface; it was held against the published source, compiled,
on random states in every state R and across its changes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import astuple, replace
from random import Random

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from devnet import ETHEREUM_FULL, Node, abi
from devnet.errors import DevnetError
from devnet.place import Placer
from executor.domain.abi import CODEC, selector
from executor.domain.address import Address, to_address
from executor.domain.call import EthCall
from executor.domain.dex import Dex
from executor.domain.errors import MathsError, PoolNotFoundError
from executor.domain.log import Log
from executor.domain.pool import Pool, VenueKind
from executor.venues import VENUES, dodo_v2
from executor.venues.dodo_v2 import DodoV2State
from executor.venues.dodo_v2_maths import ONE, RState
from executor.venues.dodo_v2_reads import LOOKED_AT, MOST_FOUND
from executor.venues.dodo_v2_state import MOST_HELD
from tests.support import dodo_pools
from tests.support.answers import read_from
from tests.support.dodo_pools import KINDS, Placed, Standing, Terms

NOT_A_POOL = to_address(ETHEREUM_FULL.tokens["WETH"])
HERE = Placed(to_address("0x" + "33" * 20), to_address("0x" + "11" * 20), to_address("0x" + "22" * 20))
MACHINE = replace(HERE, keeps_targets=False)
BALANCED = Standing(2 * ONE, ONE // 10, 10**24, 2 * 10**24, 10**24, 2 * 10**24, 0)
FEES = Terms(BALANCED, lp_fee=10**14, mt_fee=2 * 10**14)
# What the pool is short of: nothing, its base, its quote; each with what it has too much of.
SHORT = {
    "nothing": BALANCED,
    "base": replace(BALANCED, base=9 * 10**23, quote=22 * 10**23, r=1),
    "quote": replace(BALANCED, base=11 * 10**23, quote=18 * 10**23, r=2),
}
quick = settings(max_examples=60)
sizes = st.integers(1, 90).flatmap(lambda bits: st.integers(2 ** (bits - 1), 2**bits - 1))


@pytest.fixture(params=KINDS)
def placed(request: pytest.FixtureRequest, ethereum_full: Node) -> Iterator[Placed]:
    """A pool of each kind."""
    yield dodo_pools.place(ethereum_full, request.param)


def state_of(placed: Placed, terms: Terms) -> DodoV2State | None:
    """The state as the maths adjust it, None where they refuse."""
    try:
        return placed.state(terms)
    except ArithmeticError:
        return None


def test_a_pool_quotes_what_the_maths_say_in_every_state(ethereum_full: Node, placed: Placed) -> None:
    random, seen = Random(f"quotes {placed.keeps_targets} {placed.strict}"), set()
    for _ in range(60):
        terms = dodo_pools.random_terms(random)
        dodo_pools.tell(ethereum_full, placed, terms)
        state = state_of(placed, terms)
        if state is None:
            assert dodo_pools.queried(ethereum_full, placed, 1, base_in=True) is None
            continue
        for base_in in (True, True, False, False):
            amount = dodo_pools.random_size(random, state, base_in=base_in)
            expected = answer(state, amount, base_in=base_in)
            assert dodo_pools.queried(ethereum_full, placed, amount, base_in=base_in) == expected
            if expected is not None:
                seen.add((state.r, base_in, expected[2]) if placed.keeps_targets else (1, base_in, 1))
    assert seen == (CHANGES if placed.keeps_targets else {(1, True, 1), (1, False, 1)})


CHANGES = {
    (0, True, 2),
    (0, False, 1),
    *((1, True, after) for after in range(3)),
    (1, False, 1),
    *((2, False, after) for after in range(3)),
    (2, True, 2),
}
"""Every way from one state to another, or back to the same, by a sale of the base or of the quote."""


def answer(state: DodoV2State, amount: int, *, base_in: bool) -> tuple[int, ...] | None:
    """What the pool's query should answer."""
    try:
        traders, maintainers, r = state.sold(base_in, amount)
    except ArithmeticError:
        return None
    target = state.base_target if base_in else state.quote_target
    return (traders, maintainers, r, target) if state.details.keeps_targets else (traders, maintainers)


def test_a_pool_gives_what_the_maths_say_and_then_stands_so(ethereum_full: Node, placed: Placed) -> None:
    """Whatever waits at it goes in, too; trade after trade."""
    node, random = ethereum_full, Random(f"trades {placed.keeps_targets} {placed.strict}")
    traded = 0
    for _ in range(6):
        terms = dodo_pools.random_terms(random)
        dodo_pools.stand(node, placed, terms)
        state = state_of(placed, terms)
        for base_in in (True, False, True):
            if state is None or state.refused:
                break
            amount = dodo_pools.random_size(random, state, base_in=base_in)
            direction = placed.direction(base_in=base_in)
            try:
                expected = dodo_v2.amount_out(state, direction, amount)
            except MathsError:
                with node.isolated(), pytest.raises(DevnetError):
                    dodo_pools.trade(node, placed, amount, base_in=base_in)
                continue
            assert dodo_pools.trade(node, placed, amount, base_in=base_in) == expected
            state = dodo_v2.after(state, direction, amount)
            traded += 1
    assert traded > 8


@pytest.mark.parametrize("short", SHORT)
def test_a_pool_is_read_as_it_stands_with_what_waits_at_it(
    ethereum_full: Node, placed: Placed, short: str
) -> None:
    terms = replace(FEES, standing=SHORT[short], base_waiting=7, quote_waiting=10**18)
    dodo_pools.stand(ethereum_full, placed, terms)
    state = read_from(ethereum_full, dodo_v2.read(placed.pool))
    assert state == placed.state(terms)
    assert not state.refused
    for base_in in (True, False):
        direction = placed.direction(base_in=base_in)
        without = replace(state, base_waiting=0, quote_waiting=0)
        more = 10**20 + state.waiting(base_in)
        assert dodo_v2.amount_out(state, direction, 10**20) == dodo_v2.amount_out(without, direction, more)
        with ethereum_full.isolated():
            dodo_pools.trade(ethereum_full, placed, 10**20, base_in=base_in)
            found = read_from(ethereum_full, dodo_v2.read(placed.pool))
        assert found == dodo_v2.after(state, direction, 10**20)


def test_the_maintainers_part_that_a_pool_keeps_does_not_wait_at_it(ethereum_full: Node) -> None:
    placed = dodo_pools.place(ethereum_full, "SavingPool")
    dodo_pools.stand(ethereum_full, placed, FEES)
    dodo_pools.trade(ethereum_full, placed, 10**22, base_in=True)
    state = read_from(ethereum_full, dodo_v2.read(placed.pool))
    assert state.quote_waiting == 0
    assert ethereum_full.erc20_balance(placed.quote, placed.address) > state.quote


@pytest.mark.parametrize("name", KINDS)
def test_a_pool_says_what_it_is(ethereum_full: Node, name: str) -> None:
    placed = dodo_pools.place(ethereum_full, name)
    dodo_pools.stand(ethereum_full, placed, FEES)
    identity = read_from(ethereum_full, VENUES[VenueKind.DODO_V2].identify(placed.address))
    pool = placed.pool
    assert (identity.token0, identity.token1) == (pool.token0.address, pool.token1.address)
    assert identity.details == pool.details == read_from(ethereum_full, dodo_v2.details(placed.address))
    quoted = read_from(
        ethereum_full, dodo_v2.quote(placed.address, placed.state(FEES).details, placed.base, 99)
    )
    assert quoted == dodo_v2.amount_out(placed.state(FEES), placed.direction(base_in=True), 99)


def test_a_factorys_list_tells_its_pools(ethereum_full: Node) -> None:
    node, factory = ethereum_full, to_address(Placer(ethereum_full).deploy(dodo_pools.code()["PoolList"]))
    dex = Dex("dodo", VenueKind.DODO_V2, factory)
    machine = dodo_pools.place(node, "VendingPool")
    turned = dodo_pools.place_over(node, "TargetPool", machine.quote, machine.base)
    stranger = dodo_pools.place_over(node, "TargetPool", machine.base, machine.quote)
    for each in (machine, turned, stranger):
        dodo_pools.stand(node, each, FEES)
    token0, token1 = machine.pool.token0, machine.pool.token1
    with pytest.raises(PoolNotFoundError, match="no pool"):
        read_from(node, dodo_v2.find(dex, token0, token1))

    for each in (machine, turned):
        node.send(dodo_pools.USER, factory, abi.encode_call("add(address)", each.address))

    found = read_from(node, dodo_v2.find(dex, token1, token0))
    assert {each.address: each.details for each in found} == {
        each.address: each.pool.details for each in (machine, turned)
    }
    for each, listed in ((machine, True), (turned, True), (stranger, False)):
        identity = read_from(node, dodo_v2.identify(each.address))
        assert read_from(node, dodo_v2.belongs(dex, identity)) is listed
    other_kind = replace(read_from(node, dodo_v2.identify(machine.address)), details=None)
    assert read_from(node, dodo_v2.belongs(dex, other_kind)) is False


def test_what_a_stranger_lists_ends_no_search_for_the_others(ethereum_full: Node) -> None:
    """No contract, a token, and a pool that tells no state any more: only the one that trades is found, and
    a state that is read of another beside it is one to be refused.
    """
    node, factory = ethereum_full, to_address(Placer(ethereum_full).deploy(dodo_pools.code()["PoolList"]))
    dex = Dex("dodo", VenueKind.DODO_V2, factory)
    good = dodo_pools.place(node, "TargetPool")
    broken = dodo_pools.place_over(node, "TargetPool", good.base, good.quote)
    dodo_pools.stand(node, good, FEES)
    dodo_pools.tell(node, broken, replace(FEES, standing=replace(BALANCED, r=3)))
    for each in (broken, good, broken):
        node.send(dodo_pools.USER, factory, abi.encode_call("add(address)", each.address))
    found = read_from(node, dodo_v2.find(dex, good.pool.token0, good.pool.token1))
    assert [each.address for each in found] == [good.address]
    refused_with(read_from(node, dodo_v2.read(broken.pool)), "tells no state")


def listing(
    pools: Sequence[Address], holdings: Mapping[Address, tuple[int, int]], quote: Address = HERE.quote
) -> tuple[Pool, ...]:
    """What is found where a factory lists these and those answer that hold something, the others nothing."""
    own = HERE.pool
    words = {
        selector("_BASE_TOKEN_()"): CODEC.encode(["address"], [HERE.base]),
        selector("_QUOTE_TOKEN_()"): CODEC.encode(["address"], [quote]),
        selector("getPMMStateForCall()"): CODEC.encode(["uint256"] * 7, astuple(BALANCED)),
    }
    of_token = {own.token0.address: 0, own.token1.address: 1}

    def told(call: EthCall) -> bytes | None:
        if call.to in of_token:
            holder = to_address("0x" + call.data[-20:].hex())
            return CODEC.encode(["uint256"], [holdings.get(holder, (0, 0))[of_token[call.to]]])
        return words.get(call.data[:4]) if call.to in holdings else None

    reading = dodo_v2.find(Dex("dodo", VenueKind.DODO_V2, NOT_A_POOL), own.token0, own.token1)
    next(reading)
    asked = reading.send((CODEC.encode(["address[]", "address[]"], [pools, []]),))
    assert len(asked) <= 8 * LOOKED_AT
    with pytest.raises(StopIteration) as done:
        reading.send(tuple(map(told, asked)))
    found: tuple[Pool, ...] = done.value.value
    return found


def test_of_a_long_list_those_are_found_that_hold_most_and_the_end_is_not_looked_at() -> None:
    pools = [to_address(f"0x{number:040x}") for number in range(1, 3_001)]
    one_sided = {each: (0, 10**18 + number) for number, each in enumerate(pools[20:30])}
    late = {pools[-1]: (10**30, 10**30)}
    found = [each.address for each in listing(pools, {pools[3]: (1, 1), **one_sided, **late})]
    assert len(found) == MOST_FOUND
    assert found == [pools[3], *reversed(pools[23:30])]
    assert [each.address for each in listing(pools, dict(list(one_sided.items())[:2]))] == [
        pools[21],
        pools[20],
    ]


def test_a_pool_that_is_listed_under_tokens_that_it_does_not_trade_is_not_found() -> None:
    pool = to_address("0x" + "44" * 20)
    assert [each.address for each in listing([pool], {pool: (1, 1)})] == [pool]
    with pytest.raises(PoolNotFoundError, match="no pool of"):
        listing([pool], {pool: (1, 1)}, quote=NOT_A_POOL)


def test_a_pool_of_the_first_kind_tells_its_state_as_a_struct(ethereum_full: Node) -> None:
    placed = dodo_pools.place(ethereum_full, "OddPool", 0)
    dodo_pools.stand(ethereum_full, placed, FEES)
    assert read_from(ethereum_full, dodo_v2.read(placed.pool)) == placed.state(FEES)


@pytest.mark.parametrize(
    ("oddity", "why"),
    [(1, "lets trade whom"), (2, "price from elsewhere"), (3, "does not quote"), (4, "tells no fee rates")],
)
def test_a_pool_that_these_maths_are_not_for_is_refused_with_the_reason(
    ethereum_full: Node, oddity: int, why: str
) -> None:
    placed = dodo_pools.place(ethereum_full, "OddPool", oddity)
    dodo_pools.stand(ethereum_full, placed, FEES)
    refused_with(read_from(ethereum_full, dodo_v2.read(placed.pool)), why)


def refused_with(state: DodoV2State, why: str) -> None:
    """Every question about the state is refused, with the advice to simulate."""
    for ask in (dodo_v2.amount_out, dodo_v2.amount_in, dodo_v2.after):
        with pytest.raises(MathsError, match=why) as refused:
            ask(state, True, 10**18)
        assert "simulate" in refused.value.fix
        assert refused.value.facts["pool"] == state.pool.address
    for look in (dodo_v2.marginal, dodo_v2.local_curve):
        with pytest.raises(MathsError, match=why):
            look(state, True)


def test_a_pool_that_holds_less_than_it_wrote_down_is_refused(ethereum_full: Node) -> None:
    placed = dodo_pools.place(ethereum_full, "TargetPool")
    dodo_pools.tell(ethereum_full, placed, FEES)
    refused_with(read_from(ethereum_full, dodo_v2.read(placed.pool)), "holds less")


def test_a_pool_that_takes_all_as_a_fee_is_refused(ethereum_full: Node) -> None:
    placed = dodo_pools.place(ethereum_full, "TargetPool")
    dodo_pools.stand(ethereum_full, placed, replace(FEES, lp_fee=ONE))
    refused_with(read_from(ethereum_full, dodo_v2.read(placed.pool)), "takes all")


@pytest.mark.parametrize(
    "impossible",
    [{"rate": 10**36 + 1}, {"slope": ONE + 1}, {"base": MOST_HELD + 1, "base_target": 10**24}, {"r": 3}],
)
def test_numbers_that_no_pool_has_are_no_pool(ethereum_full: Node, impossible: dict[str, int]) -> None:
    placed = dodo_pools.place(ethereum_full, "TargetPool")
    dodo_pools.stand(ethereum_full, placed, replace(FEES, standing=replace(BALANCED, **impossible)))
    with pytest.raises(PoolNotFoundError, match="does not answer as a pool of DODO V2"):
        read_from(ethereum_full, dodo_v2.details(placed.address))
    refused_with(read_from(ethereum_full, dodo_v2.read(placed.pool)), "tells no state")


def test_what_is_no_pool_is_told_to_be_none(ethereum_full_node: Node) -> None:
    pool = replace(HERE.pool, address=NOT_A_POOL)
    for reading in (dodo_v2.identify(NOT_A_POOL), dodo_v2.details(NOT_A_POOL)):
        with pytest.raises(PoolNotFoundError, match="DODO V2") as refused:
            read_from(ethereum_full_node, reading)
        assert refused.value.facts["pool"] == NOT_A_POOL
    with pytest.raises(MathsError, match="no quote"):
        read_from(ethereum_full_node, dodo_v2.quote(NOT_A_POOL, FEES_STATE.details, HERE.base, 1))
    assert dodo_v2.lens_request(pool, (0, 0)) == b""
    with pytest.raises(PoolNotFoundError):
        dodo_v2.lens_state(pool, b"")


FEES_STATE = HERE.state(FEES)


@quick
@given(seed=st.integers(0, 2**32), wanted=sizes, base_in=st.booleans(), machine=st.booleans())
def test_no_smaller_amount_gives_as_much(seed: int, wanted: int, base_in: bool, machine: bool) -> None:
    placed = MACHINE if machine else HERE
    state = state_of(placed, dodo_pools.random_terms(Random(seed)))
    direction = placed.direction(base_in=base_in)
    assume(state is not None)
    assert state is not None
    try:
        needed = dodo_v2.amount_in(state, direction, wanted)
    except MathsError:
        return

    assert dodo_v2.amount_out(state, direction, needed) >= wanted
    assert needed == 1 or dodo_v2.amount_out(state, direction, needed - 1) < wanted


@quick
@given(
    short=st.sampled_from(list(SHORT)),
    base_in=st.booleans(),
    size=st.integers(10**6, 10**24),
    slope=st.just(0) | st.integers(10**15, ONE),
    waiting=st.integers(0, 5 * 10**23),
)
def test_the_price_of_the_next_unit_is_above_that_of_any_trade_and_close_to_a_small_ones(
    short: str, base_in: bool, size: int, slope: int, waiting: int
) -> None:
    terms = replace(FEES, standing=replace(SHORT[short], slope=slope))
    start = HERE.state(terms)
    state = replace(start, base_waiting=waiting if base_in else 0, quote_waiting=0 if base_in else waiting)
    direction = HERE.direction(base_in=base_in)
    given_out, paid = dodo_v2.marginal(state, direction)
    held = dodo_v2.amount_out(start, direction, waiting) if waiting else 0

    more = dodo_v2.amount_out(state, direction, size) - held

    # The pool's quadratic divides by the slope for its targets, and by what is left to one for its outputs.
    noise = 10 + 4 * 10**24 // slope if slope else 10
    noise += 4 * ONE // (ONE - slope) if slope < ONE else 10**7
    assert more * paid <= given_out * size + noise * paid
    little = 10**15
    gained = dodo_v2.amount_out(state, direction, little) - held
    assert abs(gained * paid - given_out * little) <= (noise + little // 10**6) * paid


def test_a_machine_gives_no_more_than_it_has_and_others_go_on() -> None:
    standing = replace(BALANCED, base=9 * 10**23, quote=2 * 10**23, quote_target=0, r=1)
    machine = MACHINE.state(Terms(standing))
    back = machine.base_target - machine.base
    direction = MACHINE.direction(base_in=True)
    assert dodo_v2.amount_out(machine, direction, back) == machine.quote
    with pytest.raises(MathsError, match="refuse"):
        dodo_v2.amount_out(machine, direction, back + 1)
    with pytest.raises(MathsError):
        dodo_v2.amount_in(machine, direction, machine.quote + 1)
    emptied = dodo_v2.after(machine, direction, back)
    assert (emptied.quote, emptied.r) == (0, RState.ABOVE_ONE)
    other = HERE.state(Terms(replace(SHORT["base"])))
    gone = dodo_v2.after(other, HERE.direction(base_in=True), other.base_target - other.base + 1)
    assert gone.r is RState.BELOW_ONE


@pytest.mark.parametrize(
    ("ask", "amount"), [(dodo_v2.amount_out, 0), (dodo_v2.amount_out, -1), (dodo_v2.amount_in, 0)]
)
def test_an_amount_that_is_not_positive_is_refused(ask: object, amount: int) -> None:
    assert callable(ask)
    with pytest.raises(MathsError, match="positive"):
        ask(FEES_STATE, True, amount)


def test_a_pool_cannot_hold_or_give_more_than_it_can() -> None:
    direction = HERE.direction(base_in=True)
    with pytest.raises(MathsError, match="cannot hold"):
        dodo_v2.amount_out(FEES_STATE, direction, MOST_HELD)
    # Rounding by its owner's hand can leave a pool at its targets with less than those.
    poor = replace(FEES_STATE, quote=10)
    with pytest.raises(MathsError, match="owes"):
        dodo_v2.amount_out(poor, direction, 10**22)
    greedy = replace(FEES_STATE, lp_fee=ONE, mt_fee=ONE - 1)
    with pytest.raises(MathsError, match="refuse"):
        dodo_v2.amount_out(greedy, direction, 10**22)
    far = replace(FEES_STATE, base_target=MOST_HELD + 1)
    with pytest.raises(MathsError, match="cannot hold"):
        dodo_v2.amount_out(far, direction, 10**22)


def test_a_pool_that_is_left_without_targets_is_refused_from_then_on() -> None:
    """A pool that is short of its base, and has less of its quote than its target, too."""
    direction = HERE.direction(base_in=False)
    broken = replace(FEES_STATE, r=RState.ABOVE_ONE, quote=10**22, base=10**22)
    refused_with(dodo_v2.after(broken, direction, 10**20), "targets")


def test_an_empty_pool_has_no_price() -> None:
    for empty in (
        replace(FEES_STATE, base=0, quote=0, base_target=0, quote_target=0),
        MACHINE.state(Terms(replace(BALANCED, base=0))),
    ):
        with pytest.raises(MathsError):
            dodo_v2.marginal(empty, True)
        with pytest.raises(MathsError):
            dodo_v2.marginal(empty, False)


def test_no_log_tells_what_a_pool_is_worth() -> None:
    log = Log(HERE.address, (), b"", 1, "0x", 0)
    assert dodo_v2.follow(FEES_STATE, log) is None
    assert dodo_v2.follow(FEES_STATE, replace(log, address=HERE.base)) is FEES_STATE
    assert dodo_v2.emitters(HERE.pool) == ()
    assert not dodo_v2.FOLLOWABLE and not dodo_v2.TOPICS
    assert dodo_v2.local_curve(FEES_STATE, True) is None
    assert dodo_v2.gas(FEES_STATE, True, 1) > 0
