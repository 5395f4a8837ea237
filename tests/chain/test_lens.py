"""What the lens reads, against what is read of each pool alone."""

from __future__ import annotations

import asyncio
from functools import cache
from random import Random

import pytest

from devnet import BASE_FULL, ETHEREUM_FULL, Node
from devnet.book import AddressBook, PoolRecord
from executor.chain.reading import read
from executor.chain.rpc import Rpc
from executor.domain.address import to_address
from executor.domain.market import V3State
from executor.domain.pool import Pool, VenueKind
from executor.domain.token import Token
from executor.venues import uniswap_v2, uniswap_v3
from executor.venues.uniswap_v2_lens import lens_request as v2_request
from executor.venues.uniswap_v2_lens import lens_state as v2_state
from executor.venues.uniswap_v3_lens import lens_further as v3_further
from executor.venues.uniswap_v3_lens import lens_request as v3_request
from executor.venues.uniswap_v3_lens import lens_state as v3_state
from executor.venues.uniswap_v3_maths import MAX_TICK, MIN_TICK
from tests.support.answers import read_from
from tests.support.lens import ask_lens, ask_lens_once, creation_code, lens_code
from tests.support.traffic import provide_to_ticks

V2_SHAPE = ("uniswap_v2", "sushi_v2", "pancake_v1", "own_v2_fork")
V3_SHAPE = ("uniswap_v3", "pancake_v3", "slipstream", "solidly_v3")
ASKED = [ask_lens, ask_lens_once]
CODE_LIMIT = 24_576
CREATION_LIMIT = 49_152


def pool_of(book: AddressBook, record: PoolRecord) -> Pool:
    """A pool of two tokens in one of the two oldest shapes."""
    kind = VenueKind.UNISWAP_V2 if record.venue in V2_SHAPE else VenueKind.UNISWAP_V3
    token0, token1 = (
        Token(book.chain_id, to_address(token), book.symbol(token), 18) for token in record.tokens
    )
    address = to_address(record.address)
    return Pool(record.venue, kind, address, token0, token1, record.fee, record.tick_spacing)


def pools(book: AddressBook, *venues: str) -> list[Pool]:
    return [pool_of(book, record) for record in book.pools if record.venue in venues]


def whole(node: Node, pool: Pool) -> V3State:
    """The pool with every tick of the price range, read word by word."""
    return _whole(node, pool, str(node.block()["hash"]))


@cache
def _whole(node: Node, pool: Pool, _block_hash: str) -> V3State:
    async def read_all_words() -> V3State:
        async with Rpc(node.url) as rpc:
            state = await read(rpc, uniswap_v3.read(pool))
            for toward_low in (True, False):
                while (wider := await read(rpc, uniswap_v3.extend(state, toward_low))) != state:
                    state = wider
        return state

    return asyncio.run(read_all_words())


@pytest.mark.parametrize("ask", ASKED)
def test_one_call_brings_the_reserves_of_every_pair(ethereum_full_node: Node, ask: object) -> None:
    assert callable(ask)
    pairs = pools(ETHEREUM_FULL, *V2_SHAPE)
    answers = ask(ethereum_full_node, *(("uniswap_v2", v2_request(pair, (0, 0))) for pair in pairs))

    states = [v2_state(pair, answer) for pair, answer in zip(pairs, answers, strict=True)]

    assert states == [read_from(ethereum_full_node, uniswap_v2.read(pair)) for pair in pairs]
    assert len(states) > 5


@pytest.mark.parametrize("ask", ASKED)
def test_with_no_end_to_the_amounts_every_tick_is_read(ethereum_full_node: Node, ask: object) -> None:
    assert callable(ask)
    chosen = pools(ETHEREUM_FULL, *V3_SHAPE)
    endless = (2**128, 2**128)
    for pool in chosen:
        (answer,) = ask(ethereum_full_node, ("uniswap_v3", v3_request(pool, endless)))
        found, expected = v3_state(pool, answer), whole(ethereum_full_node, pool)
        assert found.ticks == expected.ticks, pool
        assert (found.sqrt_price_x96, found.tick, found.liquidity) == (
            expected.sqrt_price_x96,
            expected.tick,
            expected.liquidity,
        )
        if pool.tick_spacing > 30:
            assert (found.known_low, found.known_high) == (MIN_TICK, MAX_TICK)
    assert len(chosen) > 4


def test_the_lens_fits_the_limits_of_code(ethereum_full_node: Node) -> None:
    assert 0 < len(lens_code()) <= CODE_LIMIT
    assert 0 < len(creation_code()) <= CREATION_LIMIT - 10_000


@pytest.mark.parametrize("thousandths", [1, 50, 400])
@pytest.mark.parametrize("zero_for_one", [True, False])
def test_ticks_are_read_as_far_as_the_amounts_reach(
    base_full_node: Node, thousandths: int, zero_for_one: bool
) -> None:
    for pool in pools(BASE_FULL, *V3_SHAPE):
        full = whole(base_full_node, pool)
        amount = uniswap_v3.quote(full, zero_for_one, 2**120).amount_in * thousandths // 1_000
        reach = (amount, 0) if zero_for_one else (0, amount)
        (answer,) = ask_lens(base_full_node, ("uniswap_v3", v3_request(pool, reach)))
        assert answer is not None

        near = v3_state(pool, answer)

        assert uniswap_v3.quote(near, zero_for_one, amount) == uniswap_v3.quote(full, zero_for_one, amount)
        assert full.known_low <= near.known_low <= near.tick < near.known_high <= full.known_high
        known = {tick: net for tick, net in full.ticks.items() if near.known_low <= tick <= near.known_high}
        assert near.ticks == known


def test_a_pool_that_does_not_answer_spoils_no_other(ethereum_full_node: Node) -> None:
    pair = pools(ETHEREUM_FULL, "uniswap_v2")[0]
    nothing, token = bytes.fromhex("00" * 19 + "c9"), bytes.fromhex(pair.token0.address[2:])
    good = ("uniswap_v2", v2_request(pair, (0, 0)))
    answers = ask_lens(
        ethereum_full_node,
        good,
        ("uniswap_v2", nothing),
        ("uniswap_v2", token),
        ("uniswap_v3", v3_request(pair, (1, 1))),
        ("erc4626", b""),
        good,
    )
    assert [answer is not None for answer in answers] == [True, False, False, False, False, True]
    assert answers[0] == answers[-1]


def test_a_pool_that_burns_all_gas_spoils_no_other(ethereum_full: Node) -> None:
    pair = pools(ETHEREUM_FULL, "uniswap_v2")[0]
    greedy = "0x00000000000000000000000000000000000000e1"
    ethereum_full.set_code(greedy, bytes.fromhex("5b600056"))
    good = ("uniswap_v2", v2_request(pair, (0, 0)))
    requests = [("uniswap_v2", bytes.fromhex(greedy[2:])), good] * 20
    answers = ask_lens(ethereum_full, *requests)
    assert [answer is not None for answer in answers] == [False, True] * 20


@pytest.mark.parametrize("toward_low", [True, False])
def test_what_was_not_reached_is_read_further_until_the_prices_end(
    base_full_node: Node, toward_low: bool
) -> None:
    for pool in pools(BASE_FULL, *V3_SHAPE):
        (answer,) = ask_lens(base_full_node, ("uniswap_v3", v3_request(pool, (1, 1))))
        assert answer is not None
        state = v3_state(pool, answer)
        for _ in range(20):
            (answer,) = ask_lens(base_full_node, ("uniswap_v3", v3_further(state, toward_low)))
            assert answer is not None
            wider = v3_state(pool, answer)
            assert (-wider.known_low, wider.known_high) >= (-state.known_low, state.known_high)
            if wider == state:
                break
            state = wider
        assert (state.known_low == MIN_TICK) if toward_low else (state.known_high == MAX_TICK)
        full = whole(base_full_node, pool).ticks
        assert state.ticks.items() <= full.items()


def test_without_amounts_some_words_around_the_price_are_read(base_full_node: Node) -> None:
    for pool in pools(BASE_FULL, *V3_SHAPE):
        (answer,) = ask_lens(base_full_node, ("uniswap_v3", v3_request(pool, (0, 0))))
        assert answer is not None
        state, usual = v3_state(pool, answer), read_from(base_full_node, uniswap_v3.read(pool))
        assert (state.known_low, state.known_high) == (usual.known_low, usual.known_high)
        assert state.ticks == usual.ticks


@pytest.mark.parametrize("seed", range(3))
def test_whatever_stands_around_the_price_no_amount_leaves_what_was_read_for_it(
    ethereum_full: Node, seed: int
) -> None:
    random = Random(seed)
    record = next(
        each for each in ETHEREUM_FULL.pools if each.venue == "uniswap_v3" and each.tick_spacing == 60
    )
    pool = pool_of(ETHEREUM_FULL, record)
    for _ in range(12):
        provide_to_ticks(ethereum_full, ETHEREUM_FULL, record, random)
    full = whole(ethereum_full, pool)
    for zero_for_one in (True, False) * 10:
        most = uniswap_v3.quote(full, zero_for_one, 2**120).amount_in
        amount = random.randint(1, 10 ** random.randint(1, len(str(most)) - 1))
        reach = (amount, 0) if zero_for_one else (0, amount)
        (answer,) = ask_lens(ethereum_full, ("uniswap_v3", v3_request(pool, reach)))
        assert answer is not None
        near = v3_state(pool, answer)
        assert uniswap_v3.quote(near, zero_for_one, amount) == uniswap_v3.quote(full, zero_for_one, amount)
        assert near.ticks.items() <= full.ticks.items()
