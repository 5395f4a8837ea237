"""A block that is taken back takes its results with it: open again, booked no more, and then booked once."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Any

import pytest
import yaml

from devnet import ETHER, GWEI, Node
from executor.domain.attempt import Attempt
from executor.domain.execution import Execution, Status
from executor.domain.intent import Block, Intent, IntentState, Purpose
from executor.engine import follower
from executor.engine.executor import Executor
from executor.engine.settling import settled
from executor.journal.books import Books
from executor.journal.record import FILE_NAME, Database, NewIntent, Record
from executor.wallet.development import development_signer
from executor.wallet.signer import TransactionFields
from tests.support.commands import call
from tests.support.pairs import crossing, mine_in_time, on_demand, record_of, until, waiting
from tests.support.proxy import Answer, ChangingProxy, Request
from tests.support.trading import OPERATOR, OPERATOR_ACCOUNT, Trading, deploy_trading

__all__ = ["on_demand"]

FINALITY = 40

STATES = 256
"""The node keeps so many states, all in memory: what one that has run for long reads back from the disk has
lost its code.
"""


@pytest.fixture(scope="module")
def _deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trading]:
    """On a node of these tests alone."""
    with Node.load("ethereum", states_in_memory=STATES) as node:
        yield deploy_trading(node, tmp_path_factory.mktemp("deployed"))


def settings(trading: Trading, **changes: Any) -> dict[str, Any]:
    lanes = {"finality_blocks": FINALITY, "bump_blocks": 99}
    return trading.settings(lanes=lanes, retries={"tries": 1}, max_execution_time_seconds=600, **changes)


async def realised(executor: Executor, trading: Trading) -> Execution:
    task = asyncio.create_task(executor.execute(crossing(0)))
    await until(lambda: waiting(trading.node, OPERATOR))
    mine_in_time(trading.node)
    execution = await task
    assert execution.status is Status.REALISED, execution.reasons
    return execution


def recorded(trading: Trading) -> Execution:
    with record_of(trading) as record:
        stored = record.stored("pair-0")
    assert stored is not None
    return stored.execution


def reported(trading: Trading) -> int:
    """What `executor pnl` says was earned, in wei: of WETH and ether, which are all that was moved."""
    path = trading.folder / "config.yaml"
    path.write_text(yaml.safe_dump(settings(trading)))
    told = call("pnl", "--config", path, "--format", "json")
    assert told.code == 0, told.stderr
    return sum(int(line["profit"]) for line in json.loads(told.stdout)["lines"])


def standing(trading: Trading) -> int:
    """Bookings that count."""
    with record_of(trading) as record:
        books = Books(record.database)
        return sum(books.standing(each.intent_id) is not None for each in record.intents_of("pair-0"))


def take_back(trading: Trading, depth: int) -> None:
    """The newest blocks, with all that was in them."""
    trading.node.rpc("anvil_reorg", depth, [])


@pytest.mark.parametrize("depth", [1, 5, 20])
async def test_what_was_taken_back_is_open_again_and_counts_once_in_the_end(
    on_demand: Trading, depth: int
) -> None:
    trading, node = on_demand, on_demand.node
    before = trading.balance()
    async with Executor(settings(trading)) as executor:
        first = await realised(executor, trading)
        mine_in_time(node, depth - 1)
        await until(lambda: standing(trading) == 1)
        take_back(trading, depth)
        await until(lambda: recorded(trading).status is Status.PENDING)
        open_again = recorded(trading)
        assert [reason.code for reason in open_again.reasons] == ["reorganised"]
        assert (open_again.realised_profit, open_again.block_number) == (None, None)
        assert standing(trading) == 0
        await until(lambda: waiting(node, OPERATOR))
        mine_in_time(node)
        await until(lambda: recorded(trading).status is Status.REALISED)
        again = await executor.execute(crossing(0))
    assert again.transaction_hashes == first.transaction_hashes
    assert again.realised_profit == trading.balance() - before
    assert trading.nonce() == 1
    assert standing(trading) == 1


async def test_what_is_taken_back_while_it_is_settled_does_not_end_by_the_block_that_is_gone(
    on_demand: Trading, monkeypatch: pytest.MonkeyPatch
) -> None:
    trading, node = on_demand, on_demand.node
    gone: list[Execution] = []

    async def slowly(*given: Any) -> Execution:
        """Its nodes take so long that the block is gone, and another there, when they have answered."""
        found = await settled(*given)
        if not gone:
            gone.append(found)
            take_back(trading, 1)
            await until(lambda: _states(trading) == [IntentState.LIVE])
            await until(lambda: waiting(node, OPERATOR))
            mine_in_time(node, 2)
            await until(lambda: _states(trading) == [IntentState.MINED])
        return found

    monkeypatch.setattr(follower, "settled", slowly)
    async with Executor(settings(trading)) as executor:
        task = asyncio.create_task(executor.execute(crossing(0)))
        await until(lambda: waiting(node, OPERATOR))
        mine_in_time(node)
        execution = await task
    assert execution.status is Status.REALISED
    (intent,) = _intents(trading)
    assert intent.block is not None
    block = node.rpc("eth_getTransactionReceipt", intent.winner)["blockHash"]
    assert (intent.block.hash, execution.block_number) == (block, intent.block.number)
    assert execution.block_number == recorded(trading).block_number
    assert standing(trading) == 1


async def test_what_was_taken_back_may_revert_the_second_time(on_demand: Trading) -> None:
    trading, node = on_demand, on_demand.node
    before, money = trading.balance(), node.balance(OPERATOR)
    async with Executor(settings(trading)) as executor:
        await realised(executor, trading)
        await until(lambda: standing(trading) == 1)
        take_back(trading, 1)
        await until(lambda: recorded(trading).status is Status.PENDING)
        await until(lambda: waiting(node, OPERATOR))
        (ours,) = waiting(node, OPERATOR).values()
        raw = node.rpc("eth_getRawTransactionByHash", ours)
        node.rpc("anvil_dropTransaction", ours)
        node.rpc("evm_setAutomine", True)
        trading.open_gap("uniswap_v2 USDC/WETH", "WETH", 1_000 * ETHER)
        node.rpc("eth_sendRawTransaction", raw)
        await until(lambda: recorded(trading).status is Status.REVERTED)
        await until(lambda: standing(trading) == 1)
    paid = money - node.balance(OPERATOR)
    ended = recorded(trading)
    assert (ended.realised_profit, ended.realised_net_profit) == (0, -paid)
    assert trading.balance() == before
    assert trading.nonce() == 1


async def test_it_is_noticed_by_the_next_executor_too(on_demand: Trading) -> None:
    trading, node = on_demand, on_demand.node
    before = trading.balance()
    async with Executor(settings(trading)) as executor:
        await realised(executor, trading)
        await until(lambda: standing(trading) == 1)
    take_back(trading, 1)
    async with Executor(settings(trading)) as executor:
        await executor.look_after("ethereum")
        await until(lambda: recorded(trading).status is Status.PENDING)
        await until(lambda: waiting(node, OPERATOR))
        mine_in_time(node)
        await until(lambda: recorded(trading).status is Status.REALISED and standing(trading) == 1)
    assert recorded(trading).realised_profit == trading.balance() - before


def signed_elsewhere(trading: Trading, nonce: int) -> Attempt:
    """A transfer of nothing from the same wallet."""
    fields = TransactionFields(trading.node.chain_id, nonce, OPERATOR, b"", 0, 21_000, 90 * GWEI, GWEI)
    signed = development_signer(OPERATOR_ACCOUNT).sign(fields)
    return Attempt(
        "rival", fields.chain_id, OPERATOR, nonce, signed.hash, signed.raw, 90 * GWEI, GWEI, 21_000
    )


async def test_what_was_realised_at_a_nonce_that_a_rival_took_back_is_told_as_superseded(
    on_demand: Trading,
) -> None:
    """The rival sees first that its own was mined instead."""
    trading, node = on_demand, on_demand.node
    down: list[bool] = []

    def withhold(_: Request) -> Answer | None:
        return {"error": {"code": -32603, "message": "internal error"}} if down else None

    async with (
        ChangingProxy(node.url, withhold=withhold) as proxy,
        Executor(settings(trading, rpc_url=proxy.url)) as executor,
    ):
        assert (await executor.execute(crossing(1, amount="1"))).status is Status.DECLINED
        with rival(trading) as take_nonce_back:
            await realised(executor, trading)
            await until(lambda: standing(trading) == 1)
            down.append(True)
            take_nonce_back()
        down.clear()
        await until(lambda: recorded(trading).status is Status.FAILED and standing(trading) == 0)
    assert_superseded(trading)


async def test_what_a_rival_took_back_for_good_while_nobody_looked_is_told_as_superseded_too(
    on_demand: Trading,
) -> None:
    trading = on_demand
    async with Executor(settings(trading)) as executor:
        assert (await executor.execute(crossing(1, amount="1"))).status is Status.DECLINED
        with rival(trading) as take_nonce_back:
            await realised(executor, trading)
            await until(lambda: standing(trading) == 1)
            await executor.close()
            take_nonce_back(state=IntentState.FINAL)
    async with Executor(settings(trading)) as executor:
        await executor.look_after("ethereum")
        await until(lambda: recorded(trading).status is Status.FAILED and standing(trading) == 0, 20)
    assert_superseded(trading)


@contextmanager
def rival(trading: Trading) -> Iterator[Callable[..., None]]:
    """Another process that shares the wallet, and had to drop what it has sent at its first nonce; gives what
    has that mined instead of what the nonce was used for later, and lets it see so.
    """
    node, sent = trading.node, signed_elsewhere(trading, 0)
    with closing(Database.open_beside(trading.folder / "journal" / FILE_NAME)) as database:
        record = Record(database, "ethereum", "rival")
        new = NewIntent(OPERATOR, Purpose.TRANSFER, None, None, node.chain_id)
        dropped = record.open_intent(new, 0, lambda _: sent, pending=None)
        record.mark_intent(dropped.intent_id, IntentState.DROPPED)

        def take_nonce_back(state: IntentState = IntentState.MINED) -> None:
            node.rpc("anvil_reorg", 1, [["0x" + sent.raw.hex(), 0]])
            head = node.block()
            block = Block(int(head["number"], 16), head["hash"])
            record.mark_intent(dropped.intent_id, IntentState.MINED, winner=sent.hash, block=block)
            record.mark_intent(dropped.intent_id, state, winner=sent.hash, block=block)
            assert _states(trading) == [IntentState.SUPERSEDED]

        yield take_nonce_back


def assert_superseded(trading: Trading) -> None:
    told = recorded(trading)
    assert [reason.code for reason in told.reasons] == ["superseded"]
    assert (told.realised_profit, told.gas_cost_wei) == (0, None)
    assert trading.nonce() == 1


async def test_the_report_counts_it_once_and_the_end_is_final(on_demand: Trading) -> None:
    trading, node = on_demand, on_demand.node
    before, money = trading.balance(), node.balance(OPERATOR)
    async with Executor(settings(trading)) as executor:
        await realised(executor, trading)
        take_back(trading, 1)
        await until(lambda: recorded(trading).status is Status.PENDING)
        await until(lambda: waiting(node, OPERATOR))
        mine_in_time(node, FINALITY)
        await until(lambda: _states(trading) == [IntentState.FINAL])
        await until(lambda: recorded(trading).status is Status.REALISED)
    gained, paid = trading.balance() - before, money - node.balance(OPERATOR)
    assert recorded(trading).realised_net_profit == gained - paid
    assert reported(trading) == gained - paid


def _intents(trading: Trading) -> tuple[Intent, ...]:
    with record_of(trading) as record:
        return record.intents_of("pair-0")


def _states(trading: Trading) -> list[IntentState]:
    return [intent.state for intent in _intents(trading)]
