"""An executor that has taken over what another signed, and not that one's key."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from devnet import GWEI, Node
from executor.domain.intent import AttemptKind, Intent, IntentState
from executor.policy.fees import Fees
from executor.submission.tracker import Worth
from executor.wallet.development import DEVELOPMENT_ADDRESSES
from tests.support.lanes import FEES, PACE, Desk, desk

LEFT = DEVELOPMENT_ADDRESSES[3]
DEAR = 40 * GWEI
"""A base fee that the first offer does not reach."""


@dataclass
class Shift:
    """The executor that dies, and the one that takes over: with a wallet of its own."""

    dead: Desk
    heir: Desk

    def take_over(self) -> None:
        self.heir.record.adopt(self.dead.record.executor_id)


@pytest.fixture
async def shift(clean: Node, tmp_path: Path) -> AsyncIterator[Shift]:
    async with _shift(clean, tmp_path) as opened:
        yield opened


@asynccontextmanager
async def _shift(node: Node, folder: Path, **dead: Any) -> AsyncIterator[Shift]:
    async with desk(node, folder, **dead) as first:
        database = first.record.database
        async with desk(node, folder, database=database, executor_id="heir", signer=4) as second:
            yield Shift(first, second)


def told(caplog: pytest.LogCaptureFixture) -> list[str]:
    """What the log says that could not be done."""
    return [
        word for line in caplog.messages if "key_missing" in line for word in line.split() if "cannot" in word
    ]


async def test_what_never_left_is_sent_by_who_has_no_key(clean: Node, tmp_path: Path) -> None:
    """Invariant 3: the bytes are signed already."""

    async def killed() -> None:
        if opened.dead.record.open_intents():
            raise KeyboardInterrupt

    async with _shift(clean, tmp_path, fence=killed) as opened:
        with pytest.raises(KeyboardInterrupt):
            await opened.dead.send()
        (intent,) = opened.dead.record.open_intents()
        opened.take_over()
        await opened.heir.tracker.look()
        await opened.heir.mine()
        assert opened.heir.state(intent) is IntentState.MINED
    assert int(clean.rpc("eth_getTransactionCount", LEFT, "latest"), 16) == 1


async def test_what_a_pool_has_dropped_is_sent_again_without_the_key(shift: Shift) -> None:
    intent = await shift.dead.send()
    shift.take_over()
    await shift.heir.tracker.look()
    shift.dead.drop(intent)
    await shift.heir.mine()
    await shift.heir.mine()
    assert shift.heir.state(intent) is IntentState.MINED


async def test_what_waits_too_long_is_sent_again_and_the_missing_key_told(
    shift: Shift, caplog: pytest.LogCaptureFixture
) -> None:
    """Invariant 6: nobody else can offer more."""
    intent = await shift.dead.send(fees=Fees(10 * GWEI, GWEI, 2 * GWEI))
    shift.dead.node.set_base_fee(DEAR)
    shift.heir.worth = Worth(True, 10**18, Fees(90 * GWEI, 3 * GWEI, DEAR))
    shift.take_over()
    await shift.heir.mine(3 * PACE.bump_blocks)
    assert len(shift.heir.again(intent).attempts) == 1
    assert told(caplog) == ["cannot=reprice"]
    shift.dead.node.set_base_fee(GWEI)
    await shift.heir.mine(PACE.bump_blocks + 1)
    assert shift.heir.state(intent) is IntentState.MINED


async def test_what_is_not_wanted_any_more_is_left_alone_without_the_key(
    shift: Shift, caplog: pytest.LogCaptureFixture
) -> None:
    """Invariant 5: only the key could put a transfer to oneself in its place."""
    intent = await shift.dead.send()
    shift.dead.drop(intent)
    shift.take_over()
    shift.heir.record.unwant(intent.intent_id, "enough")
    await shift.heir.mine(4)
    assert shift.heir.receipt(intent) is None, "sent again it would happen"
    assert shift.heir.state(intent) is IntentState.LIVE
    assert told(caplog) == ["cannot=cancel"]


async def test_a_cancel_that_was_signed_is_sent_without_the_key(shift: Shift) -> None:
    """Invariant 5."""
    intent = await shift.dead.send(value=5)
    shift.dead.record.unwant(intent.intent_id, "enough")
    await shift.dead.lane.replace(intent, Fees(2 * FEES.max_fee_per_gas, 2 * GWEI, 0), AttemptKind.CANCEL)
    shift.dead.drop(intent)
    shift.take_over()
    await shift.heir.tracker.look()
    await shift.heir.mine()
    assert _again(shift, intent).was_cancelled


def _again(shift: Shift, intent: Intent) -> Intent:
    found = shift.heir.again(intent)
    assert found.state is IntentState.MINED
    return found


async def test_what_comes_too_late_is_sent_all_the_same_without_the_key(
    shift: Shift, caplog: pytest.LogCaptureFixture
) -> None:
    """Invariant 1: the router turns it down, and the wallet's later nonces can be mined."""
    soon = int(shift.dead.node.block()["timestamp"], 16) + 2
    intent = await shift.dead.send(deadline=soon)
    later = await shift.dead.send()
    shift.dead.drop(intent)
    shift.dead.node.mine(1, timestamp=soon + 100)
    shift.take_over()
    await shift.heir.mine(4)
    assert shift.heir.state(intent) is IntentState.MINED
    assert shift.heir.state(later) is IntentState.MINED
    assert told(caplog) == ["cannot=cancel"]
