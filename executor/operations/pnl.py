"""`executor pnl`: what was earned, by token, chain, day, opportunity or wallet.

Units of different tokens are never added: each line is of one token of one chain. In US dollars they are, at
the price of each transaction's block, for display.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction

from executor.domain.address import Address
from executor.domain.booking import PROFIT, Asset, Booking, Entry, Kind
from executor.operations.forms import Grouping
from executor.operations.tabular import Column, Row, Type
from executor.policy.profit import show_usd, usd_value

COLUMNS: tuple[Column, ...] = (
    Column("key"),
    Column("chain"),
    Column("token"),
    Column("symbol"),
    Column("decimals", Type.NUMBER),
    *(Column(kind.value, Type.AMOUNT) for kind in Kind),
    Column("profit", Type.AMOUNT),
    Column("profit_usd", Type.USD),
    Column("unpriced", Type.NUMBER),
)
"""What a line has. `profit` is the sum of all kinds but transfers; amounts in the token's smallest unit."""

NATIVE_NAME = "native"


@dataclass(slots=True)
class Line:
    """What a group earned in one token. `token` is None for the native coin; `unpriced` counts the entries
    that had no price, which `usd` leaves out.
    """

    key: str
    chain: str
    token: Address | None
    asset: Asset
    amounts: dict[Kind, int] = field(default_factory=dict)
    usd: Fraction = Fraction(0)
    unpriced: int = 0

    @property
    def profit(self) -> int:
        """What was earned, in the token's smallest unit."""
        return sum(amount for kind, amount in self.amounts.items() if kind in PROFIT)

    def add(self, entry: Entry, asset: Asset) -> None:
        """Count an entry."""
        self.amounts[entry.kind] = self.amounts.get(entry.kind, 0) + entry.amount
        if entry.kind not in PROFIT:
            return
        if asset.usd is None:
            self.unpriced += 1
        else:
            self.usd += usd_value(entry.amount, asset.decimals, asset.usd)

    def as_row(self) -> Row:
        """The line as `COLUMNS` has it."""
        return {
            "key": self.key,
            "chain": self.chain,
            "token": self.token or NATIVE_NAME,
            "symbol": self.asset.symbol,
            "decimals": self.asset.decimals,
            **{kind.value: self.amounts.get(kind, 0) for kind in Kind},
            "profit": self.profit,
            "profit_usd": show_usd(self.usd),
            "unpriced": self.unpriced,
        }


def pnl(bookings: Iterable[Booking], by: Grouping) -> list[Line]:
    """The lines of these bookings, by key, chain and symbol."""
    lines: dict[tuple[str, str, Address | None], Line] = {}
    for booking in bookings:
        for entry in booking.entries:
            asset = booking.assets[entry.token]
            key = _key(booking, asset, by)
            line = lines.get((key, booking.chain, entry.token))
            if line is None:
                line = Line(key, booking.chain, entry.token, asset)
                lines[key, booking.chain, entry.token] = line
            line.add(entry, asset)
    return sorted(
        lines.values(), key=lambda line: (line.key, line.chain, line.asset.symbol, line.token or "")
    )


def usd_by_key(lines: Iterable[Line]) -> dict[str, Decimal]:
    """What each group earned in USD, all tokens together."""
    sums: dict[str, Fraction] = {}
    for line in lines:
        sums[line.key] = sums.get(line.key, Fraction(0)) + line.usd
    return {key: show_usd(value) for key, value in sums.items()}


def _key(booking: Booking, asset: Asset, by: Grouping) -> str:
    return {
        Grouping.TOKEN: asset.symbol,
        Grouping.CHAIN: booking.chain,
        Grouping.DAY: booking.day,
        Grouping.OPPORTUNITY: booking.opportunity_id or f"({booking.purpose.value})",
        Grouping.WALLET: booking.sender,
    }[by]
