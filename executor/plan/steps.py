"""Plan steps as values: what the bytes say, field by field."""

from __future__ import annotations

from dataclasses import dataclass, field

from executor.domain.address import Address
from executor.plan.format import Opcode, Payer, Recipient, V2Output, V3Amount, V3CallbackKind


@dataclass(frozen=True, slots=True)
class Header:
    """What holds for the whole call. `deadline` in unix seconds, `minimum_profit` in the settlement token's
    smallest unit.
    """

    settlement_index: int
    deadline: int
    minimum_profit: int
    max_block: int | None = None


@dataclass(frozen=True, slots=True)
class V2Swap:
    """A hop over a V2 pair. `amount_in` None: what the last step gave. `fee_bps` matters for computed outputs
    only.

    `token` is the input token, present when the payer is TRACKED, or when the input is measured at a pair
    that is paid already.
    """

    pool: Address
    zero_for_one: bool
    payer: Payer
    recipient: Recipient
    output: V2Output
    fee_bps: int = 0
    amount_in: int | None = None
    amount_out: int | None = None
    token: Address | None = None
    to: Address | None = None
    measured: bool = False


@dataclass(frozen=True, slots=True)
class V2FlashSwap:
    """Takes a pair's output first; the continuation pays the pair."""

    pool: Address
    zero_for_one: bool
    output: V2Output
    continuation: tuple[Step, ...]
    fee_bps: int = 0
    amount_in: int | None = None
    amount_out: int | None = None


@dataclass(frozen=True, slots=True)
class V2Quote:
    """Computes what a pair would give and makes it the last amount."""

    pool: Address
    zero_for_one: bool
    fee_bps: int
    amount_in: int | None = None


@dataclass(frozen=True, slots=True)
class V3Swap:
    """A hop over a V3 pool. `amount` is present for the two literal kinds; `cap` bounds what the router pays
    for an exact output.
    """

    pool: Address
    zero_for_one: bool
    callback: V3CallbackKind
    kind: V3Amount
    payer: Payer
    recipient: Recipient
    amount: int | None = None
    cap: int | None = None
    token: Address | None = None
    to: Address | None = None
    price_limit: int | None = None
    continuation: tuple[Step, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Track:
    """Steps that may also pay `token`, of which the router must not end with less."""

    token: Address
    continuation: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Loan:
    """Borrows `amount` of the settlement token; `cap` is the most that may be repaid."""

    opcode: Opcode
    amount: int
    cap: int
    continuation: tuple[Step, ...]


Step = V2Swap | V2FlashSwap | V2Quote | V3Swap | Track | Loan


@dataclass(frozen=True, slots=True)
class DecodedPlan:
    """A whole plan."""

    header: Header
    steps: tuple[Step, ...]
