"""Moving money: gas money between operators, their surplus to the owner, the router's profit to the owner."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from executor.chain.balances import balances
from executor.domain.abi import eth_call
from executor.domain.address import Address, to_address
from executor.domain.errors import FieldError, SafetyError, WalletError
from executor.domain.intent import Purpose
from executor.engine.treasury.desk import Desk
from executor.engine.treasury.rules import gas_money_rules
from executor.engine.treasury.spending import on_its_way, refilled
from executor.engine.treasury.view import MOST_TRANSFER_GAS, View
from executor.journal.books import Books, Wanted
from executor.journal.database import Database
from executor.journal.record import Record
from executor.policy.treasury import Transfer, Unwrap, refill, sweep

Move = Unwrap | Transfer


@dataclass(frozen=True, slots=True)
class Moved:
    """A move that is in the chain."""

    move: Move
    transaction_hash: str


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """`amount` (smallest unit) of `token` from the router to its owner; `held`: what the router has of it."""

    token: Address
    amount: int
    held: int


async def plan_refill(view: View, database: Database, *, ordered: bool) -> tuple[Move, ...]:
    """The moves that give gas money to the operators that have too little, within what the settings allow for
    a day. `ordered`: a person asks for it. Reads only. Raises WalletError, NodeError, JournalError.
    """
    rules, wallets = gas_money_rules(view.settings.gas_money), await view.money()
    threshold = rules.refill_to if ordered else rules.refill_below
    if threshold is None or all(one.native >= threshold for one in wallets):
        return ()
    newest = await view.newest()
    cost = view.most_cost(await view.gas(newest), MOST_TRANSFER_GAS)
    spent = await asyncio.to_thread(spent_today, database, view.name, view.operators, newest.timestamp)
    return refill(wallets, rules, spent=spent, transfer_cost=cost, ordered=ordered)


async def plan_sweep(view: View) -> tuple[Transfer, ...]:
    """The transfers of what operators have beyond `keep` to `sweep_to`, or to the router's owner. Reads only.
    Raises SafetyError where it is not sure who that is, WalletError, NodeError.
    """
    own = view.settings.gas_money
    to = to_address(own.sweep_to) if own.sweep_to is not None else _known_owner(view)
    if to in view.operators:
        raise WalletError(
            f"{to}, where sweeps go, is an operator's wallet.",
            fix="set gas_money.sweep_to to an address whose key is kept offline",
            address=to,
        )
    cost = view.most_cost(await view.gas(), MOST_TRANSFER_GAS)
    return sweep(await view.money(), gas_money_rules(own), to=to, transfer_cost=cost)


def _known_owner(view: View) -> Address:
    """The router's owner, if it is known from more than one node's word: money is never sent where a single
    node says.
    """
    if view.recorded_owner not in (None, view.owner):
        raise SafetyError(
            f"the router's owner is {view.owner}, the deployment file says {view.recorded_owner}.",
            fix=f"set chains.{view.name}.gas_money.sweep_to to the address that is to get it",
            owner=view.owner,
        )
    if view.recorded_owner is None and view.settings.quorum < 2:
        raise SafetyError(
            f"one node alone says that {view.owner} owns the router.",
            fix=f"set chains.{view.name}.gas_money.sweep_to, or `deployment` in place of `router`",
            owner=view.owner,
        )
    return view.owner


def spent_today(database: Database, chain: str, operators: Sequence[Address], now: int) -> int:
    """What counts against a day's limit, in wei: what came to the operators, and what is on its way. `now` is
    the newest block's time: this machine's clock decides nothing. Raises JournalError.
    """
    books, record = Books(database), Record(database, chain, "")
    booked = refilled(books, chain, operators, now=now)
    return booked + on_its_way(books, record.open_intents(), operators)


async def carry_out(desk: Desk, moves: Sequence[Move]) -> tuple[Moved, ...]:
    """Make the moves one after the other. Raises what `Desk.do` raises; what is done until then is done."""
    wrapped = desk.view.chain.wrapped_native.address
    done = []
    for move in moves:
        if isinstance(move, Unwrap):
            data = eth_call(wrapped, "withdraw(uint256)", move.amount).data
            _, receipt = await desk.do(move.wallet, wrapped, data, 0, Purpose.TRANSFER)
        else:
            _, receipt = await desk.do(move.sender, move.receiver, b"", move.amount, Purpose.TRANSFER)
        done.append(Moved(move, receipt.transaction_hash))
    return tuple(done)


async def plan_withdrawals(
    view: View, database: Database, asked: Mapping[Address, int | None]
) -> tuple[Withdrawal, ...]:
    """What is taken from the router to its owner: of each token in `asked` so much, all of it where None;
    where nothing is asked, of each settlement token the profit that the books hold and that was not taken
    yet. Reads only. Raises FieldError where there is less than asked, NodeError, JournalError.
    """
    profits = {} if asked else booked_profit(database, view)
    tokens = list(asked or profits)
    held = (await balances(view.rpc, view.router, tokens)).tokens
    found = []
    for token in tokens:
        amount = asked.get(token, profits.get(token))
        if amount is not None and asked and amount > held[token]:
            raise FieldError(
                "--withdraw",
                f"the router holds {held[token]} smallest units of {token}, not {amount}",
                fix="ask for no more than that",
            )
        taken = held[token] if amount is None else min(amount, held[token])
        if taken:
            found.append(Withdrawal(token, taken, held[token]))
    return tuple(found)


def booked_profit(database: Database, view: View) -> dict[Address, int]:
    """What the router has earned of each settlement token less what was taken, as far as the books know; only
    what is above zero. Raises JournalError.
    """
    sums = {token.address: 0 for token in view.chain.settlement}
    for booking in Books(database).all_standing(Wanted(chain=view.name)):
        for entry in booking.entries:
            if entry.account == view.router and entry.token in sums:
                sums[entry.token] += entry.amount
    return {token: amount for token, amount in sums.items() if amount > 0}


async def withdraw(desk: Desk, withdrawals: Sequence[Withdrawal]) -> tuple[str, ...]:
    """Carry them out as the owner; the transactions' hashes. Raises what `Desk.do` raises."""
    view, hashes = desk.view, []
    for one in withdrawals:
        data = eth_call(
            view.router, "withdraw(address,address,uint256)", one.token, view.owner, one.amount
        ).data
        _, receipt = await desk.do(view.owner, view.router, data, 0, Purpose.TRANSFER)
        hashes.append(receipt.transaction_hash)
    return tuple(hashes)
