"""`executor history`: what was expected of each opportunity, what came of it by the books, and why the two
differ.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

from executor.domain.address import Address
from executor.domain.booking import PROFIT, Booking
from executor.domain.errors import PlanError
from executor.domain.execution import Execution, Status
from executor.journal.books import Books, Wanted
from executor.journal.database import Database
from executor.journal.history import Recorded, Sought, recorded
from executor.operations.tabular import Column, Row, Type
from executor.plan import decode
from executor.policy.differences import (
    Cause,
    Difference,
    Expected,
    differences,
    realised_cost,
    realised_profit,
    rebates,
)
from executor.policy.profit import NATIVE_RATE, show_usd, usd_value, wei_cost, wei_rate

COLUMNS: tuple[Column, ...] = (
    Column("accepted_at"),
    Column("chain"),
    Column("opportunity_id"),
    Column("status"),
    Column("settlement_token"),
    Column("settlement_symbol"),
    Column("settlement_decimals", Type.NUMBER),
    Column("expected_profit", Type.AMOUNT),
    Column("realised_profit", Type.AMOUNT),
    Column("expected_gas_cost_wei", Type.AMOUNT),
    Column("realised_gas_cost_wei", Type.AMOUNT),
    Column("expected_net_profit", Type.AMOUNT),
    Column("realised_net_profit", Type.AMOUNT),
    Column("realised_usd", Type.USD),
    *(Column(f"difference_{cause}", Type.AMOUNT) for cause in Cause),
    Column("why"),
    Column("reasons"),
    Column("transactions"),
    Column("checked"),
)
"""What a line has. Amounts are in the settlement token's smallest unit, those of gas in wei."""


@dataclass(frozen=True, slots=True)
class Line:
    """One opportunity. `bookings` are its transactions in the chain; `differences` say why what was realised
    is not what was expected. Profits in the settlement token's smallest unit, costs in wei; None where
    nothing was expected, or nothing is known yet. `usd` is at the prices of the transactions' blocks.
    """

    accepted_at: int
    execution: Execution
    bookings: tuple[Booking, ...]
    expected: Expected | None
    realised_profit: int | None
    realised_cost: int | None
    realised_net_profit: int | None
    usd: Decimal | None
    differences: tuple[Difference, ...]

    def as_row(self) -> Row:
        """The line as `COLUMNS` has it; nested where the format can nest."""
        execution = self.execution
        row: dict[str, Any] = {
            "accepted_at": utc(self.accepted_at),
            "chain": execution.chain,
            "opportunity_id": execution.opportunity_id,
            "status": execution.status.value,
            "settlement_token": execution.settlement_token,
            "settlement_symbol": execution.settlement_symbol,
            "settlement_decimals": execution.settlement_decimals,
            "expected_profit": execution.expected_profit,
            "realised_profit": self.realised_profit,
            "expected_gas_cost_wei": self.expected.gas_cost if self.expected else None,
            "realised_gas_cost_wei": self.realised_cost,
            "expected_net_profit": execution.expected_net_profit,
            "realised_net_profit": self.realised_net_profit,
            "realised_usd": self.usd,
            "why": [one.words for one in self.differences],
            "reasons": [reason.code for reason in execution.reasons],
            "transactions": [booking.transaction_hash for booking in self.bookings],
            "checked": sorted({booking.checked for booking in self.bookings}),
        }
        return row | {f"difference_{one.cause}": one.amount for one in self.differences}


def history(database: Database, sought: Sought, wrapped: Mapping[str, Address]) -> Iterator[Line]:
    """A line for each opportunity that is sought, the oldest first. `wrapped` is the wrapped native token by
    chain, as far as it is known. Raises JournalError.
    """
    books = Books(database)
    for page in recorded(database, sought):
        by_opportunity = _bookings(books, page)
        for one in page:
            execution = one.execution
            mine = by_opportunity.get((execution.chain, execution.opportunity_id), [])
            yield line(one, mine, wrapped.get(execution.chain))


def line(one: Recorded, bookings: Sequence[Booking], wrapped: Address | None) -> Line:
    """What is told of one opportunity whose transactions are `bookings`."""
    execution, expected = one.execution, expectation(one.execution)
    settlement = execution.settlement_token
    known = bool(bookings) or (execution.status is Status.FAILED and expected is not None)
    if settlement is None or not known:
        return Line(one.accepted_at, execution, tuple(bookings), expected, None, None, None, None, ())
    profit, cost = realised_profit(bookings, settlement), realised_cost(bookings)
    rate = _rate(execution, is_native=settlement == wrapped)
    return Line(
        accepted_at=one.accepted_at,
        execution=execution,
        bookings=tuple(bookings),
        expected=expected,
        realised_profit=profit,
        realised_cost=cost,
        realised_net_profit=None if rate is None else profit + rebates(bookings) - wei_cost(cost, rate),
        usd=usd_of(bookings),
        differences=() if expected is None else differences(expected, bookings, settlement),
    )


def expectation(execution: Execution) -> Expected | None:
    """What was recorded as expected when the trade was decided; None where it never came so far."""
    details = execution.details
    wanted = ("expected_gas_used", "expected_gas_price", "expected_gas_cost")
    if execution.expected_profit is None or any(details.get(name) is None for name in wanted):
        return None
    used, price, cost = (int(str(details[name])) for name in wanted)
    return Expected(
        profit=execution.expected_profit,
        premium=int(str(details.get("premium", 0))),
        tip=_tip(execution),
        gas_used=used,
        gas_price=price,
        gas_cost=cost,
    )


def _tip(execution: Execution) -> int:
    """What the plan says is paid out of profit, in wei; a share of it is not known beforehand."""
    if execution.plan is None:
        return 0
    try:
        tip = decode(bytes.fromhex(execution.plan[2:])).header.tip
    except (PlanError, ValueError):
        return 0
    return tip.fixed if tip else 0


def usd_of(bookings: Iterable[Booking]) -> Decimal | None:
    """The profit of all entries in USD at the prices of their blocks, costs taken off; None where one has no
    price.
    """
    value = Fraction(0)
    for booking in bookings:
        for entry in booking.entries:
            if entry.kind in PROFIT:
                asset = booking.assets[entry.token]
                if asset.usd is None:
                    return None
                value += usd_value(entry.amount, asset.decimals, asset.usd)
    return show_usd(value)


def utc(seconds: int) -> str:
    """A time as people and programs read it: 2026-01-31T12:00:00Z."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _rate(execution: Execution, *, is_native: bool) -> Fraction | None:
    """What a wei was worth in the settlement token's smallest unit when the trade was decided."""
    if is_native:
        return NATIVE_RATE
    native, settlement = (execution.details.get(name) for name in ("native_usd", "settlement_usd"))
    if native is None or settlement is None:
        return None
    return wei_rate(Fraction(str(native)), Fraction(str(settlement)), int(execution.settlement_decimals or 0))


def _bookings(books: Books, page: Sequence[Recorded]) -> dict[tuple[str, str | None], list[Booking]]:
    found: dict[tuple[str, str | None], list[Booking]] = {}
    ids = [one.execution.opportunity_id for one in page]
    for booking in books.all_standing(Wanted(opportunity_ids=tuple(ids))):
        found.setdefault((booking.chain, booking.opportunity_id), []).append(booking)
    return found
