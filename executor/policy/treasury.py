"""Gas money: when a wallet runs out of it, who gives it more, and what is swept away.

Decisions alone, in wei of the chain's native coin; whoever carries them out has read the balances before and
has settled what was on its way.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from executor.domain.address import Address

TYPICAL_TRADE_GAS = 400_000
"""Gas of a three-leg route with a loan."""

WARNED_TRADES = 20
"""A wallet that has gas money for fewer trades is warned of."""

TIP_GAS = 25_000
"""Gas that a tip to the sender itself adds to a trade, at most: unwrapping, paying, logging."""

LEAST_TIP_MULTIPLE = 10
"""A tip must be so many times what it costs: smaller ones would be spent on being paid."""


@dataclass(frozen=True, slots=True)
class GasMoneyRules:
    """The limits, in wei. `refill_below`: a wallet with less is refilled without being told; None: never.
    `refill_to`: what a refilled wallet has. `most_per_day`: all refills of a chain in 24 hours. `keep`: what
    a sweep leaves. `warn_below` None: by present prices.
    """

    warn_below: int | None
    refill_below: int | None
    refill_to: int
    most_per_day: int
    keep: int

    def __post_init__(self) -> None:
        if self.refill_below is not None and self.refill_below >= self.refill_to:
            raise ValueError("refill_below is not less than refill_to")


@dataclass(frozen=True, slots=True)
class WalletMoney:
    """What a wallet holds, in wei: `native`, and `wrapped`, which it can unwrap by itself."""

    address: Address
    native: int
    wrapped: int = 0


@dataclass(frozen=True, slots=True)
class Unwrap:
    """`wallet` turns `amount` of its wrapped coin into the native one."""

    wallet: Address
    amount: int


@dataclass(frozen=True, slots=True)
class Transfer:
    """`sender` sends `amount` wei to `receiver`."""

    sender: Address
    receiver: Address
    amount: int


@dataclass(frozen=True, slots=True)
class TipOrder:
    """A trade is asked to pay `amount` wei of its profit to `receiver`, a wallet of ours."""

    receiver: Address
    amount: int


def warning_level(rules: GasMoneyRules, *, gas_price: int, data_fee: int = 0) -> int:
    """The balance in wei below which a wallet is warned of: the rule's own, else enough for `WARNED_TRADES`
    typical trades at `gas_price` (wei per gas) and `data_fee` (wei per trade).
    """
    if rules.warn_below is not None:
        return rules.warn_below
    return WARNED_TRADES * (TYPICAL_TRADE_GAS * gas_price + data_fee)


def left_today(rules: GasMoneyRules, spent: int) -> int:
    """Wei that may still be refilled when `spent` was within the last 24 hours."""
    return max(rules.most_per_day - spent, 0)


def refill(
    wallets: Sequence[WalletMoney], rules: GasMoneyRules, *, spent: int, transfer_cost: int, ordered: bool
) -> tuple[Unwrap | Transfer, ...]:
    """What brings the wallets that have too little up to `refill_to`: their own wrapped coin first, then the
    surplus of the richest wallets, the poorest wallet first.

    `ordered`: a person asks for it, so that every wallet below `refill_to` counts, else those below
    `refill_below`. `transfer_cost` in wei is what sending costs at most; an order that moves no more than
    that is left out. Nobody who gives ends below `refill_to`. Together never more than `left_today`.
    """
    threshold = rules.refill_to if ordered else rules.refill_below
    if threshold is None:
        return ()
    poor = sorted((one for one in wallets if one.native < threshold), key=lambda one: one.native)
    surplus = {
        one.address: one.native - rules.refill_to
        for one in sorted(wallets, key=lambda one: -one.native)
        if one.native > rules.refill_to
    }
    left, orders = left_today(rules, spent), list[Unwrap | Transfer]()
    for wallet in poor:
        needed = min(rules.refill_to - wallet.native, left)
        for order in _gifts(wallet, needed, surplus, transfer_cost):
            orders.append(order)
            left -= order.amount
    return tuple(orders)


def _gifts(
    wallet: WalletMoney, needed: int, surplus: dict[Address, int], cost: int
) -> list[Unwrap | Transfer]:
    """The orders that give `wallet` as much of `needed` as there is; lowers `surplus` by what they take."""
    orders = list[Unwrap | Transfer]()
    unwrapped = min(wallet.wrapped, needed)
    if unwrapped > cost and wallet.native >= cost:
        orders.append(Unwrap(wallet.address, unwrapped))
        needed -= unwrapped
    for giver in surplus:
        amount = min(needed, surplus[giver] - cost)
        if amount > cost:
            orders.append(Transfer(giver, wallet.address, amount))
            surplus[giver] -= amount + cost
            needed -= amount
    return orders


def sweep(
    wallets: Sequence[WalletMoney], rules: GasMoneyRules, *, to: Address, transfer_cost: int
) -> tuple[Transfer, ...]:
    """What takes the wallets' surplus above `keep` to `to`; each keeps at least `keep` when the cost is paid.
    A surplus that sending would eat up stays.
    """
    return tuple(
        Transfer(wallet.address, to, amount)
        for wallet in wallets
        if wallet.address != to and (amount := wallet.native - rules.keep - transfer_cost) > transfer_cost
    )


def refill_tip(
    wallet: WalletMoney,
    rules: GasMoneyRules,
    *,
    spent: int,
    profit: int,
    minimum_profit: int,
    gas_price: int,
) -> TipOrder | None:
    """What a trade that settles in the wrapped native coin is to pay to its own wallet, None for nothing.

    The tip comes out of what the trade earns beyond `minimum_profit`, the promise that the chain enforces
    (both in wei): the promise itself is never lowered for it, since what lies below could be taken by others.
    It fills the wallet up to `refill_to` at most, within `left_today`, and is left out where its gas would
    eat up a tenth of it. `gas_price` in wei per gas.
    """
    if rules.refill_below is None or wallet.native >= rules.refill_below:
        return None
    cost = TIP_GAS * gas_price
    beyond = profit - minimum_profit - cost
    amount = min(rules.refill_to - wallet.native, left_today(rules, spent), beyond)
    if amount <= 0 or amount < LEAST_TIP_MULTIPLE * cost:
        return None
    return TipOrder(wallet.address, amount)
