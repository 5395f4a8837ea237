"""The market that an executor follows is the one that it would read, and what it trades is the same."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace

import pytest
from pydantic import SecretStr

from devnet import ETHER
from executor.chain.head import head
from executor.chain.lens import read_market
from executor.chain.rpc import Rpc
from executor.config.settings import Settings
from executor.domain.execution import Execution, Status
from executor.domain.fee_rules import ETHEREUM_BASE_FEE
from executor.domain.market import BlockHead, PoolState, V2State
from executor.domain.pool import Pool
from executor.engine import followed as module
from executor.engine.executor import Executor
from executor.engine.failing import Trial
from executor.engine.followed import FollowedMarket
from executor.engine.intake import parse
from executor.engine.same_chain import FIRST, SameChainRun
from executor.engine.session import Session, open_session
from executor.engine.watching import follow_market
from executor.engine.works import Works
from executor.submission.clock import SystemClock
from tests.support.pairs import until
from tests.support.proxy import Answer, ChangingProxy, Request
from tests.support.trading import SUSHI_V2, UNISWAP_V2, Trading, explicit, high_level
from tests.support.traffic import comparable

LENS = "0x4c656e73"
"""How the address begins that the lens's code is lent to."""

V3 = "uniswap_v3 USDC/WETH 500"


class Reads:
    """Counts the calls of the lens that pass by, and the opportunities' simulations."""

    def __init__(self) -> None:
        self.lens = 0

    def __call__(self, request: Request) -> Answer | None:
        if request["method"] == "eth_call" and str(request["params"][0].get("to")).lower().startswith(LENS):
            self.lens += 1
        return None


def market_of(executor: Executor) -> FollowedMarket:
    """What the executor follows."""
    works = executor._chains["ethereum"]
    assert isinstance(works, Works)
    return works.session.followed


async def caught_up(market: FollowedMarket, trading: Trading) -> None:
    """Until it stands at the newest block."""

    def newest() -> bool:
        block = trading.node.rpc("eth_getBlockByNumber", "latest", False)
        return market.head is not None and market.head.hash == block["hash"]

    await until(newest)


async def equals_what_is_read(market: FollowedMarket, trading: Trading) -> None:
    """What the executor would size by is what it would read at the same block; nothing is asked for it."""
    await caught_up(market, trading)
    async with Rpc(trading.node.url) as rpc:
        now = await head(rpc)
        pools = list(market._follower.book.pools.values()) if market._follower else []
        read = await read_market(rpc, pools, now)
        with_no_node = Rpc("http://127.0.0.1:9")
        known = await market.states(with_no_node, pools, now)
    assert pools
    for key, state in read.items():
        one, other = comparable(known[key], state)
        assert one == other


async def traded(
    trading: Trading, executor: Executor, follows: bool, reads: Reads
) -> tuple[list[Execution], list[int]]:
    """Two opportunities over the same pools, with other people's trades between; how often the lens was
    asked for each.
    """
    done, asked = [], []
    for number, ether in enumerate((200, 90)):
        trading.open_gap(V3, symbol="USDC", amount=(number + 1) * 40_000 * 10**6)
        trading.open_gap(SUSHI_V2, amount=ether * ETHER)
        if number and follows:
            await caught_up(market_of(executor), trading)
        before = reads.lens
        done.append(await executor.execute(high_level(f"seen-{number}", buy="uniswap_v3")))
        asked.append(reads.lens - before)
    return done, asked


async def test_an_executor_that_follows_trades_as_one_that_reads_and_asks_for_no_pool_twice(
    trading: Trading,
) -> None:
    found = {}
    for follows in (False, True):
        reads = Reads()
        with trading.node.isolated():
            async with ChangingProxy(trading.node.url, withhold=reads) as proxy:
                changes = {"ws_url": trading.node.ws_url} if follows else {}
                journal = str(trading.folder / f"journal-{follows}")
                settings = trading.settings(rpc_url=proxy.url, **changes) | {"journal": journal}
                async with Executor(settings) as executor:
                    found[follows] = await traded(trading, executor, follows, reads)
    (read, asked), (followed, asked_less) = found[False], found[True]
    assert [execution.status for execution in (*read, *followed)] == 4 * [Status.REALISED]
    for one, other in zip(read, followed, strict=True):
        assert one.details["amounts"] == other.details["amounts"]
        assert one.realised_profit == other.realised_profit == other.expected_profit
    assert min(asked) >= 1
    assert asked_less[0] >= 1
    assert asked_less[1] == 0


async def test_what_is_followed_stays_true_through_trades_and_reorganisations(trading: Trading) -> None:
    async with Executor(trading.settings(ws_url=trading.node.ws_url)) as executor:
        trading.open_gap()
        await executor.execute(high_level("all", buy="uniswap_v3"))
        await executor.execute(explicit("pairs"))
        market = market_of(executor)
        assert len(market.pools) >= 4
        await equals_what_is_read(market, trading)
        for pool in (V3, UNISWAP_V2, SUSHI_V2):
            trading.open_gap(pool, amount=30 * ETHER)
        await equals_what_is_read(market, trading)
        trading.node.rpc("anvil_reorg", 3, [])
        trading.node.mine()
        await equals_what_is_read(market, trading)


@asynccontextmanager
async def watching(trading: Trading) -> AsyncIterator[Session]:
    """An open chain whose pools are followed, on which nothing can be sent."""
    settings = Settings.from_mapping(trading.settings())
    async with AsyncExitStack() as stack:
        session = await open_session(stack, settings, "ethereum", means=None, clock=SystemClock())
        task = asyncio.create_task(follow_market(session, SecretStr(trading.node.ws_url)))
        try:
            await until(lambda: session.followed.head is not None)
            yield session
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


async def tried(session: Session, trial: Trial = FIRST) -> Execution:
    """What would be sent for the two pairs, or why nothing."""
    return await SameChainRun(session, parse(explicit()), lambda stage: None, trial=trial).run()


async def mislead(trading: Trading, session: Session, share_bps: int) -> None:
    """What is known of a pair by following it is wrong from now on."""
    await caught_up(session.followed, trading)
    assert session.followed._follower is not None
    state = session.followed._follower.book.state(trading.desk.pool(SUSHI_V2).key)
    mistaken(session.followed, state, await head(session.rpc), share_bps)


@pytest.mark.parametrize(
    ("share_bps", "gap", "at_first"), [(9_990, True, Status.DRY_RUN), (5_000, False, Status.DECLINED)]
)
async def test_a_run_that_was_misled_by_what_was_followed_has_the_next_one_read_the_pools(
    trading: Trading, share_bps: int, gap: bool, at_first: Status
) -> None:
    """Whether the simulation earns something else than was forecast, or reverts."""
    async with watching(trading) as session:
        if gap:
            trading.open_gap()
        true = await tried(session)
        await mislead(trading, session, share_bps)
        wrong = await tried(session)
        assert wrong.status is at_first
        assert wrong.details["amounts"] != true.details.get("amounts")
        assert gap or [reason.code for reason in wrong.reasons] == ["simulation_reverted"]
        again = await tried(session)
        assert again.status is true.status
        assert again.details.get("amounts") == true.details.get("amounts")


async def test_a_second_try_trusts_nothing_that_was_not_read_for_it(trading: Trading) -> None:
    async with watching(trading) as session:
        trading.open_gap()
        true = await tried(session)
        await mislead(trading, session, 9_990)
        second = await tried(session, Trial(number=2))
        assert second.details["amounts"] == true.details["amounts"]


async def test_without_announcements_every_opportunity_reads_its_pools(trading: Trading) -> None:
    trading.open_gap()
    async with Executor(trading.settings()) as executor:
        assert (await executor.execute(explicit())).status is Status.REALISED
        market = market_of(executor)
        assert market.head is None
        assert market.pools == frozenset()
        assert market._used == {}


def mistaken(market: FollowedMarket, state: PoolState, at: BlockHead, share_bps: int = 5_000) -> PoolState:
    """A wrong state of the same pair, followed from now on as if some change had been in no log: it has that
    share of its first token.
    """
    assert isinstance(state, V2State) and market._follower is not None
    wrong = replace(state, reserve0=state.reserve0 * share_bps // 10_000)
    market._follower.book.add([wrong], at)
    return wrong


async def followed_wrongly(
    market: FollowedMarket, rpc: Rpc, trading: Trading
) -> tuple[Pool, BlockHead, PoolState, PoolState]:
    """A pool that is followed, the newest block, its state there, and the wrong one that is taken for it."""
    pool = trading.desk.pool(SUSHI_V2)
    await ask(market, rpc, trading, SUSHI_V2)
    await caught_up(market, trading)
    now = await head(rpc)
    true = (await market.states(rpc, [pool], now))[pool.key]
    return pool, now, true, mistaken(market, true, now)


@asynccontextmanager
async def following(
    trading: Trading, now: Callable[[], float], url: str | None = None
) -> AsyncIterator[tuple[FollowedMarket, Rpc]]:
    """A market that is followed on its own, by a clock of the test's."""
    market = FollowedMarket(now)
    async with Rpc(url or trading.node.url, read_retries=0) as rpc:
        task = asyncio.create_task(market.run(rpc, trading.node.ws_url, ETHEREUM_BASE_FEE))
        try:
            await until(lambda: market.head is not None)
            yield market, rpc
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


async def ask(market: FollowedMarket, rpc: Rpc, trading: Trading, name: str) -> str:
    """Somebody asks about a pool; its key."""
    (state,) = (await market.states(rpc, [trading.desk.pool(name)], await head(rpc))).values()
    return state.pool.key


async def test_a_pool_that_nobody_asks_about_any_more_is_forgotten(trading: Trading) -> None:
    times = [0.0]
    async with following(trading, lambda: times[0]) as (market, rpc):
        left = await ask(market, rpc, trading, UNISWAP_V2)
        times[0] = module.IDLE_SECONDS / 2
        asked = await ask(market, rpc, trading, SUSHI_V2)
        assert market.pools == {left, asked}
        times[0] = module.IDLE_SECONDS + 1
        trading.node.mine()
        await until(lambda: market.pools == {asked})


async def test_while_the_node_answers_nothing_pools_that_nobody_asks_about_are_forgotten_too(
    trading: Trading,
) -> None:
    times, away = [0.0], False

    def withhold(request: Request) -> Answer | None:
        return {"error": {"code": -32000, "message": "shutting down"}} if away else None

    async with (
        ChangingProxy(trading.node.url, withhold=withhold) as proxy,
        following(trading, lambda: times[0], proxy.url) as (market, rpc),
    ):
        key = await ask(market, rpc, trading, SUSHI_V2)
        assert market.pools == {key}
        times[0], away = module.IDLE_SECONDS + 1, True
        trading.node.mine()
        await until(lambda: market.pools == frozenset())


async def test_a_state_that_is_not_trusted_any_more_is_read_and_not_put_back_by_others(
    trading: Trading,
) -> None:
    async with following(trading, lambda: 0.0) as (market, rpc):
        pool, now, true, wrong = await followed_wrongly(market, rpc, trading)
        assert (await market.states(rpc, [pool], now))[pool.key] == wrong, "as no log tells otherwise"
        market.forget([pool.key, "unknown"])
        market.keep([wrong], now)
        assert (await market.states(rpc, [pool], now))[pool.key] == true
        market.keep([wrong], now)
        assert (await market.states(Rpc("http://127.0.0.1:9"), [pool], now))[pool.key] == true


async def test_a_state_that_missed_a_log_is_not_put_back_by_those_who_took_it(trading: Trading) -> None:
    async with following(trading, lambda: 0.0) as (market, rpc):
        pool, now, true, wrong = await followed_wrongly(market, rpc, trading)
        assert market._follower is not None
        market._follower.book.invalidate([pool.key])
        market.keep([wrong], now)
        assert (await market.states(rpc, [pool], now))[pool.key] == true


async def test_what_no_log_tells_is_wrong_for_a_time_only(trading: Trading) -> None:
    times = [0.0]
    async with following(trading, lambda: times[0]) as (market, rpc):
        pool, _, true, wrong = await followed_wrongly(market, rpc, trading)
        times[0] = module.TRUSTED_SECONDS - 1
        await ask(market, rpc, trading, SUSHI_V2)
        trading.node.mine()
        await caught_up(market, trading)
        assert (await market.states(rpc, [pool], await head(rpc)))[pool.key] == wrong
        times[0] = module.TRUSTED_SECONDS
        trading.node.mine(2)
        await caught_up(market, trading)
        assert (await market.states(rpc, [pool], await head(rpc)))[pool.key] == true


async def test_no_more_pools_are_followed_than_the_bound_allows(
    trading: Trading, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_POOLS", 2)
    async with following(trading, lambda: 0.0) as (market, rpc):
        keys = [await ask(market, rpc, trading, name) for name in (V3, UNISWAP_V2, SUSHI_V2)]
        trading.node.mine()
        await until(lambda: market.pools == set(keys[1:]))
        assert set(market._used) == set(keys[1:])


async def test_states_of_another_block_than_the_one_that_is_followed_are_read(trading: Trading) -> None:
    async with following(trading, lambda: 0.0) as (market, rpc):
        key = await ask(market, rpc, trading, SUSHI_V2)
        before = await head(rpc)
        old = (await market.states(rpc, [trading.desk.pool(SUSHI_V2)], before))[key]
        trading.open_gap()
        await caught_up(market, trading)
        now = await head(rpc)
        new = (await market.states(rpc, [trading.desk.pool(SUSHI_V2)], now))[key]
        again = (await market.states(rpc, [trading.desk.pool(SUSHI_V2)], before))[key]
    assert new != old
    assert again == old, "the block that was asked for, not the newest"
