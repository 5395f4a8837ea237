"""States that were followed, against the same states read again, whatever the chain did meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from contextlib import aclosing
from dataclasses import replace
from random import Random

import pytest

from devnet import BASE_FULL, ETHEREUM_FULL, Node
from devnet.book import AddressBook, PoolRecord
from executor import venues
from executor.chain import following
from executor.chain.following import Advance, MarketFollower
from executor.chain.head import head
from executor.chain.lens import read_market
from executor.chain.logs import logs_of
from executor.chain.rpc import Call, Rpc
from executor.chain.subscription import LogNotice
from executor.domain.address import to_address
from executor.domain.errors import NodeError
from executor.domain.log import Log
from executor.domain.market import BlockHead
from executor.domain.pool import Pool, VenueKind
from executor.domain.pool_details import CurveDetails, CurveShape
from executor.market import StaleStateError
from tests.support.proxy import Answer, ChangingProxy, Request
from tests.support.traffic import PAIR, SWAPS, TICKS, Act, comparable, pools_of, swap

ROUNDS = 5
SETTLED_SECONDS = 20


ACTS: dict[str, tuple[Act, ...]] = {
    "uniswap_v2": PAIR,
    "sushi_v2": PAIR,
    "uniswap_v3": TICKS,
    "pancake_v3": TICKS,
    "slipstream": TICKS,
    "aerodrome_v2": PAIR,
}
"""What may happen to the pools of a venue, where that is more than swaps."""

OLDEST = ("uniswap_v2", "uniswap_v3")
CHAINS = {"ethereum_full": ETHEREUM_FULL, "base_full": BASE_FULL}
TRANSPORTS = ["polled", "announced"]


@pytest.fixture(params=CHAINS)
def chain(request: pytest.FixtureRequest) -> tuple[Node, AddressBook]:
    return request.getfixturevalue(request.param), CHAINS[request.param]


class CountingRpc(Rpc):
    """A real node's connection that counts what is asked."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.asked: list[str] = []

    async def batch(self, calls: list[Call]) -> list[object]:  # type: ignore[override]
        self.asked += [method for method, _ in calls]
        return await super().batch(calls)


def followed_of(
    node: Node, book: AddressBook, chosen: tuple[str, ...] | None = None
) -> list[tuple[PoolRecord, Pool]]:
    """Every pool of the chain, or of some venues."""
    return [
        (record, pool)
        for record in book.pools
        if chosen is None or record.venue in chosen
        for pool in pools_of(node, book, record)
        if pool.kind in venues.VENUES
    ]


async def watch(follower: MarketFollower, rpc: Rpc, pools: Iterable[Pool]) -> None:
    """Somebody reads these pools at the newest block, and has them followed from there."""
    at = await head(rpc)
    follower.offer((await read_market(rpc, pools, at)).values(), at)


async def check(follower: MarketFollower, rpc: Rpc) -> None:
    """What was followed is what is read now."""
    now = await head(rpc)
    assert follower.book.head is not None and follower.book.head.hash == now.hash
    assert follower.book.to_read == frozenset()
    read = await read_market(rpc, follower.book.pools.values(), now)
    for key, state in read.items():
        one, other = comparable(follower.book.state(key), state)
        assert one == other


def traffic(node: Node, book: AddressBook, records: list[PoolRecord], random: Random) -> None:
    """A few acts, some in blocks of their own, and blocks without any."""
    for _ in range(random.randint(1, 4)):
        record = random.choice(records)
        random.choice(ACTS.get(record.venue, SWAPS))(node, book, record, random)
        if random.random() < 0.3:
            node.mine(random.randint(1, 3))


def reorganise(node: Node, depth: int) -> None:
    """The last `depth` blocks are replaced by as many others."""
    node.rpc("anvil_reorg", depth, [])


async def settled(follower: MarketFollower, rpc: Rpc, announced: asyncio.Task[None] | None) -> None:
    """Let the follower come to the newest block."""
    if announced is None:
        await follower.advance()
        return
    async with asyncio.timeout(SETTLED_SECONDS):
        while True:
            now = await head(rpc)
            book = follower.book
            if book.head is not None and book.head.hash == now.hash and not book.to_read:
                return
            assert not announced.done(), announced.exception()
            await asyncio.sleep(0.02)


async def listen(follower: MarketFollower, node: Node) -> None:
    async with aclosing(follower.updates(ws_url=node.ws_url, poll_seconds=600)) as updates:
        async for _ in updates:
            pass


@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize("seed", range(3))
async def test_followed_states_are_those_read_again_after_traffic_and_reorganisations(
    chain: tuple[Node, AddressBook], transport: str, seed: int
) -> None:
    node, book = chain
    random = Random(f"{seed} {book.chain_id} {transport}")
    followed = followed_of(node, book)
    records = [record for record, _ in followed]
    assert len(records) > 2
    async with Rpc(node.url) as rpc:
        follower = MarketFollower(rpc)
        await watch(follower, rpc, [pool for _, pool in followed])
        announced = asyncio.create_task(listen(follower, node)) if transport == "announced" else None
        try:
            for step in range(ROUNDS):
                start = node.block_number
                await asyncio.to_thread(traffic, node, book, records, random)
                await settled(follower, rpc, announced)
                await check(follower, rpc)
                if step % 2:
                    depth = random.randint(1, min(10, node.block_number - start))
                    await asyncio.to_thread(reorganise, node, depth)
                    if announced is not None:
                        await asyncio.to_thread(node.mine)
                    await settled(follower, rpc, announced)
                    await check(follower, rpc)
        finally:
            if announced is not None:
                announced.cancel()
                await asyncio.gather(announced, return_exceptions=True)


async def test_a_block_of_swaps_is_followed_without_reading_any_pool(ethereum_full: Node) -> None:
    followed = followed_of(ethereum_full, ETHEREUM_FULL, OLDEST)
    async with CountingRpc(ethereum_full.url) as rpc:
        follower = MarketFollower(rpc)
        await watch(follower, rpc, [pool for _, pool in followed])
        assert await follower.advance() is None
        rpc.asked.clear()
        record, pool = followed[0]
        before = follower.book.state(pool.key)
        await asyncio.to_thread(swap, ethereum_full, ETHEREUM_FULL, record, Random(1))
        done = await follower.advance()
        assert done is not None and done.touched == {pool.key} and not done.reorganised
        assert follower.book.state(pool.key) != before
        assert "eth_call" not in rpc.asked


async def test_blocks_taken_back_deeper_than_the_book_goes_have_everything_read_anew(
    ethereum_full: Node,
) -> None:
    followed = followed_of(ethereum_full, ETHEREUM_FULL, OLDEST)
    async with Rpc(ethereum_full.url) as rpc:
        follower = MarketFollower(rpc, depth=3)
        await watch(follower, rpc, [pool for _, pool in followed])
        for _ in range(5):
            await asyncio.to_thread(swap, ethereum_full, ETHEREUM_FULL, followed[0][0], Random(2))
            await follower.advance()
        await asyncio.to_thread(reorganise, ethereum_full, 8)
        done = await follower.advance()
        assert done is not None and done.restarted
        await check(follower, rpc)
        ethereum_full.mine(20)
        done = await follower.advance()
        assert done is not None and done.restarted
        await check(follower, rpc)


async def test_a_pool_that_a_reorganisation_took_back_is_not_handed_out_and_stops_nothing(
    ethereum_full: Node,
) -> None:
    followed = followed_of(ethereum_full, ETHEREUM_FULL, OLDEST)
    (record, real), pools = followed[0], [pool for _, pool in followed]
    twin = "0x00000000000000000000000000000000000077aa"
    ethereum_full.mine()
    async with Rpc(ethereum_full.url) as rpc:
        follower = MarketFollower(rpc)
        ethereum_full.set_code(twin, ethereum_full.code(record.address))
        ethereum_full.mine()
        created = replace(real, address=to_address(twin))
        await watch(follower, rpc, [*pools, created])
        ethereum_full.set_code(twin, b"")
        follower.book.invalidate([created.key])
        ethereum_full.mine()
        done = await follower.advance()
        assert done is not None
        assert follower.book.pools.keys() == {pool.key for pool in pools}
        with pytest.raises(StaleStateError):
            follower.book.state(created.key)
        assert await follower.advance() is None


async def test_a_pool_whose_maths_cannot_be_told_any_more_is_not_handed_out_and_stops_nothing(
    ethereum_full: Node,
) -> None:
    followed = followed_of(ethereum_full, ETHEREUM_FULL)
    curve = next(pool for _, pool in followed if isinstance(pool.details, CurveDetails))
    other = next(pool for _, pool in followed if pool.kind is VenueKind.UNISWAP_V2)
    assert isinstance(curve.details, CurveDetails)
    strange = replace(curve, details=replace(curve.details, shape=CurveShape.UNKNOWN))
    async with Rpc(ethereum_full.url) as rpc:
        follower = MarketFollower(rpc)
        await watch(follower, rpc, [curve, other])
        assert follower.book.head is not None
        state = replace(follower.book.state(curve.key), pool=strange)  # type: ignore[type-var]
        follower.book.add([state], follower.book.head)
        follower.book.invalidate()
        ethereum_full.mine()
        assert await follower.advance() is not None
        assert follower.book.pools.keys() == {other.key}
        assert follower.book.state(other.key) == (await read_market(rpc, [other], await head(rpc)))[other.key]


async def test_a_pool_that_spoils_every_reading_is_let_go_and_the_others_are_followed(
    ethereum_full: Node,
) -> None:
    pools = [pool for _, pool in followed_of(ethereum_full, ETHEREUM_FULL, OLDEST)]
    strange = pools[1]
    bad = False

    def withhold(request: Request) -> Answer | None:
        spoilt = (
            bad and request["method"] == "eth_call" and strange.address[2:].lower() in str(request).lower()
        )
        return {"error": {"code": -32000, "message": "internal error"}} if spoilt else None

    async with (
        ChangingProxy(ethereum_full.url, withhold=withhold) as proxy,
        Rpc(proxy.url, read_retries=0) as rpc,
    ):
        follower = MarketFollower(rpc)
        await watch(follower, rpc, pools)
        bad = True
        follower.book.invalidate()
        ethereum_full.mine()
        assert await follower.advance() is not None
        left = {pool.key for pool in pools} - {strange.key}
        assert follower.book.pools.keys() == left == follower.book.states().keys()
        proxy.methods.clear()
        ethereum_full.mine()
        assert await follower.advance() is not None
        assert "eth_call" not in proxy.methods, "nobody looks for it at every block"
        bad = False
        follower.book.invalidate()
        assert await follower.advance() is not None
        await check(follower, rpc)


async def test_while_the_node_is_away_no_state_is_handed_out(ethereum_full: Node) -> None:
    followed = followed_of(ethereum_full, ETHEREUM_FULL, OLDEST)
    pools = [pool for _, pool in followed]
    away = False

    def withhold(request: Request) -> Answer | None:
        refusal = {"code": -32000, "message": "shutting down"}
        return {"jsonrpc": "2.0", "id": request["id"], "error": refusal} if away else None

    async with (
        ChangingProxy(ethereum_full.url, withhold=withhold) as proxy,
        Rpc(proxy.url, read_retries=0) as rpc,
    ):
        follower = MarketFollower(rpc)
        await watch(follower, rpc, pools)
        async with aclosing(follower.updates(poll_seconds=0.01)) as updates:

            async def next_step() -> Advance:
                async for step in updates:
                    if step is not None:
                        return step
                raise AssertionError("updates never end")

            step = asyncio.create_task(next_step())
            away = True
            async with asyncio.timeout(SETTLED_SECONDS):
                while follower.book.states():  # noqa: ASYNC110
                    await asyncio.sleep(0.01)
            with pytest.raises(StaleStateError):
                follower.book.state(pools[0].key)
            away = False
            done = await step
            assert done.touched == {pool.key for pool in pools}
            await check(follower, rpc)


async def test_a_lost_announcement_is_made_good_by_polling(ethereum_full: Node) -> None:
    followed = followed_of(ethereum_full, ETHEREUM_FULL, OLDEST)
    async with Rpc(ethereum_full.url) as rpc:
        follower = MarketFollower(rpc)
        await watch(follower, rpc, [pool for _, pool in followed])
        nobody = "ws://127.0.0.1:9"
        async with aclosing(follower.updates(ws_url=nobody, poll_seconds=0.05)) as updates:
            await asyncio.to_thread(swap, ethereum_full, ETHEREUM_FULL, followed[0][0], Random(3))
            async with asyncio.timeout(SETTLED_SECONDS):
                async for _ in updates:
                    if follower.book.head == await head(rpc):
                        break
        await check(follower, rpc)


async def test_a_pool_that_comes_to_the_others_costs_no_block(ethereum_full: Node) -> None:
    async with Rpc(ethereum_full.url) as rpc:
        follower, _, (record, second) = await one_of_two_watched(ethereum_full, rpc)
        announced = asyncio.create_task(listen(follower, ethereum_full))
        try:
            ethereum_full.mine()
            await settled(follower, rpc, announced)
            await watch(follower, rpc, [second])
            for _ in range(3):
                await asyncio.to_thread(swap, ethereum_full, ETHEREUM_FULL, record, Random(5))
                await settled(follower, rpc, announced)
                await check(follower, rpc)
        finally:
            announced.cancel()
            await asyncio.gather(announced, return_exceptions=True)


async def test_a_log_that_was_announced_but_not_told_makes_its_pools_be_read_again(
    ethereum_full: Node,
) -> None:
    followed = followed_of(ethereum_full, ETHEREUM_FULL, OLDEST)
    record, pool = followed[0]
    async with Rpc(ethereum_full.url) as rpc:
        follower = MarketFollower(rpc)
        await watch(follower, rpc, [pool for _, pool in followed])
        await asyncio.to_thread(swap, ethereum_full, ETHEREUM_FULL, record, Random(4))
        done = await follower.advance()
        assert done is not None
        (told,) = await logs_of(rpc, [done.head], [pool.address], venues.topics())
        assert told and not follower.noted(LogNotice(told[0], removed=False))
        missed = replace(told[0], index=999)
        assert not follower.noted(LogNotice(missed, removed=True))
        assert follower.noted(LogNotice(missed, removed=False))
        assert follower.book.to_read == {pool.key}
        done = await follower.advance()
        assert done is not None and done.touched == {pool.key}
        await check(follower, rpc)


async def test_a_log_that_was_announced_before_the_node_tells_it_is_waited_for(ethereum_full: Node) -> None:
    followed = followed_of(ethereum_full, ETHEREUM_FULL, OLDEST)
    async with Rpc(ethereum_full.url) as rpc:
        follower = MarketFollower(rpc)
        await watch(follower, rpc, [pool for _, pool in followed])
        ethereum_full.mine()
        newest = await head(rpc)
        ahead = Log(followed[0][1].address, (), b"", newest.number, newest.hash, 0)
        assert not follower.noted(LogNotice(ahead, removed=False))
        with pytest.raises(NodeError, match="announced"):
            await follower.advance()
        assert follower.book.head != newest
        follower.noted(LogNotice(ahead, removed=True))
        assert await follower.advance() is not None
        await check(follower, rpc)


class InterruptedRpc(Rpc):
    """A real node's connection; while logs are asked for, something else happens."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.meanwhile: Callable[[], None] = lambda: None

    async def batch(self, calls: list[Call]) -> list[object]:  # type: ignore[override]
        answers = await super().batch(calls)
        if any(method == "eth_getLogs" for method, _ in calls):
            self.meanwhile()
        return answers


async def one_of_two_watched(
    node: Node, rpc: Rpc
) -> tuple[MarketFollower, BlockHead, tuple[PoolRecord, Pool]]:
    """A follower of one pool, the block it stands at, and a second pool that it does not know yet."""
    (_, first), second, *_ = followed_of(node, ETHEREUM_FULL, OLDEST)
    follower = MarketFollower(rpc)
    await watch(follower, rpc, [first])
    return follower, await head(rpc), second


async def test_a_pool_that_is_offered_while_a_block_is_gone_through_does_not_miss_its_logs(
    ethereum_full: Node,
) -> None:
    async with InterruptedRpc(ethereum_full.url) as rpc:
        follower, at, (record, second) = await one_of_two_watched(ethereum_full, rpc)
        read = await read_market(rpc, [second], at)
        swap(ethereum_full, ETHEREUM_FULL, record, Random(1))
        rpc.meanwhile = lambda: follower.offer(read.values(), at)
        assert await follower.advance() is not None
        assert second.key in follower.book.pools
        await check(follower, rpc)


async def test_states_that_were_read_at_the_books_own_block_are_followed_from_there(
    ethereum_full: Node,
) -> None:
    async with CountingRpc(ethereum_full.url) as rpc:
        follower, at, (record, second) = await one_of_two_watched(ethereum_full, rpc)
        follower.offer((await read_market(rpc, [second], at)).values(), at)
        swap(ethereum_full, ETHEREUM_FULL, record, Random(2))
        rpc.asked.clear()
        await follower.advance()
        assert "eth_call" not in rpc.asked
        await check(follower, rpc)


async def test_pools_that_are_followed_already_are_not_read_again_when_they_are_offered(
    ethereum_full: Node,
) -> None:
    async with CountingRpc(ethereum_full.url) as rpc:
        follower, at, _ = await one_of_two_watched(ethereum_full, rpc)
        (known,) = follower.book.states().values()
        ethereum_full.mine()
        await follower.advance()
        rpc.asked.clear()
        follower.offer([known], at)
        ethereum_full.mine()
        await follower.advance()
        assert "eth_call" not in rpc.asked
        assert follower.book.state(known.pool.key) is known, "with all that was known of its ticks"


async def test_a_pool_that_is_known_better_is_read_in_the_place_of_what_was_followed(
    ethereum_full: Node,
) -> None:
    async with Rpc(ethereum_full.url) as rpc:
        follower, at, _ = await one_of_two_watched(ethereum_full, rpc)
        (known,) = follower.book.states().values()
        better = replace(known.pool, dex="by its true name")
        ethereum_full.mine()
        await follower.advance()
        follower.book.invalidate()
        follower.offer((await read_market(rpc, [better], at)).values(), at)
        await follower.advance()
        assert follower.book.state(better.key).pool == better


async def test_of_pools_that_are_offered_for_the_next_block_the_last_are_kept(
    ethereum_full: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following, "MOST_POOLS", 2)
    async with Rpc(ethereum_full.url) as rpc:
        follower, at, _ = await one_of_two_watched(ethereum_full, rpc)
        first = set(follower.book.pools)
        others = [pool for _, pool in followed_of(ethereum_full, ETHEREUM_FULL, OLDEST)][1:5]
        states = await read_market(rpc, others, at)
        ethereum_full.mine()
        await follower.advance()
        for state in states.values():
            follower.offer([state], at)
        await follower.advance()
        assert follower.book.pools.keys() == first | {pool.key for pool in others[2:]}
