"""What a node surely refused, and was mined all the same: a balancer had passed it on to another node before.
It is carried out once, told as what it was, and booked."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from executor.domain.execution import Execution, Status
from executor.domain.intent import HOLDS_NONCE, IntentState
from executor.engine.draft import Ready
from executor.engine.executor import Executor
from executor.engine.same_chain import SameChainRun
from executor.journal.books import Books
from tests.engine.test_trying_again import UNDERPRICED, overtaken, reverted, simulations
from tests.support.pairs import crossing, mine_in_time, on_demand, record_of, until
from tests.support.proxy import Answer, ChangingProxy, Request
from tests.support.trading import OPERATOR, Trading

__all__ = ["on_demand"]

NAME = "pair-0"


@dataclass
class Balancer:
    """Answers a send with a refusal, the first one unless `passes` others go before, and keeps the bytes for
    whoever wants to have them mined. `withhold` may keep other requests from the node.
    """

    trading: Trading
    passes: int = 0
    kept: list[str] = field(default_factory=list)
    withhold: Callable[[Request], Answer | None] = lambda _: None

    def __call__(self, request: Request) -> Answer | None:
        if request["method"] == "eth_sendRawTransaction" and not self.kept:
            if not self.passes:
                self.kept.append(request["params"][0])
                return UNDERPRICED
            self.passes -= 1
        return self.withhold(request)

    async def have_mined(self) -> None:
        """What was refused, and wait until the executor has seen it."""
        self.trading.node.rpc("eth_sendRawTransaction", self.kept[0])
        mine_in_time(self.trading.node)
        await until(lambda: states(self.trading)[-1] in HOLDS_NONCE)


@asynccontextmanager
async def behind(balancer: Balancer, *, finality: int = 40, **changes: Any) -> AsyncIterator[Executor]:
    lanes = {"finality_blocks": finality, "bump_blocks": 99, "resend_seconds": 3600}
    async with (
        ChangingProxy(balancer.trading.node.url, withhold=balancer) as proxy,
        Executor(balancer.trading.settings(rpc_url=proxy.url, lanes=lanes, **changes)) as executor,
    ):
        yield executor


def states(trading: Trading) -> list[IntentState]:
    with record_of(trading) as record:
        return [intent.state for intent in record.intents_of(NAME)]


def recorded(trading: Trading) -> Execution:
    with record_of(trading) as record:
        stored = record.stored(NAME)
    assert stored is not None
    return stored.execution


def booked(trading: Trading) -> int:
    with record_of(trading) as record:
        books = Books(record.database)
        return sum(books.standing(intent.intent_id) is not None for intent in record.intents_of(NAME))


async def is_realised_once(trading: Trading, before: int) -> None:
    await until(lambda: recorded(trading).status is Status.REALISED and booked(trading) == 1, 20)
    told = recorded(trading)
    assert told.realised_profit == trading.balance() - before > 0
    assert "booking" not in told.details
    assert trading.nonce() == 1


@pytest.mark.parametrize("mined", ["before the market is read again", "when the next is ready to be sent"])
async def test_what_was_refused_and_is_mined_while_it_is_tried_anew_is_not_traded_twice(
    on_demand: Trading, mined: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    trading, before = on_demand, on_demand.balance()
    balancer, prepare = Balancer(trading), SameChainRun.prepare
    due: list[str] = []

    async def slowly(self: SameChainRun) -> Ready | None:
        if due and mined.startswith("before"):
            due.clear()
            await balancer.have_mined()
        ready = await prepare(self)
        if due:
            due.clear()
            await balancer.have_mined()
        return ready

    monkeypatch.setattr(SameChainRun, "prepare", slowly)
    async with behind(balancer, retries={"tries": 1}) as executor:
        refused = await executor.execute(crossing(0))
        assert (refused.status, states(trading)) == (Status.FAILED, [IntentState.DROPPED])
        due.append(mined)
        told = await asyncio.wait_for(executor.execute(crossing(0)), 20)
        assert told.status is Status.REALISED, told.reasons
        await is_realised_once(trading, before)
    assert states(trading) == [IntentState.MINED]


async def test_what_was_refused_is_not_traded_again_within_one_run_once_it_is_mined(
    on_demand: Trading, monkeypatch: pytest.MonkeyPatch
) -> None:
    trading, before = on_demand, on_demand.balance()
    balancer, prepare = Balancer(trading), SameChainRun.prepare

    async def slowly(self: SameChainRun) -> Ready | None:
        ready = await prepare(self)
        if balancer.kept:
            await balancer.have_mined()
        return ready

    monkeypatch.setattr(SameChainRun, "prepare", slowly)
    async with behind(balancer) as executor:
        told = await asyncio.wait_for(executor.execute(crossing(0)), 20)
        assert told.status is Status.REALISED, told.reasons
        await is_realised_once(trading, before)


async def test_what_was_declined_after_a_refusal_and_is_mined_is_realised(on_demand: Trading) -> None:
    trading, before = on_demand, on_demand.balance()
    balancer = Balancer(trading)
    fails = simulations(trading, reverted("nobody knows why"))
    balancer.withhold = lambda request: fails(request) if balancer.kept else None
    async with behind(balancer) as executor:
        declined = await executor.execute(crossing(0))
        assert (declined.status, states(trading)) == (Status.DECLINED, [IntentState.DROPPED])
        await balancer.have_mined()
        await is_realised_once(trading, before)


async def test_what_came_no_further_than_to_the_node_after_a_refusal_and_is_mined_is_booked(
    on_demand: Trading,
) -> None:
    """Of the last try nothing is known, not even the token."""
    trading, before = on_demand, on_demand.balance()
    balancer = Balancer(trading)
    down = False

    def withhold(request: Request) -> Answer | None:
        return {"error": {"code": -32603, "message": "internal error"}} if down else None

    balancer.withhold = withhold
    async with behind(balancer, retries={"tries": 1}) as executor:
        assert (await executor.execute(crossing(0))).status is Status.FAILED
        down = True
        failed = await executor.execute(crossing(0))
        assert failed.status is Status.FAILED
        assert [reason.code for reason in failed.reasons] == ["node_refused"]
        down = False
        await balancer.have_mined()
        await is_realised_once(trading, before)


async def test_what_follows_a_loss_and_is_mined_though_it_was_refused_counts_with_that_loss(
    on_demand: Trading,
) -> None:
    trading, node = on_demand, on_demand.node
    before, money = trading.balance(), node.balance(OPERATOR)
    balancer = Balancer(trading, passes=1)
    async with behind(balancer, finality=3, retries={"tries": 2}) as executor:
        task = asyncio.create_task(executor.execute(crossing(0)))
        first = await overtaken(trading)
        mine_in_time(node, 2)
        lost = await task
        assert (lost.status, lost.transaction_hashes) == (Status.REVERTED, (first,))
        assert states(trading) == [IntentState.FINAL, IntentState.DROPPED]
        await balancer.have_mined()
        await until(lambda: recorded(trading).status is Status.REALISED and booked(trading) == 2, 20)
    told = recorded(trading)
    profit, paid = trading.balance() - before, money - node.balance(OPERATOR)
    assert told.realised_profit == profit > 0
    assert told.realised_net_profit == profit - paid
    assert told.details["earlier_transactions"] == [first]
    assert trading.nonce() == 2
