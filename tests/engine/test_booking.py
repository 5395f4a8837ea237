"""Real transactions, booked from their receipts: to the wei what balances did, once, and undone when a
reorganisation takes them back."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest

from devnet import ETHER, abi, feeds
from devnet.books import book_of
from executor.domain.booking import NATIVE, Kind
from executor.domain.errors import JournalError, NodeError
from executor.domain.intent import IntentState, Purpose
from executor.engine.booking import AGREES, book, catch_up, keep_up, reverse
from executor.policy.bookkeeping import total
from tests.support import quirky_tokens
from tests.support.bookkeeping import SECOND_OPERATOR, Office, booked, held, mine_in_time, on_demand
from tests.support.trading import OPERATOR, explicit

STRANGER = "0x00000000000000000000000000000000000000AA"


async def test_a_trades_entries_are_what_router_and_wallet_really_gained(office: Office) -> None:
    before = held(office)
    pending = await office.planned(explicit())
    booking = await booked(office, office.send_trade(pending))
    before.assert_booked()
    weth = book_of(office.trading.node).tokens["WETH"]
    assert total(booking.entries, weth) == pending.expected_profit  # type: ignore[arg-type]
    assert {entry.kind for entry in booking.entries} == {Kind.GROSS, Kind.GAS}
    assert (booking.checked, booking.success, booking.cancelled) == (AGREES, True, False)
    assert booking.opportunity_id == "seen-1"


async def test_entries_are_valued_at_the_price_of_their_block(office: Office) -> None:
    node = office.trading.node
    sent = office.send_trade(await office.planned(explicit()))
    intent, receipt = await office.mined(sent)
    feeds.set_price(node, book_of(node).feeds["ETH/USD"], 1)
    assert await book(office.keeper, intent, receipt, sent.pending)
    booking = office.books.standing(intent.intent_id)
    assert booking is not None
    assert {asset.usd for asset in booking.assets.values()} == {Fraction(3_000)}
    assert all(asset.price_source.startswith("chainlink 0x") for asset in booking.assets.values())


async def test_a_booking_stands_without_a_price(office: Office) -> None:
    pending = await office.planned(explicit())
    office.trading.node.increase_time(10 * 86_400)
    sent = office.send_trade(await office.planned(explicit("seen-2"), min_profit_usd=0))
    booking = await booked(office, sent)
    assert {asset.usd for asset in booking.assets.values()} == {None}
    assert booking.checked == AGREES
    assert pending.profit_usd is not None


async def test_a_reverted_trade_costs_its_gas_and_gains_nothing(office: Office) -> None:
    before = held(office)
    pending = await office.planned(explicit())
    with on_demand(office.trading.node):
        sent = office.send_trade(pending)
        office.trading.node.mine(1, timestamp=int(str(pending.details["deadline"])) + 1)
    booking = await booked(office, sent)
    before.assert_booked()
    assert not booking.success
    assert {entry.kind for entry in booking.entries} == {Kind.GAS}


async def test_a_cancelled_trade_costs_its_gas(office: Office) -> None:
    before = held(office)
    pending = await office.planned(explicit())
    with on_demand(office.trading.node):
        sent = office.cancel(office.send_trade(pending))
        mine_in_time(office.trading.node)
    booking = await booked(office, sent)
    before.assert_booked()
    assert booking.cancelled
    assert {entry.kind for entry in booking.entries} == {Kind.GAS}


async def test_the_same_block_is_booked_once(office: Office) -> None:
    before = held(office)
    sent = office.send_trade(await office.planned(explicit()))
    await booked(office, sent)
    intent, receipt = await office.mined(sent)
    assert not await book(office.keeper, intent, receipt, sent.pending)
    before.assert_booked()


async def test_what_a_reorganisation_takes_back_is_reversed_and_booked_again_in_its_new_block(
    office: Office,
) -> None:
    node, before = office.trading.node, held(office)
    pending = await office.planned(explicit())
    kept = node.snapshot()
    with on_demand(node):
        sent = office.send_trade(pending)
        mine_in_time(node)
        first = await booked(office, sent)
        node.revert(kept)
        office.record.mark_intent(sent.intent.intent_id, IntentState.LIVE)
        assert await reverse(office.keeper, sent.intent)
        before.assert_booked()
        assert not await reverse(office.keeper, sent.intent)
        mine_in_time(node)
        raw = sent.intent.attempts[0].attempt.raw
        node.rpc("eth_sendRawTransaction", "0x" + raw.hex())
        mine_in_time(node)
        second = await booked(office, sent)
    before.assert_booked()
    assert first.block != second.block
    assert first.transaction_hash == second.transaction_hash
    assert len(list(office.books.all_standing())) == 1


async def test_a_move_to_another_block_is_booked_without_a_word_in_between(office: Office) -> None:
    """The tracker may see both blocks at once: the booking of the old one is reversed along with it."""
    node, before = office.trading.node, held(office)
    pending = await office.planned(explicit())
    kept = node.snapshot()
    with on_demand(node):
        sent = office.send_trade(pending)
        mine_in_time(node)
        await booked(office, sent)
        node.revert(kept)
        mine_in_time(node)
        node.rpc("eth_sendRawTransaction", "0x" + sent.intent.attempts[0].attempt.raw.hex())
        mine_in_time(node)
        await booked(office, sent)
    before.assert_booked()
    assert len(list(office.books.all_standing())) == 1


async def test_a_receipt_of_a_block_that_is_gone_is_not_booked(office: Office) -> None:
    node = office.trading.node
    pending = await office.planned(explicit())
    kept = node.snapshot()
    with on_demand(node):
        sent = office.send_trade(pending)
        mine_in_time(node)
        intent, receipt = await office.mined(sent)
        node.revert(kept)
        node.mine(1, timestamp=int(node.block()["timestamp"], 16) + 7)
    with pytest.raises(NodeError, match="another one"):
        await book(office.keeper, intent, receipt, sent.pending)
    assert list(office.books.all_standing()) == []


async def test_the_books_keep_up_with_what_a_tracker_tells(office: Office) -> None:
    node, before = office.trading.node, held(office)
    pending = await office.planned(explicit())
    kept = node.snapshot()
    with on_demand(node):
        sent = office.send_trade(pending)
        mine_in_time(node)
        intent, receipt = await office.mined(sent)
        for _ in range(2):
            await keep_up(office.keeper, office.record, intent, receipt)
        await keep_up(office.keeper, office.record, intent, None)
        before.assert_booked()
        assert len(list(office.books.all_standing())) == 1
        node.revert(kept)
        live = office.record.mark_intent(intent.intent_id, IntentState.LIVE)
        for _ in range(2):
            await keep_up(office.keeper, office.record, live, None)
    before.assert_booked()
    assert list(office.books.all_standing()) == []


async def test_what_a_crash_left_unbooked_is_caught_up_with(office: Office) -> None:
    node, before = office.trading.node, held(office)
    trade = office.send_trade(await office.planned(explicit()))
    await office.mined(trade)
    sweep = office.send(Purpose.TRANSFER, STRANGER, value=ETHER)
    await office.mined(sweep)
    assert await catch_up(office.keeper, office.record) == 2
    before.assert_booked()
    assert await catch_up(office.keeper, office.record) == 0
    assert node.balance(STRANGER) == ETHER


async def test_a_booking_whose_intent_is_live_again_is_caught_up_with(office: Office) -> None:
    node, before = office.trading.node, held(office)
    pending = await office.planned(explicit())
    kept = node.snapshot()
    with on_demand(node):
        sent = office.send_trade(pending)
        mine_in_time(node)
        await booked(office, sent)
        node.revert(kept)
        office.record.mark_intent(sent.intent.intent_id, IntentState.LIVE)
    assert await catch_up(office.keeper, office.record) == 1
    before.assert_booked()


async def test_a_sweep_is_moved_money_and_no_loss(office: Office) -> None:
    before = held(office)
    booking = await booked(office, office.send(Purpose.TRANSFER, STRANGER, value=ETHER))
    before.assert_booked()
    assert total(booking.entries, NATIVE, {Kind.TRANSFER}) == -ETHER


async def test_a_refill_between_wallets_is_booked_on_both(office: Office) -> None:
    before = held(office)
    booking = await booked(office, office.send(Purpose.TRANSFER, SECOND_OPERATOR, value=ETHER))
    before.assert_booked()
    assert total(booking.entries, NATIVE, {Kind.TRANSFER}) == 0


async def test_a_token_with_a_transfer_fee_is_booked_as_it_arrived(office: Office) -> None:
    node = office.trading.node
    token = quirky_tokens.with_fee(node, 100)
    quirky_tokens.give(node, token, OPERATOR, 10**6)
    before = held(office, token)
    data = abi.encode_call("transfer(address,uint256)", SECOND_OPERATOR, 5_000)
    booking = await booked(office, office.send(Purpose.TRANSFER, token, data=data))
    before.assert_booked()
    amounts = {entry.account: entry.amount for entry in booking.entries if entry.token == token}
    assert amounts == {OPERATOR: -5_000, SECOND_OPERATOR: 4_950}
    assert booking.assets[token].symbol == "FEE"  # type: ignore[index]


async def test_a_fill_costs_gas_alone(office: Office) -> None:
    before = held(office)
    booking = await booked(office, office.send(Purpose.FILL, OPERATOR))
    before.assert_booked()
    assert {entry.kind for entry in booking.entries} == {Kind.GAS}


async def test_an_approval_costs_gas_alone(office: Office) -> None:
    before = held(office)
    data = abi.encode_call("approve(address,uint256)", STRANGER, 5)
    weth = book_of(office.trading.node).tokens["WETH"]
    booking = await booked(office, office.send(Purpose.APPROVAL, weth, data=data))
    before.assert_booked()
    assert {entry.kind for entry in booking.entries} == {Kind.GAS}


async def test_unwrapping_turns_one_coin_into_the_other(office: Office) -> None:
    weth = book_of(office.trading.node).tokens["WETH"]
    office.trading.node.set_erc20_balance(weth, OPERATOR, ETHER)
    before = held(office)
    data = abi.encode_call("withdraw(uint256)", ETHER // 2)
    await booked(office, office.send(Purpose.TRANSFER, weth, data=data))
    before.assert_booked()


async def test_coin_that_was_forced_upon_the_router_in_the_block_is_booked_though_nothing_logs_it(
    office: Office,
) -> None:
    """A contract that gives itself up while it is made leaves its coin to whom it likes."""
    node, before = office.trading.node, held(office)
    pending = await office.planned(explicit())
    giving_up = b"\x73" + bytes.fromhex(office.trading.router[2:]) + b"\xff"
    with on_demand(node):
        sent = office.send_trade(pending)
        node.submit(node.accounts[5].address, None, giving_up, value=77, gas=100_000)
        mine_in_time(node)
    booking = await booked(office, sent)
    before.assert_booked()
    assert total(booking.entries, NATIVE, {Kind.RESIDUE}) == 77


async def test_two_trades_of_one_block_are_booked_each_with_its_own(office: Office) -> None:
    node, before = office.trading.node, held(office)
    half = str(ETHER)
    plans = [await office.planned(explicit(name, amount=half)) for name in ("a", "b")]
    with on_demand(node):
        sent = [office.send_trade(pending) for pending in plans]
        mine_in_time(node)
    bookings = [await booked(office, one) for one in sent]
    before.assert_booked()
    assert [booking.checked for booking in bookings] == [AGREES, AGREES]
    assert bookings[0].block == bookings[1].block


async def test_a_cost_that_the_senders_balance_does_not_show_is_told(office: Office) -> None:
    """As a node would that lies about an OP stack chain's fee: this chain takes none."""
    sent = office.send_trade(await office.planned(explicit()))
    intent, receipt = await office.mined(sent)
    dearer = replace(receipt, gas_cost=receipt.gas_cost + 500, l1_fee=300, operator_fee=200)
    assert await book(office.keeper, intent, dearer, sent.pending)
    booking = office.books.standing(intent.intent_id)
    assert booking is not None
    costs = {entry.kind: -entry.amount for entry in booking.entries if entry.token is NATIVE}
    assert costs == {
        Kind.GAS: receipt.gas_used * receipt.effective_gas_price,
        Kind.L1_FEE: 300,
        Kind.OPERATOR_FEE: 200,
    }
    assert booking.checked.startswith(f"the block changed {OPERATOR}'s native coin by -")


async def test_a_receipt_of_another_intent_is_refused(office: Office) -> None:
    first = office.send(Purpose.TRANSFER, STRANGER, value=1)
    second = office.send(Purpose.TRANSFER, STRANGER, value=2)
    _, receipt = await office.mined(first)
    intent, _ = await office.mined(second)
    with pytest.raises(JournalError, match="is not of the intent"):
        await book(office.keeper, intent, receipt, None)
