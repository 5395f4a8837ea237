"""What holds for a whole plan: profit and its token, deadline, tip, guards."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from executor.domain.address import Address
from executor.domain.errors import PlanError
from executor.domain.token import Token
from executor.plan import format as f
from executor.plan.bytewise import Reader, put_hex, put_uint
from executor.plan.guards import Guard, read_guards, write_guards
from executor.plan.layout import unknown

if TYPE_CHECKING:
    from executor.plan.steps.step import Step

FULL_SHARE_BPS = 10_000


@dataclass(frozen=True, slots=True)
class Tip:
    """What is paid for inclusion after the profit rule holds: `share_bps` of the realised profit, and `fixed`
    wei; to `receiver`, or to whoever builds the block.
    """

    share_bps: int = 0
    fixed: int = 0
    receiver: Address | None = None


@dataclass(frozen=True, slots=True)
class Header:
    """What holds for the whole call. `deadline` in unix seconds, `minimum_profit` in the settlement token's
    smallest unit.
    """

    settlement_index: int
    deadline: int
    minimum_profit: int
    guards: tuple[Guard, ...] = ()
    tip: Tip | None = None


@dataclass(frozen=True, slots=True)
class DecodedPlan:
    """A whole plan."""

    header: Header
    steps: tuple[Step, ...]


def require_tippable(settlement: Token, tip: Tip, wrapped_native: Address | None) -> None:
    """Raises PlanError where a route that ends in `settlement` cannot pay that tip."""
    if settlement.address != wrapped_native:
        raise PlanError(
            f"A tip is paid out of profit in the wrapped native token, and the route settles in "
            f"{settlement.symbol}.",
            fix="end the route in a hop to the wrapped native token, or leave the tip out",
            field="tip",
            settlement=settlement.address,
            wrapped_native=wrapped_native,
        )
    if not 0 <= tip.share_bps <= FULL_SHARE_BPS:
        raise PlanError(
            f"A tip of {tip.share_bps} basis points is more than the whole profit.",
            fix=f"give a share of at most {FULL_SHARE_BPS}",
            field="tip.share_bps",
        )


def write_header(header: Header) -> bytes:
    """The header's bytes, its tip and its guards. Raises PlanError naming the field that does not fit."""
    if not 0 <= header.settlement_index <= f.OWNER_SET_SETTLEMENT_INDEX:
        raise PlanError(
            f"settlement_index {header.settlement_index} is not in the router's list.",
            field="settlement_index",
            fix=f"use 0 to {f.OWNER_SET_SETTLEMENT_INDEX}",
        )
    guarded = f.HEADER_GUARDED if header.guards else 0
    tipping = f.HEADER_TIP if header.tip is not None else 0
    return (
        bytes([header.settlement_index | guarded | tipping])
        + put_uint(header.deadline, f.DEADLINE_BYTES, "deadline")
        + put_uint(header.minimum_profit, f.MINIMUM_PROFIT_BYTES, "minimum_profit")
        + (_write_tip(header.tip) if header.tip is not None else b"")
        + write_guards(header.guards)
    )


def read_header(reader: Reader) -> Header:
    """The header, its tip and its guards. Raises PlanError where the router would call them malformed."""
    flags = reader.uint(1)
    index = flags & f.HEADER_SETTLEMENT_MASK
    if flags & ~f.HEADER_KNOWN_FLAGS or index > f.OWNER_SET_SETTLEMENT_INDEX:
        raise PlanError(
            f"The header's flags 0x{flags:02x} have no meaning.",
            fix="check which router version made this plan",
            flags=flags,
        )
    deadline, minimum = reader.uint(f.DEADLINE_BYTES), reader.uint(f.MINIMUM_PROFIT_BYTES)
    tip = _read_tip(reader) if flags & f.HEADER_TIP else None
    guards = read_guards(reader) if flags & f.HEADER_GUARDED else ()
    return Header(index, deadline, minimum, guards, tip)


def _write_tip(tip: Tip) -> bytes:
    flags = 0 if tip.receiver is None else f.TIP_RECEIVER
    return (
        bytes([flags])
        + put_uint(tip.share_bps, f.TIP_SHARE_BYTES, "tip.share_bps")
        + put_uint(tip.fixed, f.TIP_FIXED_BYTES, "tip.fixed")
        + (b"" if tip.receiver is None else put_hex(tip.receiver, f.ADDRESS_BYTES, "tip.receiver"))
    )


def _read_tip(reader: Reader) -> Tip:
    flags = reader.uint(1)
    if flags & ~f.TIP_RECEIVER:
        raise unknown(f.HEADER_TIP, flags)
    share, fixed = reader.uint(f.TIP_SHARE_BYTES), reader.uint(f.TIP_FIXED_BYTES)
    return Tip(share, fixed, reader.address() if flags & f.TIP_RECEIVER else None)
