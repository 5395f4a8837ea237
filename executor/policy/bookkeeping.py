"""From what a mined transaction did to the entries of the books.

The rule that everything here keeps: for each of our accounts and each token, the entries add up to what the
account really gained in the block, wherever nobody else touched it there.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from eth_hash.auto import keccak

from executor.domain.address import Address
from executor.domain.booking import NATIVE, Entry, Holding, Kind
from executor.domain.log import Log
from executor.policy.transfers import changes, moves, party, word

TIP_PAID = keccak(b"TipPaid(address,uint256)")
"""The router's event: `to`, indexed, and what it got in wei."""


@dataclass(frozen=True, slots=True)
class Ours:
    """The accounts whose books are kept: the router and the wallets."""

    router: Address
    wallets: frozenset[Address]
    wrapped_native: Address

    @property
    def accounts(self) -> frozenset[Address]:
        """All of them."""
        return self.wallets | {self.router}


@dataclass(frozen=True, slots=True)
class Mined:
    """A mined transaction: who sent it, what it called with how much native coin (wei), what the chain took
    for it (wei; `gas_cost` is the whole of it, data and operator fee included), and its logs.
    """

    sender: Address
    to: Address
    value: int
    success: bool
    gas_cost: int
    l1_fee: int = 0
    operator_fee: int = 0
    logs: tuple[Log, ...] = ()


@dataclass(frozen=True, slots=True)
class Trade:
    """What makes a transaction a trade: the token its profit is in, and what its loans cost by token."""

    settlement: Address
    premiums: Mapping[Address, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class BlockChange:
    """What an account's balance of a token did in a block.

    `actual`: the balance after less the balance before. `logged`: what the logs of the whole block say.
    `shared`: transactions other than the booked one moved the account's tokens in that block.
    """

    actual: int
    logged: int
    shared: bool


def entries_of(mined: Mined, ours: Ours, trade: Trade | None = None) -> tuple[Entry, ...]:
    """The entries of a transaction by its receipt; without a `trade`, what it moved are transfers.

    A transaction that failed cost gas and nothing else.
    """
    costs = _costs(mined)
    if not mined.success:
        return _whole(costs)
    moved = changes(mined.logs, ours.accounts, wrapped_native=ours.wrapped_native)
    if trade is None:
        return _whole([*costs, *_transfers(moved), *_native_transfers(mined, ours)])
    return _whole([*_of_router(mined, ours, trade, moved), *_of_wallets(mined, ours, moved), *costs])


def with_blocks_word(
    entries: Sequence[Entry], settlement: Address | None, blocks_word: Mapping[Holding, BlockChange]
) -> tuple[tuple[Entry, ...], tuple[str, ...]]:
    """The entries of a trade that settles in `settlement` (None: of something else) with what the balances
    did beyond the logs; and what could not be attributed since others moved them in the same block, in words.

    Of the settlement token that is an entry of its own; of other tokens it corrects what is left in the
    router, which is nothing where a taxed token only passed through.
    """
    extra: list[Entry] = []
    unclear: list[str] = []
    for (account, token), change in blocks_word.items():
        missing = change.actual - change.logged
        if missing and change.shared:
            unclear.append(
                f"the block changed {account}'s balance of {token or 'the native coin'} by {change.actual}, "
                f"its logs by {change.logged}"
            )
        elif missing:
            of_trade = Kind.UNLOGGED if token == settlement else Kind.RESIDUE
            kind = Kind.TRANSFER if settlement is None else of_trade
            extra.append(Entry(account, kind, token, missing))
    return _whole([*entries, *extra]), tuple(unclear)


def total(entries: Iterable[Entry], token: Address | None, kinds: Collection[Kind] = frozenset(Kind)) -> int:
    """The sum of the entries in `token` of these kinds, in its smallest unit."""
    return sum(entry.amount for entry in entries if entry.token == token and entry.kind in kinds)


def _costs(mined: Mined) -> list[Entry]:
    gas = mined.gas_cost - mined.l1_fee - mined.operator_fee
    parts = ((Kind.GAS, gas), (Kind.L1_FEE, mined.l1_fee), (Kind.OPERATOR_FEE, mined.operator_fee))
    return [Entry(mined.sender, kind, NATIVE, -amount) for kind, amount in parts]


def _of_router(
    mined: Mined, ours: Ours, trade: Trade, moved: Mapping[tuple[Address, Address], int]
) -> list[Entry]:
    router = ours.router
    tips = sum(amount for _, amount in tips_of(mined.logs, router))
    entries = [Entry(router, Kind.PREMIUM, token, -amount) for token, amount in trade.premiums.items()]
    entries.append(Entry(router, Kind.TIP, ours.wrapped_native, -tips))
    tokens = dict.fromkeys((trade.settlement, *trade.premiums, *(t for a, t in moved if a == router)))
    if tips:
        tokens[ours.wrapped_native] = None
    for token in tokens:
        kind = Kind.GROSS if token == trade.settlement else Kind.RESIDUE
        entries.append(Entry(router, kind, token, moved.get((router, token), 0) - total(entries, token)))
    return entries


def _of_wallets(mined: Mined, ours: Ours, moved: Mapping[tuple[Address, Address], int]) -> list[Entry]:
    """What a trade's logs say of wallets, and the tips that came to one of them."""
    rebates = [
        Entry(to, Kind.REBATE, NATIVE, amount)
        for to, amount in tips_of(mined.logs, ours.router)
        if to in ours.wallets
    ]
    direct = {key: amount for key, amount in moved.items() if key[0] in ours.wallets}
    return [*rebates, *_transfers(direct), *_native_transfers(mined, ours)]


def tips_of(logs: Iterable[Log], router: Address) -> list[tuple[Address, int]]:
    """Who got how much as a tip from `router`, in wei."""
    return [
        (party(log.topics[1]), word(log, 0))
        for log in logs
        if log.address == router and log.topics[:1] == (TIP_PAID,) and len(log.topics) == 2
    ]


def _transfers(moved: Mapping[tuple[Address, Address], int]) -> list[Entry]:
    return [Entry(account, Kind.TRANSFER, token, amount) for (account, token), amount in moved.items()]


def _native_transfers(mined: Mined, ours: Ours) -> list[Entry]:
    """The coin that was sent along, and what a wallet of ours unwrapped."""
    entries = [Entry(mined.sender, Kind.TRANSFER, NATIVE, -mined.value)]
    if mined.to in ours.accounts:
        entries.append(Entry(mined.to, Kind.TRANSFER, NATIVE, mined.value))
    for move in moves(mined.logs, wrapped_native=ours.wrapped_native):
        if move.token == ours.wrapped_native and move.target is None and move.source in ours.wallets:
            entries.append(Entry(move.source, Kind.TRANSFER, NATIVE, move.amount))
    return entries


def _whole(entries: Iterable[Entry]) -> tuple[Entry, ...]:
    """One entry for each account, kind and token, without those that come to nothing."""
    sums: dict[tuple[Address, Kind, Address | None], int] = {}
    for entry in entries:
        key = (entry.account, entry.kind, entry.token)
        sums[key] = sums.get(key, 0) + entry.amount
    return tuple(Entry(*key, amount) for key, amount in sums.items() if amount)
