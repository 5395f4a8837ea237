"""Why what was realised differs from what was expected, cause by cause, to the smallest unit.

Two identities hold, and a property test carries them: the causes in the settlement token add up to realised
less expected profit, those in the native coin to expected less realised cost.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from executor.domain.booking import Booking, Kind
from executor.domain.intent import Purpose


class Cause(StrEnum):
    """Market: the pools gave more or less than in the simulation, since others traded in between. Premium,
    tip: the lenders and the builder took more or less. Tax: a token kept a part, or gave more, beyond its
    logs. Reverted, cancelled, nothing_mined: the expected profit was not made at all. Gas_used, gas_price,
    data_fee: what the chain took for the transaction. Other_transactions: what further transactions for the
    same opportunity cost. Gas_not_paid: none was, since nothing was mined.

    The first seven are in the settlement token, the others in the native coin.
    """

    MARKET = "market"
    PREMIUM = "premium"
    TIP = "tip"
    TAX = "tax"
    REVERTED = "reverted"
    CANCELLED = "cancelled"
    NOTHING_MINED = "nothing_mined"
    GAS_USED = "gas_used"
    GAS_PRICE = "gas_price"
    DATA_FEE = "data_fee"
    OTHER_TRANSACTIONS = "other_transactions"
    GAS_NOT_PAID = "gas_not_paid"


@dataclass(frozen=True, slots=True)
class Difference:
    """One cause: `amount` is how much better (negative: worse) it made the result, in the smallest unit of
    the settlement token, or in wei where `in_native`.
    """

    cause: Cause
    amount: int
    in_native: bool
    words: str


@dataclass(frozen=True, slots=True)
class Expected:
    """What was expected when the trade was decided. `profit` is the router's, after premium and tip, whoever
    gets that; all three in the settlement token's smallest unit. `gas_price` in wei per gas; `gas_cost` in
    wei, data fee included.
    """

    profit: int
    premium: int
    tip: int
    gas_used: int
    gas_price: int
    gas_cost: int


_OF_ROUTER = frozenset({Kind.GROSS, Kind.PREMIUM, Kind.TIP, Kind.UNLOGGED})


def realised_profit(booked: Sequence[Booking], settlement: object) -> int:
    """What the router really gained in the token at `settlement`, after premium and tip."""
    return sum(
        entry.amount
        for one in booked
        for entry in one.entries
        if entry.token == settlement and entry.kind in _OF_ROUTER
    )


def rebates(booked: Sequence[Booking]) -> int:
    """What came back to wallets of ours as tips, in wei: earned, though not by the router."""
    return sum(entry.amount for one in booked for entry in one.entries if entry.kind is Kind.REBATE)


def realised_cost(booked: Sequence[Booking]) -> int:
    """What the chain took for all of these transactions, in wei."""
    return sum(one.cost for one in booked)


def differences(expected: Expected, booked: Sequence[Booking], settlement: object) -> tuple[Difference, ...]:
    """Each cause that made a difference, the settlement token's first. `settlement` is its address."""
    found = [*_in_settlement(expected, booked, settlement), *_in_native(expected, booked)]
    return tuple(one for one in found if one.amount)


def _in_settlement(expected: Expected, booked: Sequence[Booking], settlement: object) -> Iterator[Difference]:
    if not any(one.made_the_trade for one in booked):
        yield _nothing_gained(expected, booked)
        return
    sums = _by_kind(booked, settlement)
    gross = expected.profit + expected.premium + expected.tip
    yield _of(Cause.MARKET, sums[Kind.GROSS] - gross, "the pools gave", "than in the simulation")
    yield _of(Cause.PREMIUM, sums[Kind.PREMIUM] + expected.premium, "the lenders left")
    yield _of(Cause.TIP, sums[Kind.TIP] + expected.tip, "the tip left")
    yield _of(Cause.TAX, sums[Kind.UNLOGGED], "the balance rose by", "than the token's logs say")


def _nothing_gained(expected: Expected, booked: Sequence[Booking]) -> Difference:
    trades = [one for one in booked if one.purpose is Purpose.TRADE]
    if any(not one.success for one in trades):
        cause, words = Cause.REVERTED, "the transaction reverted, and gained nothing"
    elif any(one.cancelled for one in trades):
        cause, words = Cause.CANCELLED, "the transaction was cancelled before it was mined"
    else:
        cause, words = Cause.NOTHING_MINED, "no transaction of it is in the chain"
    return Difference(cause, -expected.profit, False, words)


def _in_native(expected: Expected, booked: Sequence[Booking]) -> Iterator[Difference]:
    """Gas used is counted at the price that was expected, the price at the gas that was used."""
    main = _main(booked)
    if main is None:
        yield Difference(Cause.GAS_NOT_PAID, expected.gas_cost, True, "no gas was paid")
        return
    used, price = main.gas_used, main.gas_price
    by_used = (expected.gas_used - used) * expected.gas_price
    by_price = (expected.gas_price - price) * used
    further = expected.gas_cost - expected.gas_used * expected.gas_price
    by_data = further - (main.cost - used * price)
    yield Difference(Cause.GAS_USED, by_used, True, f"{used} gas instead of {expected.gas_used}")
    yield Difference(Cause.GAS_PRICE, by_price, True, f"{price} wei a gas instead of {expected.gas_price}")
    yield Difference(
        Cause.DATA_FEE, by_data, True, f"{further - by_data} wei of data fee instead of {further}"
    )
    others = [one for one in booked if one is not main]
    lost = realised_cost(others)
    yield Difference(Cause.OTHER_TRANSACTIONS, -lost, True, f"{len(others)} further transactions cost gas")


def _main(booked: Sequence[Booking]) -> Booking | None:
    """The transaction to compare with what was expected: the one that made the trade, else the last."""
    made = [one for one in booked if one.made_the_trade]
    return (made or list(booked))[-1] if booked else None


def _by_kind(booked: Sequence[Booking], settlement: object) -> Mapping[Kind, int]:
    sums = dict.fromkeys(_OF_ROUTER, 0)
    for one in booked:
        for entry in one.entries:
            if entry.token == settlement and entry.kind in sums:
                sums[entry.kind] += entry.amount
    return sums


def _of(cause: Cause, amount: int, what: str, than: str = "than expected") -> Difference:
    more = "more" if amount > 0 else "less"
    return Difference(cause, amount, False, f"{what} {abs(amount)} {more} {than}")
