"""Balancer pools that answer nonsense: an error that names the pool, or a state, never anything else."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from devnet import Node
from executor.domain.call import EthCall, Reading, drive
from executor.domain.errors import MathsError, PoolNotFoundError
from executor.domain.pool import Pool
from executor.venues import balancer_v2, balancer_v3
from executor.venues.balancer_relay import relayed
from tests.support.answers import read_from
from tests.support.balancer_v2_pools import Workshop
from tests.support.balancer_v3_pools import V3Workshop

PERCENT = 10**16
RATE = 1_098765432109876543
VENUES = {"balancer_v2": balancer_v2, "balancer_v3": balancer_v3}
words = st.integers(0, 2**256 - 1).map(lambda number: number.to_bytes(32))
small_words = st.integers(0, 300).map(lambda number: number.to_bytes(32))
nonsense = st.one_of(
    st.none(),
    st.binary(max_size=200),
    st.lists(st.one_of(words, small_words), max_size=12).map(b"".join),
)
Told = dict[EthCall, bytes | None]


@pytest.fixture(scope="module")
def told(ethereum_full_node: Node) -> Iterator[dict[str, tuple[Pool, Told]]]:
    """What pools with rates truly answer, by a name for each."""
    with ethereum_full_node.isolated() as node:
        second, third = Workshop(node), V3Workshop(node)
        rates = (RATE, 0, 0)
        dollars = ("DAI", "USDC", "USDT")
        stable = second.make("composable stable 3", dollars, 321, PERCENT, rates)
        weighted = second.make("weighted 3", dollars, [30 * PERCENT, 50 * PERCENT, 20 * PERCENT], PERCENT)
        lively = third.make(dollars, 321, PERCENT, rates)
        third.start(lively, [10**24, 10**12, 10**12])
        pools = {
            "stable of the second Vault": second.pool(stable, "DAI", "USDC"),
            "weighted of the second Vault": second.pool(weighted, "DAI", "USDC"),
            "stable of the third Vault": third.pool(lively, "DAI", "USDC"),
        }
        yield {name: (pool, _answers(node, VENUES[pool.dex].read(pool))) for name, pool in pools.items()}


def _answers(node: Node, reading: Reading[object]) -> Told:
    found: Told = {}

    def answer(call: EthCall) -> bytes | None:
        def alone() -> Reading[bytes | None]:
            (one,) = yield (call,)
            return one

        found[call] = read_from(node, alone())
        return found[call]

    drive(reading, answer)
    return found


@st.composite
def patches(draw: st.DrawFn, answer: bytes) -> bytes:
    """The answer with one of its words exchanged."""
    place = 32 * draw(st.integers(0, max(0, len(answer) // 32 - 1)))
    return answer[:place] + draw(st.one_of(words, small_words, st.just(bytes(32)))) + answer[place + 32 :]


@pytest.mark.parametrize(
    "name", ["stable of the second Vault", "weighted of the second Vault", "stable of the third Vault"]
)
@settings(max_examples=250, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_nonsense_is_refused_by_name_or_read(
    told: dict[str, tuple[Pool, Told]], name: str, data: st.DataObject
) -> None:
    pool, answers = told[name]
    venue = VENUES[pool.dex]
    assert drive(venue.read(pool), answers.get) is not None
    wrong = data.draw(st.sampled_from(sorted(answers, key=lambda call: (call.to, call.data))), label="call")
    patched = patches(answers[wrong] or bytes(32))
    changed = {**answers, wrong: data.draw(st.one_of(nonsense, patched, patched), label="answer")}
    try:
        state = drive(venue.read(pool), changed.get)
        assert state.pool == pool
        for zero_for_one in (True, False):
            venue.amount_out(state, zero_for_one, 10**15)
            venue.exact_out(state, zero_for_one, 10**9)
            venue.marginal(state, zero_for_one)
    except (PoolNotFoundError, MathsError) as refused:
        assert refused.fix


@given(st.binary(max_size=100))
def test_what_no_lens_answered_is_told(answer: bytes) -> None:
    found = relayed(answer)
    assert found is None or sum(3 + len(each or b"") for each in found) == len(answer)
