"""Booking what was mined, and reversing what a reorganisation took back.

`book` may be called as often as one likes: the same intent in the same block is booked once. What a crash
left unbooked, `catch_up` books.
"""

import asyncio
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace

from executor.chain.head import parse_head
from executor.chain.logs import parse_log
from executor.chain.quantities import answer_error, to_quantity
from executor.chain.rpc import Rpc, results
from executor.chain.tokens import resolve_token
from executor.config.settings import ChainSettings
from executor.domain.address import Address, to_address
from executor.domain.attempt import Receipt
from executor.domain.booking import NATIVE, Asset, Booking, Entry
from executor.domain.chain import ChainData
from executor.domain.errors import ExecutorError, JournalError, NodeError, PlanError, PriceUnavailableError
from executor.domain.execution import Execution
from executor.domain.intent import AttemptKind, Block, Intent, Purpose, StoredAttempt
from executor.domain.market import BlockHead
from executor.domain.route import Funding
from executor.domain.token import Token
from executor.engine.block_balances import Span, read_block_word
from executor.engine.pricing import token_price
from executor.journal.books import Books
from executor.journal.moves import IN_A_BLOCK
from executor.journal.record import Record
from executor.plan import decode
from executor.policy.bookkeeping import Mined, Ours, Trade, entries_of, total, with_blocks_word
from executor.policy.premiums import premiums
from executor.policy.profit import WEI_DECIMALS
from executor.policy.transfers import moves
from executor.submission.envelope import read_envelope
from executor.submission.log import get_logger
from executor.submission.sight import Questions, look

_LOG = get_logger("executor.engine")

AGREES = "agrees"
"""What a booking says whose entries are what the balances did, to the smallest unit."""


@dataclass(frozen=True, slots=True)
class Bookkeeper:
    """What booking needs of an open chain. `wallets` are all of ours on it."""

    rpc: Rpc
    chain: ChainData
    settings: ChainSettings
    is_local: bool
    router: Address
    wallets: frozenset[Address]
    books: Books

    @property
    def ours(self) -> Ours:
        """The accounts whose books are kept."""
        return Ours(self.router, self.wallets, self.chain.wrapped_native.address)


async def book(keeper: Bookkeeper, intent: Intent, receipt: Receipt, execution: Execution | None) -> bool:
    """Book the mined transaction of `intent`; True if that was new. `execution` is the record of the
    opportunity that it is for, None where it is for none.

    A standing booking in another block is reversed along with it. Raises NodeError while the node does not
    have the receipt's block, JournalError when the books cannot be written; then nothing was booked.
    """
    standing = await asyncio.to_thread(keeper.books.standing, intent.intent_id)
    if standing is not None and standing.block.hash == receipt.block_hash:
        return False
    # One that was taken over may be of a wallet whose key another executor has.
    keeper = replace(keeper, wallets=keeper.wallets | {intent.sender})
    span = await _span(keeper.rpc, receipt)
    attempt = _winner(intent, receipt)
    mined = _mined(attempt, receipt)
    cancelled = attempt.kind is AttemptKind.CANCEL
    trade = None if cancelled else _trade(keeper, intent, mined, attempt, execution)
    entries = entries_of(mined, keeper.ours, trade)
    entries, checked = await _checked(keeper, mined, trade, entries, span, receipt)
    booking = Booking(
        chain=intent.chain,
        chain_id=intent.chain_id,
        intent_id=intent.intent_id,
        opportunity_id=intent.opportunity_id,
        purpose=intent.purpose,
        sender=intent.sender,
        transaction_hash=receipt.transaction_hash,
        block=Block(receipt.block_number, receipt.block_hash),
        block_time=span.after.timestamp,
        success=receipt.success,
        cancelled=cancelled,
        gas_used=receipt.gas_used,
        gas_price=receipt.effective_gas_price,
        checked=checked,
        entries=entries,
        assets=await _assets(keeper, {entry.token for entry in entries}, span.after),
    )
    new = await asyncio.to_thread(keeper.books.put, booking)
    if checked != AGREES:
        _LOG.warning("booking_not_checked", hash=receipt.transaction_hash, told=checked)
    return new


async def reverse(keeper: Bookkeeper, intent: Intent, because: str = "reorganised away") -> bool:
    """Undo what is booked of `intent`, whose block is gone; False if nothing was. Raises JournalError."""
    return await asyncio.to_thread(keeper.books.reverse, intent.intent_id, because)


async def keep_up(keeper: Bookkeeper, record: Record, intent: Intent, receipt: Receipt | None) -> None:
    """What a tracker's `on_change` asks of the books: book what is in a block, reverse what is in none any
    more. Harmless when told twice. Raises as `book` does.
    """
    if receipt is not None:
        await book(keeper, intent, receipt, _execution_of(record, intent))
    elif intent.state not in IN_A_BLOCK:
        await reverse(keeper, intent)


async def catch_up(keeper: Bookkeeper, record: Record) -> int:
    """Bring the books in step with the record, after a crash or a failure: book what is in a block and not
    booked in it, reverse what is booked and in none; whoever sent it. How many bookings that took.

    What a node cannot tell now, or cannot be booked at all, is left for the next time, and keeps nothing else
    from being booked. Raises JournalError where the books cannot be read.
    """
    missing, stale = await asyncio.to_thread(keeper.books.out_of_step, record.chain)
    done = 0
    for intent_id in stale:
        done += await asyncio.to_thread(keeper.books.reverse, intent_id, "no longer in the chain")
    for intent_id in missing:
        try:
            done += await _book_again(keeper, record, intent_id)
        except NodeError as error:
            _LOG.warning("booking_postponed", intent_id=intent_id, error=error.message)
        except Exception as error:
            # A chain that could not be opened for one booking would leave all that is out on it alone.
            _LOG.error("booking_missing", intent=intent_id, error=repr(error))
    return done


async def _book_again(keeper: Bookkeeper, record: Record, intent_id: int) -> bool:
    intent = record.intent(intent_id)
    if intent.winner is None or intent.block is None:
        return False
    sight = await look(keeper.rpc, Questions(hashes=(intent.winner,)), keeper.settings.quorum)
    found = sight.receipts.get(intent.winner)
    if found is None or found.block_hash != intent.block.hash:
        return False
    return await book(keeper, intent, found, _execution_of(record, intent))


def _execution_of(record: Record, intent: Intent) -> Execution | None:
    stored = None if intent.opportunity_id is None else record.stored(intent.opportunity_id)
    return stored.execution if stored else None


async def _span(rpc: Rpc, receipt: Receipt) -> Span:
    """The receipt's block and its parent."""
    numbers = (receipt.block_number - 1, receipt.block_number)
    answers = await rpc.batch([("eth_getBlockByNumber", (to_quantity(number), False)) for number in numbers])
    before, after = (parse_head(answer) for answer in results(answers))
    if after.hash != receipt.block_hash or after.parent_hash != before.hash:
        raise answer_error(f"block {receipt.block_number}", "is another one than the receipt's")
    return Span(before, after)


def _winner(intent: Intent, receipt: Receipt) -> StoredAttempt:
    for stored in intent.attempts:
        if stored.attempt.hash == receipt.transaction_hash:
            return stored
    raise JournalError(
        f"the receipt of {receipt.transaction_hash} is not of the intent {intent.intent_id}.",
        fix="book a receipt under the intent whose attempt it is of",
        intent_id=intent.intent_id,
        transaction_hash=receipt.transaction_hash,
    )


def _mined(stored: StoredAttempt, receipt: Receipt) -> Mined:
    envelope = read_envelope(stored.attempt.raw)
    return Mined(
        sender=stored.attempt.sender,
        to=envelope.to,
        value=envelope.value,
        success=receipt.success,
        gas_cost=receipt.gas_cost,
        l1_fee=receipt.l1_fee,
        operator_fee=receipt.operator_fee,
        logs=tuple(parse_log(log, f"receipt.logs[{index}]")[0] for index, log in enumerate(receipt.logs)),
    )


def _trade(
    keeper: Bookkeeper, intent: Intent, mined: Mined, stored: StoredAttempt, execution: Execution | None
) -> Trade | None:
    if intent.purpose is not Purpose.TRADE:
        return None
    if execution is None or execution.settlement_token is None:
        raise JournalError(
            f"the record does not tell which token the trade of intent {intent.intent_id} is settled in.",
            fix="restore the record from a copy; the transaction is in the chain all the same",
            intent_id=intent.intent_id,
        )
    settlement = to_address(execution.settlement_token)
    lender = keeper.chain.lenders.get(Funding.ERC3156)
    try:
        steps = decode(read_envelope(stored.attempt.raw).data).steps
    except PlanError:
        # Without its plan, what a loan cost stays within what the trade brought.
        return Trade(settlement)
    paid = premiums(
        steps,
        mined.logs,
        settlement=settlement,
        router=keeper.router,
        erc3156=lender.known.address if lender else None,
    )
    return Trade(settlement, paid)


async def _checked(
    keeper: Bookkeeper,
    mined: Mined,
    trade: Trade | None,
    entries: tuple[Entry, ...],
    span: Span,
    receipt: Receipt,
) -> tuple[tuple[Entry, ...], str]:
    """The entries with what the balances add to them, and how they agree with the balances."""
    try:
        word = await read_block_word(
            keeper.rpc,
            keeper.ours,
            mined.sender,
            span,
            receipt.transaction_hash,
            _tokens(keeper, trade, mined),
            quorum=keeper.settings.quorum,
        )
    except NodeError as error:
        return entries, f"the balances around the block cannot be read: {error.message}"
    problems: tuple[str, ...] = ()
    if mined.success and _touches(keeper.router, mined, entries):
        settlement = trade.settlement if trade else None
        entries, problems = with_blocks_word(entries, settlement, word.router)
    booked = total((entry for entry in entries if entry.account == mined.sender), NATIVE)
    if word.sent == 1 and word.native != booked:
        problems += (f"the block changed {mined.sender}'s native coin by {word.native}, booked {booked}",)
    return entries, "; ".join(problems) or AGREES


def _touches(router: Address, mined: Mined, entries: Iterable[Entry]) -> bool:
    return mined.to == router or any(entry.account == router for entry in entries)


def _tokens(keeper: Bookkeeper, trade: Trade | None, mined: Mined) -> list[Address]:
    """The tokens of which the router may have more or less."""
    known = [] if trade is None else [trade.settlement]
    wrapped = keeper.chain.wrapped_native.address
    moved = [
        move.token
        for move in moves(mined.logs, wrapped_native=wrapped)
        if keeper.router in (move.source, move.target)
    ]
    return list(dict.fromkeys((*known, wrapped, *moved)))


async def _assets(
    keeper: Bookkeeper, tokens: Collection[Address | None], block: BlockHead
) -> dict[Address | None, Asset]:
    """What the tokens are called and what they were worth in the block."""
    found: dict[Address | None, Asset] = {}
    wrapped = keeper.chain.wrapped_native
    for token in tokens:
        if token is not NATIVE:
            found[token] = await _priced(keeper, await _token(keeper, token, block), block)
    if NATIVE in tokens:
        coin = found.get(wrapped.address) or await _priced(keeper, wrapped, block)
        found[NATIVE] = replace(coin, symbol=keeper.chain.native_symbol, decimals=WEI_DECIMALS)
    return found


async def _token(keeper: Bookkeeper, address: Address, block: BlockHead) -> Token:
    try:
        return await resolve_token(
            keeper.rpc, keeper.chain, address, field="token", block=block, display_only=True
        )
    except ExecutorError:
        return Token(keeper.chain.chain_id, address, f"{address[:6]}..{address[-4:]}", 0)


async def _priced(keeper: Bookkeeper, token: Token, block: BlockHead) -> Asset:
    """A price is for display: without one the booking stands all the same."""
    try:
        price = await token_price(
            keeper.rpc, keeper.chain, keeper.settings, token, block, is_local=keeper.is_local
        )
    except PriceUnavailableError:
        return Asset(token.symbol, token.decimals, None, "no price")
    except ExecutorError as error:
        return Asset(token.symbol, token.decimals, None, error.code)
    return Asset(token.symbol, token.decimals, price.usd_per_token, price.source)
