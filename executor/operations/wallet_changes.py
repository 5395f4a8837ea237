"""The wallet commands that send: approvals, gas money, sweeps. Each says first what it would do, does it, and
reads afterwards whether it is so.
"""

import asyncio
from collections.abc import (
    AsyncIterator,
    Awaitable,
    Callable,
    Collection,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from executor.chain.approvals import spenders_ever, standing_allowances
from executor.chain.tokens import resolve_token
from executor.config.settings import Settings
from executor.config.wallet import PassphraseSource, WalletSettings
from executor.domain.address import Address, to_address
from executor.domain.errors import FieldError, WalletError
from executor.domain.intent import IntentState
from executor.domain.token import Token
from executor.engine.treasury.allowances import AllowanceChange, plan_allowance, set_allowance
from executor.engine.treasury.desk import WALLET_ID, Desk, open_desk
from executor.engine.treasury.moving import (
    Move,
    Moved,
    Withdrawal,
    carry_out,
    plan_refill,
    plan_sweep,
    plan_withdrawals,
    withdraw,
)
from executor.engine.treasury.view import View, open_view
from executor.journal.database import Database
from executor.journal.record import Record
from executor.operations.wallet import chosen_chain, whole
from executor.policy.profit import WEI_DECIMALS
from executor.policy.treasury import Unwrap
from executor.wallet.opening import open_signers


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that was done, or would be: `words` for people, `facts` for programs. `hashes` of its
    transactions; none where it was not sent.
    """

    words: str
    facts: Mapping[str, object]
    hashes: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, object]:
        """For programs; amounts as decimal strings."""
        return {**self.facts, "transaction_hashes": list(self.hashes)}


@dataclass(frozen=True, slots=True)
class Asked:
    """What a command is about: which chain (None: the only one), and whether anything may be sent."""

    settings: Settings
    chain: str | None
    dry_run: bool


async def approve(
    asked: Asked, *, token: str, spender: str, amount: int, wallet: str | None, standing: int | None
) -> tuple[Step, ...]:
    """Let `spender` take exactly `amount` (smallest unit) of `token` from an operator's wallet. Raises
    ExecutorError.
    """
    async with _view(asked) as view:
        index = view.operator(wallet)
        owner, taker = view.operators[index], to_address(spender, "SPENDER")
        found = await resolve_token(view.rpc, view.chain, token, field="TOKEN", display_only=True)

        async def plan() -> list[AllowanceChange]:
            return [await plan_allowance(view, owner, found.address, taker, amount, standing)]

        return await _changed(view, asked, plan, {found.address: found})


async def revoke(
    asked: Asked, *, token: str | None, spender: str | None, wallet: str | None, first_block: int
) -> tuple[Step, ...]:
    """Let `spender` take no more `token`; without both, let nobody take anything who was ever let, by the
    logs from `first_block` on. Raises ExecutorError.
    """
    if token is not None and spender is not None:
        return await approve(asked, token=token, spender=spender, amount=0, wallet=wallet, standing=None)
    if token is not None or spender is not None:
        raise FieldError(
            "SPENDER" if spender is None else "TOKEN", "is missing", fix="give both, or --all for everything"
        )
    async with _view(asked) as view:
        count = len(view.operators)
        chosen = list(range(count)) if wallet is None else [view.operator(wallet)]
        names: dict[Address, Token] = {}

        async def plan() -> list[AllowanceChange]:
            last = (await view.newest()).number
            changes = []
            for owner in (view.operators[index] for index in chosen):
                pairs = await spenders_ever(view.rpc, owner, first_block, last)
                for standing in await standing_allowances(view.rpc, owner, pairs):
                    names[standing.token] = await resolve_token(
                        view.rpc, view.chain, standing.token, field="TOKEN", display_only=True
                    )
                    changes.append(
                        AllowanceChange(owner, standing.token, standing.spender, standing.amount, 0)
                    )
            return changes

        return await _changed(view, asked, plan, names)


async def refill(asked: Asked) -> tuple[Step, ...]:
    """Give gas money to the operators that have too little: from their own wrapped coin, and from operators
    that have more. Raises ExecutorError.
    """
    async with _view(asked) as view:

        async def plan() -> tuple[Move, ...]:
            with _reading(view) as database:
                return await plan_refill(view, database, ordered=True)

        return await _moved(view, asked, plan)


async def sweep(asked: Asked) -> tuple[Step, ...]:
    """Send what operators have beyond `keep` to `sweep_to`, or to the router's owner. Raises
    ExecutorError.
    """
    async with _view(asked) as view:

        async def plan() -> tuple[Move, ...]:
            return await plan_sweep(view)

        return await _moved(view, asked, plan)


async def withdraw_profit(
    asked: Asked, *, owner_wallet: Path, fd: int | None, tokens: Sequence[str]
) -> tuple[Step, ...]:
    """Take the router's profit to its owner, with the owner's key. `tokens`: TOKEN or TOKEN=AMOUNT; none: the
    profit that the books hold. Raises ExecutorError.
    """
    async with _view(asked) as view:
        names: dict[Address, Token] = {token.address: token for token in view.chain.settlement}
        wanted: dict[Address, int | None] = {}
        for text in tokens:
            name, _, amount = text.partition("=")
            found = await resolve_token(view.rpc, view.chain, name, field="--withdraw", display_only=True)
            names[found.address] = found
            wanted[found.address] = smallest_units(amount, "--withdraw") if amount else None
        with _reading(view) as database:
            planned = await plan_withdrawals(view, database, wanted)
        if asked.dry_run or not planned:
            return tuple(_withdrawn(view, one, names) for one in planned)
        key = WalletSettings(keystore=owner_wallet, passphrase=PassphraseSource(fd=fd))
        (signer,) = await asyncio.to_thread(open_signers, [key])
        if signer.address != view.owner:
            raise WalletError(
                f"{owner_wallet} holds the key of {signer.address}; the router's owner is {view.owner}.",
                fix="name the owner's keystore",
                address=signer.address,
            )
        async with open_desk(view, [signer]) as desk:
            if await desk.settle_open():
                planned = await plan_withdrawals(view, desk.record.database, wanted)
            hashes = await withdraw(desk, planned)
        return tuple(_withdrawn(view, one, names, done) for one, done in zip(planned, hashes, strict=True))


def smallest_units(text: str, field: str) -> int:
    """An amount in a token's smallest unit. Raises FieldError: a decimal point would leave open what unit is
    meant.
    """
    if not text.isascii() or not text.isdecimal():
        raise FieldError(
            field, f"{text!r} is no amount", fix="write the token's smallest units in digits alone"
        )
    return int(text)


@asynccontextmanager
async def _view(asked: Asked) -> AsyncIterator[View]:
    async with open_view(asked.settings, chosen_chain(asked.settings, asked.chain)) as view:
        yield view


@contextmanager
def _reading(view: View) -> Iterator[Database]:
    database = Database.open_reading(view.place)
    try:
        yield database
    finally:
        database.close()


def _waiting(view: View) -> frozenset[Address]:
    """The wallets of which an earlier command has left something on its way."""
    with _reading(view) as database:
        mine = Record(database, view.name, "").open_intents(executor_id=view.executor_id + WALLET_ID)
    return frozenset(intent.sender for intent in mine if intent.state is IntentState.LIVE)


@asynccontextmanager
async def _desk(view: View, senders: Collection[Address]) -> AsyncIterator[Desk]:
    """With the keys of these operators, when all that was on its way has come to its end."""
    wallets = view.settings.operators
    chosen = [wallets[index] for index, address in enumerate(view.operators) if address in senders]
    signers = await asyncio.to_thread(open_signers, chosen)
    async with open_desk(view, signers) as desk:
        await desk.settle_open()
        yield desk


def _require_open(desk: Desk, senders: Iterable[Address]) -> None:
    for sender in senders:
        if sender not in desk.lanes:
            raise WalletError(
                f"{sender} has something to send by now, too.", fix="run the command again", address=sender
            )


async def _changed(
    view: View,
    asked: Asked,
    plan: Callable[[], Awaitable[list[AllowanceChange]]],
    names: Mapping[Address, Token],
) -> tuple[Step, ...]:
    planned = await plan()
    if not asked.dry_run:
        senders = {change.owner for change in planned if change.before != change.after}
        senders |= {change.owner for change in planned} & _waiting(view)
        if senders:
            async with _desk(view, senders) as desk:
                planned = await plan()
                _require_open(desk, (change.owner for change in planned if change.before != change.after))
                planned = [await set_allowance(desk, change) for change in planned]
    return tuple(_allowance_step(view, change, names[change.token]) for change in planned)


async def _moved(view: View, asked: Asked, plan: Callable[[], Awaitable[Sequence[Move]]]) -> tuple[Step, ...]:
    planned = await plan()
    senders = {_sender(move) for move in planned}
    if asked.dry_run or not senders:
        return tuple(_move_step(view, move) for move in planned)
    async with _desk(view, senders | (_waiting(view) & set(view.operators))) as desk:
        planned = await plan()
        _require_open(desk, map(_sender, planned))
        done = await carry_out(desk, planned)
    return tuple(_move_step(view, one.move, one) for one in done)


def _sender(move: Move) -> Address:
    return move.wallet if isinstance(move, Unwrap) else move.sender


def _allowance_step(view: View, change: AllowanceChange, token: Token) -> Step:
    before, after = (
        f"{whole(amount, token.decimals)} {token.symbol}" for amount in (change.before, change.after)
    )
    words = f"{change.spender} could take {before} from {change.owner}, now {after}"
    facts = {
        "chain": view.name,
        "wallet": change.owner,
        "token": change.token,
        "symbol": token.symbol,
        "spender": change.spender,
        "before": str(change.before),
        "after": str(change.after),
    }
    return Step(words, facts, change.hashes)


def _move_step(view: View, move: Move, done: Moved | None = None) -> Step:
    coin, amount = view.chain.native_symbol, whole(move.amount, WEI_DECIMALS)
    facts: dict[str, object] = {"chain": view.name, "amount": str(move.amount)}
    if isinstance(move, Unwrap):
        words = f"{move.wallet} unwraps {amount} {coin}"
        facts |= {"kind": "unwrap", "wallet": move.wallet}
    else:
        words = f"{move.sender} sends {amount} {coin} to {move.receiver}"
        facts |= {"kind": "transfer", "wallet": move.sender, "to": move.receiver}
    return Step(words, facts, () if done is None else (done.transaction_hash,))


def _withdrawn(
    view: View, one: Withdrawal, names: Mapping[Address, Token], transaction_hash: str | None = None
) -> Step:
    token = names[one.token]
    held = whole(one.held - one.amount, token.decimals)
    words = (
        f"{view.owner} takes {whole(one.amount, token.decimals)} {token.symbol} from the router, "
        f"which keeps {held}"
    )
    facts = {
        "chain": view.name,
        "kind": "withdrawal",
        "wallet": view.owner,
        "token": one.token,
        "symbol": token.symbol,
        "amount": str(one.amount),
    }
    return Step(words, facts, () if transaction_hash is None else (transaction_hash,))
