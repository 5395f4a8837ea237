"""Real transactions, booked from their receipts: to the wei what balances did, once, and undone when a
reorganisation takes them back."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from fractions import Fraction

import pytest

from devnet import ETHER, Node, abi, feeds
from devnet.books import book_of
from executor.chain.rpc import Rpc
from executor.domain.address import to_address
from executor.domain.booking import NATIVE, Booking, Kind
from executor.domain.errors import JournalError, NodeError
from executor.domain.execution import Execution
from executor.domain.intent import IntentState, Purpose
from executor.engine.booking import AGREES, book, catch_up, reverse
from executor.plan import Tip, decode
from executor.plan.encoding import encode_plan
from executor.plan.format import Opcode, V2CallbackKind, V3CallbackKind
from executor.plan.steps import PoolLoan, Step
from executor.policy.bookkeeping import total
from tests.support import quirky_tokens
from tests.support.bookkeeping import SECOND_OPERATOR, WALLETS, Office, Sent, open_office
from tests.support.proxy import Answer, ChangingProxy, Request
from tests.support.trading import OPERATOR, Trading, explicit

STRANGER = "0x00000000000000000000000000000000000000AA"


@pytest.fixture
async def office(trading: Trading) -> AsyncIterator[Office]:
    """Books that are empty, on a chain with an open gap."""
    trading.open_gap()
    async with open_office(trading) as opened:
        yield opened


@contextmanager
def on_demand(node: Node) -> Iterator[None]:
    """Blocks come only when the test makes them."""
    node.rpc("evm_setAutomine", False)
    try:
        yield
    finally:
        node.rpc("anvil_dropAllTransactions")
        node.rpc("evm_setAutomine", True)


def mine_in_time(node: Node) -> None:
    """The next block, a second after the last one."""
    node.mine(1, timestamp=int(node.block()["timestamp"], 16) + 1)


class Held:
    """What our accounts held when it was made."""

    def __init__(self, office: Office, *tokens: str) -> None:
        self._office, self._tokens = office, tokens
        self._then = self._now()

    def _now(self) -> dict[tuple[str, str | None], int]:
        node = self._office.trading.node
        accounts = (self._office.trading.router, *sorted(WALLETS))
        held: dict[tuple[str, str | None], int] = {(who, None): node.balance(who) for who in accounts}
        for token in self._tokens:
            held |= {(who, token): node.erc20_balance(token, who) for who in accounts}
        return held

    def assert_booked(self) -> None:
        """The books say of every account and token what its balance did since."""
        for (who, token), now in self._now().items():
            assert self._office.booked(who, token) == now - self._then[who, token], (who, token)


def held(office: Office, *more: str) -> Held:
    tokens = book_of(office.trading.node).tokens
    return Held(office, tokens["WETH"], tokens["USDC"], *more)


async def booked(office: Office, sent: Sent) -> Booking:
    intent, receipt = await office.mined(sent)
    assert await book(office.keeper, intent, receipt, sent.pending)
    found = office.books.standing(intent.intent_id)
    assert found is not None
    return found


def amount_of(booking: Booking, kind: Kind) -> int:
    return sum(entry.amount for entry in booking.entries if entry.kind is kind)


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


async def test_a_borrowed_trades_premium_stands_apart(office: Office) -> None:
    before = held(office)
    pending = await office.planned(explicit(funding="aave_v3"))
    booking = await booked(office, office.send_trade(pending))
    before.assert_booked()
    assert -amount_of(booking, Kind.PREMIUM) == int(str(pending.details["premium"])) > 0


def of_pool(office: Office, name: str, opcode: Opcode, amount: int, fee: int, *inside: Step) -> PoolLoan:
    """A loan of WETH by a pool of the chain; `fee` in millionths of what it asks it for."""
    pool = book_of(office.trading.node).pool(name)
    weth = book_of(office.trading.node).tokens["WETH"]
    left = 1_000_000 - fee if opcode is Opcode.UNISWAP_V2_LOAN else 1_000_000
    premium = -(-amount * fee // left)
    return PoolLoan(
        opcode,
        to_address(pool.address),
        amount,
        amount + premium,
        inside,
        token1=to_address(pool.tokens[1]) == weth,
        callback=V2CallbackKind.UNISWAP if opcode is Opcode.UNISWAP_V2_LOAN else V3CallbackKind.UNISWAP,
    )


def within(pending: Execution, loan: Callable[[tuple[Step, ...]], PoolLoan]) -> Execution:
    """The decided plan, carried out with borrowed money."""
    plan = decode(bytes.fromhex(str(pending.plan)[2:]))
    borrowed = replace(plan, header=replace(plan.header, minimum_profit=1), steps=(loan(plan.steps),))
    return replace(pending, plan="0x" + encode_plan(borrowed).hex())


V3_LENDER, V2_LENDER = "uniswap_v3 USDC/WETH 3000", "uniswap_v2 DAI/WETH"


@pytest.mark.parametrize("lenders", [[V3_LENDER], [V2_LENDER], [V3_LENDER, V2_LENDER]])
async def test_what_pools_take_for_loans_stands_apart_too(office: Office, lenders: list[str]) -> None:
    before = held(office)
    pending = await office.planned(explicit(amount=str(20 * ETHER)))
    amount, premium = 10 * ETHER, 0
    for name in lenders:
        opcode = Opcode.UNISWAP_V3_LOAN if name == V3_LENDER else Opcode.UNISWAP_V2_LOAN

        def loan(steps: tuple[Step, ...], name: str = name, opcode: Opcode = opcode) -> PoolLoan:
            return of_pool(office, name, opcode, amount, 3_000, *steps)

        premium += loan(()).cap - amount
        pending = within(pending, loan)
    booking = await booked(office, office.send_trade(pending, gas_limit=900_000))
    before.assert_booked()
    assert booking.success
    assert amount_of(booking, Kind.PREMIUM) == -premium < 0
    assert amount_of(booking, Kind.GROSS) == pending.expected_profit


def with_tip(pending: Execution, tip: Tip) -> Execution:
    """The decided plan with a tip in its header."""
    plan = decode(bytes.fromhex(str(pending.plan)[2:]))
    tipped = replace(plan, header=replace(plan.header, tip=tip, minimum_profit=1))
    return replace(pending, plan="0x" + encode_plan(tipped).hex())


async def test_a_tip_to_the_builder_is_taken_off_the_gross_profit(office: Office) -> None:
    before = held(office)
    pending = with_tip(await office.planned(explicit()), Tip(share_bps=1_000))
    booking = await booked(office, office.send_trade(pending, gas_limit=500_000))
    before.assert_booked()
    gross, tip = (amount_of(booking, kind) for kind in (Kind.GROSS, Kind.TIP))
    assert gross == pending.expected_profit
    assert tip == -(gross // 10)


async def test_a_tip_to_a_wallet_of_ours_comes_back_as_a_rebate(office: Office) -> None:
    before = held(office)
    pending = with_tip(await office.planned(explicit()), Tip(fixed=ETHER, receiver=SECOND_OPERATOR))
    booking = await booked(office, office.send_trade(pending, gas_limit=500_000))
    before.assert_booked()
    assert amount_of(booking, Kind.TIP) == -amount_of(booking, Kind.REBATE) == -ETHER


async def test_a_tip_that_its_receiver_refuses_stays_with_the_router(office: Office) -> None:
    before = held(office)
    factory = to_address(book_of(office.trading.node).contracts["uniswap_v2_factory"])
    pending = with_tip(await office.planned(explicit()), Tip(fixed=ETHER, receiver=factory))
    booking = await booked(office, office.send_trade(pending, gas_limit=500_000))
    before.assert_booked()
    assert amount_of(booking, Kind.TIP) == 0
    assert amount_of(booking, Kind.GROSS) == pending.expected_profit


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
        office.trading.node.increase_time(100)
        office.trading.node.mine(1)
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


async def test_what_the_node_does_not_tell_any_more_is_said(office: Office) -> None:
    """The header is there, the state is not: as on a node that keeps little of it."""
    sent = office.send_trade(await office.planned(explicit()))
    intent, receipt = await office.mined(sent)
    gone = {"error": {"code": -32000, "message": "missing trie node"}}

    def withhold(request: Request) -> Answer | None:
        return gone if request["method"] in ("eth_getBalance", "eth_call") else None

    async with (
        ChangingProxy(office.trading.node.url, withhold=withhold) as proxy,
        Rpc(proxy.url) as rpc,
    ):
        assert await book(replace(office.keeper, rpc=rpc), intent, receipt, sent.pending)
    booking = office.books.standing(intent.intent_id)
    assert booking is not None
    assert booking.checked.startswith("the balances around the block cannot be read")
    assert {entry.kind for entry in booking.entries} == {Kind.GROSS, Kind.GAS}


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
