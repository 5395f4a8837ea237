"""A lens that is short of gas answers less, never something else."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from devnet import ETHEREUM_FULL, Node
from executor import venues
from executor.chain.head import head
from executor.chain.lens import read_market
from executor.chain.rpc import Call, Rpc
from executor.domain.market import PoolState, V3State
from executor.domain.pool import Pool
from tests.support.traffic import pools_of


class ThriftyRpc(Rpc):
    """A real node's connection that gives each call of the lens so much gas."""

    gas = 0

    async def batch(self, calls: Sequence[Call]) -> list[Any]:
        return await super().batch([self._limited(call) for call in calls])

    def _limited(self, call: Call) -> Call:
        method, params = call
        if method != "eth_call" or len(params) != 3 or not self.gas:
            return call
        request, *others = params
        assert isinstance(request, dict)
        return method, ({**request, "gas": hex(self.gas)}, *others)


def gas_limits() -> Iterator[int]:
    """From hardly any to plenty, in steps of an eighth."""
    gas = 30_000
    while gas < 1_500_000:
        yield gas
        gas += gas // 8


def first_of_each_kind(node: Node) -> list[Pool]:
    found: dict[tuple[str, type], Pool] = {}
    for record in ETHEREUM_FULL.pools:
        for pool in pools_of(node, ETHEREUM_FULL, record):
            if pool.kind in venues.VENUES:
                found.setdefault((record.venue, type(pool.details)), pool)
    return list(found.values())


def alike(found: PoolState, whole: PoolState) -> bool:
    """Whether two states are the same, but for ticks that one of them does not know."""
    if not isinstance(found, V3State) or not isinstance(whole, V3State):
        return found == whole
    facts = ("sqrt_price_x96", "tick", "liquidity", "fees", "word_ends", "settled")
    low, high = found.known_low, found.known_high
    known = {tick: net for tick, net in whole.ticks.items() if low <= tick <= high}
    return dict(found.ticks) == known and all(getattr(found, name) == getattr(whole, name) for name in facts)


async def test_states_are_the_same_however_little_gas_a_lens_has(ethereum_full_node: Node) -> None:
    pools = first_of_each_kind(ethereum_full_node)
    async with ThriftyRpc(ethereum_full_node.url) as rpc:
        now = await head(rpc)
        whole = await read_market(rpc, pools, now)
        for pool in pools:
            for rpc.gas in gas_limits():
                found = await read_market(rpc, [pool], now)
                assert alike(found[pool.key], whole[pool.key]), (pool.dex, rpc.gas)
