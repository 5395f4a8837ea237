"""Bumps and cancels: more is offered for what waits too long, what must not happen is replaced, and what
mined is the truth. The node is a real one behind geth's own pool rules.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from eth_utils.crypto import keccak

from devnet import ETHER, GWEI, Node
from executor.chain.rpc import Rpc
from executor.domain.intent import AttemptKind, AttemptState, Intent, IntentState, Purpose
from executor.journal.flags import set_stop
from executor.policy.fees import Fees
from executor.submission.envelope import read_envelope
from executor.submission.errors import StoppedError, TransactionRefusedError
from executor.submission.tracker import Worth
from executor.wallet.development import DEVELOPMENT_ADDRESSES
from tests.chaos.faulty_node import FaultyNode
from tests.support.lanes import FEES, PACE, PAYS, RECEIVER, Desk, desk
from tests.support.proxy import ChangingProxy

WALLET = DEVELOPMENT_ADDRESSES[3]
LIVE, MINED = IntentState.LIVE, IntentState.MINED
DEAR = 40 * GWEI
"""A base fee that the first offer does not reach."""

MARKET = Fees(90 * GWEI, 3 * GWEI, DEAR)
BUMPABLE = Worth(True, 10**18, MARKET)


@pytest.fixture
async def at(clean: Node, tmp_path: Path) -> AsyncIterator[Desk]:
    """Behind geth's pool rules."""
    async with FaultyNode(clean.url, 1, {}) as geth, desk(clean, tmp_path, rpc=Rpc(geth.url)) as opened:
        opened.worth = BUMPABLE
        yield opened


async def stuck(at: Desk, **changes: Any) -> Intent:
    """Sent while gas was cheap, and gas is dear now."""
    intent = await at.send(value=7, **changes)
    at.node.set_base_fee(DEAR)
    await at.tracker.look()
    return intent


async def test_what_waits_too_long_is_bumped_and_mined_once(at: Desk) -> None:
    """Invariant 6."""
    before = at.node.balance(RECEIVER)
    intent = await stuck(at)
    await at.mine(PACE.bump_blocks - 1)
    assert len(at.again(intent).attempts) == 1
    await at.mine()
    first, second = at.again(intent).attempts
    assert second.attempt.max_fee_per_gas >= max(first.attempt.max_fee_per_gas * 1125 // 1000, 90 * GWEI)
    assert second.attempt.max_priority_fee_per_gas >= first.attempt.max_priority_fee_per_gas * 1125 // 1000
    await at.mine()
    mined = at.again(intent)
    assert (mined.state, mined.winner, mined.was_cancelled) == (MINED, second.attempt.hash, False)
    assert at.node.balance(RECEIVER) == before + 7


@pytest.fixture
async def swallowed(clean: Node, tmp_path: Path) -> AsyncIterator[Desk]:
    """Behind a node that takes all that is sent and passes nothing on."""

    def swallow(request: dict[str, Any]) -> dict[str, Any] | None:
        if request["method"] != "eth_sendRawTransaction":
            return None
        return {"result": "0x" + keccak(hexstr=request["params"][0]).hex()}

    async with (
        ChangingProxy(clean.url, withhold=swallow) as proxy,
        desk(clean, tmp_path, rpc=Rpc(proxy.url)) as opened,
    ):
        yield opened


async def test_it_is_bumped_again_while_it_still_waits(swallowed: Desk) -> None:
    """Invariant 6."""
    intent = await swallowed.send()
    swallowed.worth = replace(PAYS, fees=FEES)
    await swallowed.mine(3 * PACE.bump_blocks + 1)
    attempts = [stored.attempt for stored in swallowed.again(intent).attempts]
    assert len(attempts) == 4
    for fees in (
        [attempt.max_fee_per_gas for attempt in attempts],
        [attempt.max_priority_fee_per_gas for attempt in attempts],
    ):
        assert all(8 * later >= 9 * earlier for earlier, later in pairwise(fees))


async def test_only_the_first_in_line_is_bumped(at: Desk) -> None:
    first = await stuck(at)
    at.node.set_base_fee(2 * GWEI)
    second = await stuck(at)
    await at.mine(PACE.bump_blocks)
    assert [len(at.again(intent).attempts) for intent in (first, second)] == [2, 1]


async def test_the_old_attempt_that_mined_after_all_is_the_one_that_counts(at: Desk) -> None:
    """Invariant 4: success is judged by any hash."""
    intent = await stuck(at)
    await at.mine(PACE.bump_blocks)
    first, second = at.again(intent).attempts
    at.node.rpc("anvil_dropTransaction", second.attempt.hash)
    at.node.set_base_fee(2 * GWEI)
    at.node.mine(1)
    at.node.rpc("eth_sendRawTransaction", "0x" + first.attempt.raw.hex())
    await at.mine()
    mined = at.again(intent)
    assert (mined.state, mined.winner) == (MINED, first.attempt.hash)
    fate = await at.tracker.fate(intent.intent_id, 0)
    assert fate.receipt is not None
    assert fate.receipt.transaction_hash == first.attempt.hash


@pytest.mark.parametrize(
    ("cap", "bearable"), [(30 * GWEI, 10**18), (None, 50_000 * 30 * GWEI)], ids=["the cap", "the profit"]
)
async def test_no_offer_is_above_the_cap_or_what_the_trade_bears(
    clean: Node, tmp_path: Path, cap: int | None, bearable: int
) -> None:
    """Invariant 6: up to that it goes where the market asks more; then the last one is sent again."""
    async with (
        ChangingProxy(clean.url) as proxy,
        desk(clean, tmp_path, rpc=Rpc(proxy.url), cap=cap) as opened,
    ):
        opened.worth = Worth(True, bearable, MARKET)
        intent = await stuck(opened)
        await opened.mine(4 * PACE.bump_blocks)
        offers = [stored.attempt.max_fee_per_gas for stored in opened.again(intent).attempts]
        assert offers == [FEES.max_fee_per_gas, 30 * GWEI]
        assert proxy.methods.count("eth_sendRawTransaction") > 3
        assert opened.state(intent) is LIVE


async def test_what_does_not_pay_any_more_is_cancelled(at: Desk) -> None:
    """Invariant 5."""
    before = at.node.balance(RECEIVER)
    intent = await stuck(at)
    at.worth = Worth(False, 0, MARKET)
    await at.mine(PACE.bump_blocks + 1)
    after = at.again(intent)
    assert after.was_cancelled
    assert after.unwanted_because == "it does not pay any more"
    assert at.node.balance(RECEIVER) == before


async def test_a_simulation_that_fails_on_our_own_mined_trade_cancels_nothing(at: Desk) -> None:
    """It is mined between the look and the simulation."""
    intent = await stuck(at)

    async def reprice(asked: Intent) -> Worth:
        at.node.set_base_fee(GWEI)
        at.node.mine(1)
        at.node.rpc("eth_sendRawTransaction", "0x" + asked.attempts[0].attempt.raw.hex())
        at.node.mine(1)
        return Worth(False, 0, MARKET)

    at.tracker._offers._reprice = reprice
    await at.mine(PACE.bump_blocks)
    after = at.again(intent)
    assert after.wanted
    assert len(after.attempts) == 1
    await at.tracker.look()
    assert at.state(intent) is MINED


async def test_what_nobody_knows_the_worth_of_is_never_cancelled(at: Desk) -> None:
    intent = await stuck(at)
    at.worth = Worth(None, 0, MARKET)
    await at.mine(5 * PACE.bump_blocks)
    assert at.again(intent).wanted
    assert [stored.kind for stored in at.again(intent).attempts] == [AttemptKind.CALL]


async def test_a_pricing_that_fails_harms_nothing(at: Desk) -> None:
    async def broken(intent: Intent) -> Worth:
        raise ZeroDivisionError

    at.tracker._offers._reprice = broken
    intent = await stuck(at)
    await at.mine(2 * PACE.bump_blocks)
    assert at.state(intent) is LIVE
    at.node.set_base_fee(2 * GWEI)
    await at.mine(2)
    assert at.state(intent) is MINED


async def test_what_has_passed_its_deadline_by_the_chains_time_is_cancelled(at: Desk) -> None:
    """Invariant 10."""
    time = int(at.node.block()["timestamp"], 16)
    intent = await stuck(at, deadline=time + 1000)
    await at.mine()
    assert at.again(intent).wanted
    at.node.increase_time(2000)
    await at.tracker.look()
    await at.mine()
    assert at.again(intent).was_cancelled
    assert at.again(intent).unwanted_because == "its time is over"


async def test_a_clock_of_ours_that_jumps_cancels_nothing(at: Desk) -> None:
    time = int(at.node.block()["timestamp"], 16)
    intent = await stuck(at, deadline=time + 1000)
    at.clock.turn(10**6)
    await at.mine()
    assert at.again(intent).wanted


async def test_a_cancel_that_waits_is_bumped_too(at: Desk) -> None:
    intent = await stuck(at)
    at.worth = replace(PAYS, fees=FEES)
    await at.tracker.cancel_all("no more today")
    assert [stored.kind for stored in at.again(intent).attempts] == [AttemptKind.CALL, AttemptKind.CANCEL]
    at.worth = replace(PAYS, fees=MARKET)
    await at.mine(PACE.bump_blocks + 2)
    after = at.again(intent)
    assert [stored.kind for stored in after.attempts][1:] == [AttemptKind.CANCEL, AttemptKind.CANCEL]
    assert after.was_cancelled


async def test_a_cancel_never_offers_many_times_what_the_market_asks(swallowed: Desk) -> None:
    """It earns nothing: without a bound a nonce that no price frees would cost without end."""
    intent = await swallowed.send()
    swallowed.worth = replace(PAYS, fees=FEES)
    await swallowed.tracker.cancel_all("no more today")
    await swallowed.mine(20 * PACE.bump_blocks)
    offered = [stored.attempt.max_fee_per_gas for stored in swallowed.again(intent).attempts]
    assert 3 * FEES.max_fee_per_gas < max(offered) <= 4 * FEES.max_fee_per_gas
    assert swallowed.state(intent) is LIVE


async def test_the_call_that_mined_before_its_cancel_is_the_truth(at: Desk) -> None:
    """Invariant 5: then it has happened."""
    before = at.node.balance(RECEIVER)
    intent = await stuck(at)
    await at.tracker.cancel_all("no more today")
    call, cancel = at.again(intent).attempts
    at.node.rpc("anvil_dropTransaction", cancel.attempt.hash)
    at.node.set_base_fee(2 * GWEI)
    at.node.mine(1)
    at.node.rpc("eth_sendRawTransaction", "0x" + call.attempt.raw.hex())
    await at.mine()
    after = at.again(intent)
    assert (after.state, after.winner, after.was_cancelled) == (MINED, call.attempt.hash, False)
    assert at.node.balance(RECEIVER) == before + 7


async def test_a_pool_that_wants_a_greater_step_gets_it(clean: Node, tmp_path: Path) -> None:
    """Besu counts the effective price: an eighth more of a small tip is not enough for it."""
    seen: list[str] = []

    def besu(request: dict[str, Any]) -> dict[str, Any] | None:
        if request["method"] != "eth_sendRawTransaction" or request["params"][0] in seen:
            return None
        seen.extend(request["params"])
        refused = {"error": {"code": -32000, "message": "Replacement transaction underpriced"}}
        return refused if len(seen) == 2 else None

    async with (
        ChangingProxy(clean.url, withhold=besu) as proxy,
        desk(clean, tmp_path, rpc=Rpc(proxy.url)) as opened,
    ):
        opened.worth = BUMPABLE
        intent = await stuck(opened)
        await opened.mine(PACE.bump_blocks)
        attempts = opened.again(intent).attempts
        assert [stored.state.value for stored in attempts] == ["sent", "refused", "sent"]
        base = MARKET.base_fee
        tips = [stored.attempt.max_priority_fee_per_gas for stored in attempts[1:]]
        assert tips[1] >= tips[0] + (base + tips[0]) // 10
        await opened.mine()
        assert opened.again(intent).winner == attempts[2].attempt.hash


async def test_without_money_for_the_bump_the_old_offer_stands(at: Desk) -> None:
    intent = await stuck(at)
    at.node.set_balance(WALLET, 50_000 * 10 * GWEI + 7)
    await at.mine(2 * PACE.bump_blocks)
    states = {stored.state for stored in at.again(intent).attempts[1:]}
    assert states <= {AttemptState.REFUSED}
    assert at.state(intent) is LIVE
    at.node.set_balance(WALLET, ETHER)
    at.node.set_base_fee(2 * GWEI)
    await at.mine(2)
    assert at.again(intent).winner == intent.attempts[0].attempt.hash


async def test_a_transfer_of_the_wallets_own_is_never_cancelled_for_its_worth(at: Desk) -> None:
    intent = await stuck(at, purpose=Purpose.TRANSFER)
    at.worth = Worth(False, 10**18, MARKET)
    await at.mine(PACE.bump_blocks + 1)
    assert at.again(intent).wanted
    assert at.state(intent) is MINED


async def test_a_cancel_that_is_refused_at_each_block_stays_one_attempt(at: Desk) -> None:
    """Invariant 5: the market moves a little meanwhile, and the money comes in the end."""
    intent = await stuck(at)
    at.node.set_balance(WALLET, 50_000 * 10 * GWEI + 7)
    at.record.unwant(intent.intent_id, "no more today")
    for block in range(12):
        moved = GWEI * (block % 5)
        at.worth = replace(PAYS, fees=Fees(90 * GWEI + moved, 3 * GWEI, DEAR))
        await at.mine()
    refused = at.again(intent).attempts[1:]
    assert [(one.kind, one.state) for one in refused] == [(AttemptKind.CANCEL, AttemptState.REFUSED)]
    at.node.set_balance(WALLET, ETHER)
    await at.mine(2)
    after = at.again(intent)
    assert (after.winner, after.was_cancelled) == (refused[0].attempt.hash, True)


async def test_a_refused_cancel_is_made_anew_when_the_market_has_left_it_behind(at: Desk) -> None:
    """Never by less than an eighth: so their number is bounded, whatever the market does."""
    intent = await stuck(at)
    at.node.set_balance(WALLET, 50_000 * 10 * GWEI + 7)
    at.record.unwant(intent.intent_id, "no more today")
    for block in range(20):
        at.worth = replace(PAYS, fees=Fees((90 + 5 * block) * GWEI, 3 * GWEI, DEAR))
        await at.mine()
    offered = sorted(one.attempt.max_fee_per_gas for one in at.again(intent).attempts[1:])
    assert 2 <= len(offered) <= 8
    assert all(8 * higher >= 9 * lower for lower, higher in pairwise(offered))


async def test_a_refused_replacement_is_not_offered_again_above_the_ceiling(
    clean: Node, tmp_path: Path
) -> None:
    """Invariant 6: what the trade bears has become less."""
    async with (
        FaultyNode(clean.url, 1, {}) as geth,
        desk(clean, tmp_path, rpc=Rpc(geth.url)) as opened,
    ):
        opened.worth = BUMPABLE
        intent = await stuck(opened)
        clean.set_balance(WALLET, 50_000 * 10 * GWEI + 7)
        await opened.mine(PACE.bump_blocks)
        (refused,) = opened.again(intent).attempts[1:]
        opened.worth = Worth(True, 50_000 * 85 * GWEI, MARKET)
        clean.set_balance(WALLET, ETHER)
        await opened.mine(PACE.bump_blocks)
        taken = opened.again(intent).attempts[-1]
        assert taken.attempt.hash != refused.attempt.hash
        assert taken.attempt.max_fee_per_gas == 85 * GWEI


async def test_a_cancel_that_was_refused_for_its_tip_is_offered_with_a_greater_one(
    clean: Node, tmp_path: Path
) -> None:
    """Though its fee as a whole is near what the market asks now."""
    least, refusing = 20 * GWEI, False

    def particular(request: dict[str, Any]) -> dict[str, Any] | None:
        if request["method"] != "eth_sendRawTransaction":
            return None
        sent = request["params"][0]
        every = (one.attempt for intent in opened.record.open_intents() for one in intent.attempts)
        tip = next(one.max_priority_fee_per_gas for one in every if "0x" + one.raw.hex() == sent)
        words = f"transaction underpriced: gas tip cap {tip}, minimum needed {least}"
        return {"error": {"code": -32000, "message": words}} if tip < least and refusing else None

    async with (
        ChangingProxy(clean.url, withhold=particular) as proxy,
        desk(clean, tmp_path, rpc=Rpc(proxy.url)) as opened,
    ):
        intent = await stuck(opened)
        refusing = True
        opened.record.unwant(intent.intent_id, "no more today")
        opened.worth = replace(PAYS, fees=Fees(90 * GWEI, 3 * GWEI, DEAR))
        await opened.mine(2)
        opened.worth = replace(PAYS, fees=Fees(92 * GWEI, 30 * GWEI, DEAR))
        await opened.mine(3)
        after = opened.again(intent)
        assert [one.state for one in after.attempts[1:]] == [AttemptState.REFUSED, AttemptState.SENT]
        assert after.was_cancelled


async def test_what_is_offered_again_is_perhaps_sent_before_it_leaves(clean: Node, tmp_path: Path) -> None:
    """Invariant 2: a crash just then must not leave it recorded as refused."""
    seen: list[AttemptState] = []

    def poor(request: dict[str, Any]) -> dict[str, Any] | None:
        if request["method"] != "eth_sendRawTransaction":
            return None
        for intent in opened.record.open_intents():
            seen.extend(
                one.state for one in intent.attempts if "0x" + one.attempt.raw.hex() == request["params"][0]
            )
        words = "insufficient funds for gas * price + value"
        return {"error": {"code": -32000, "message": words}} if len(seen) > 1 else None

    async with (
        ChangingProxy(clean.url, withhold=poor) as proxy,
        desk(clean, tmp_path, rpc=Rpc(proxy.url)) as opened,
    ):
        intent = await stuck(opened)
        opened.record.unwant(intent.intent_id, "no more today")
        opened.worth = replace(PAYS, fees=Fees(90 * GWEI, 3 * GWEI, DEAR))
        await opened.mine(4)
        refused = opened.again(intent).attempts[1:]
        assert [(one.kind, one.state) for one in refused] == [(AttemptKind.CANCEL, AttemptState.REFUSED)]
    assert len(seen) >= 4
    assert set(seen) == {AttemptState.RECORDED}


async def test_a_refused_cancel_gets_the_gas_that_a_transfer_takes_by_now(
    clean: Node, tmp_path: Path
) -> None:
    """Where the data's price is part of the gas, as on Arbitrum, the limit that was signed may be too low."""
    needed = 21_000

    def dearer(request: dict[str, Any]) -> dict[str, Any] | None:
        if request["method"] == "eth_estimateGas":
            return {"result": hex(needed)}
        if request["method"] != "eth_sendRawTransaction":
            return None
        limit = read_envelope(bytes.fromhex(request["params"][0][2:])).gas_limit
        return {"error": {"code": -32000, "message": "intrinsic gas too low"}} if limit < needed else None

    async with (
        ChangingProxy(clean.url, withhold=dearer) as proxy,
        desk(clean, tmp_path, rpc=Rpc(proxy.url), transfer_gas=None) as opened,
    ):
        intent = await stuck(opened)
        opened.record.unwant(intent.intent_id, "no more today")
        opened.worth = replace(PAYS, fees=Fees(90 * GWEI, 3 * GWEI, DEAR))
        estimate = opened.lane._gas_of_transfer

        async def then_dearer() -> int:
            nonlocal needed
            found = await estimate()
            needed = 60_000
            return found

        opened.lane._gas_of_transfer = then_dearer  # type: ignore[method-assign]
        await opened.mine(3)
        limits = [one.attempt.gas_limit for one in opened.again(intent).attempts[1:]]
        assert limits == [25_200, 72_000]
        assert opened.again(intent).was_cancelled


async def test_while_stopped_a_refused_bump_stays_refused(at: Desk) -> None:
    intent = await stuck(at)
    at.node.set_balance(WALLET, 50_000 * 10 * GWEI + 7)
    with pytest.raises(TransactionRefusedError):
        await at.lane.replace(at.again(intent), MARKET, AttemptKind.CALL)
    refused = at.again(intent).attempts[1]
    set_stop(at.record.database, None, "the operator said so")
    with pytest.raises(StoppedError):
        await at.lane.offer_again(at.again(intent), refused)
    assert at.again(intent).attempts[1].state is AttemptState.REFUSED
