"""Simulation, and what was decided on its ground."""

from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum


class Verdict(StrEnum):
    """Send it, or say why not."""

    PROCEED = "proceed"
    DECLINE = "decline"


@dataclass(frozen=True, slots=True)
class Simulation:
    """What a node answered to the very calldata that would be sent. `profit` is the settlement-token delta,
    `gas_used` what the call uses where the node tells, else its estimate, `gas_limit` the estimate after the
    multiplier.
    """

    block_number: int
    profit: int
    gas_used: int
    gas_limit: int


@dataclass(frozen=True, slots=True)
class Reason:
    """Why: a stable code, a sentence, and the figures that decided (JSON-friendly; ints as decimal strings
    when printed).
    """

    code: str
    message: str
    facts: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Decision:
    """Expected figures and the verdict. `gas_cost` is in wei, `gas_cost_settlement`, `expected_profit`
    (gross: settlement-token delta after premium and tip), `expected_net_profit` and `minimum_profit` in
    the settlement token's smallest unit; None where gas could not be priced in it, which declines.
    """

    verdict: Verdict
    reasons: tuple[Reason, ...]
    expected_profit: int
    expected_net_profit: int | None
    minimum_profit: int
    gas_cost: int
    gas_cost_settlement: int | None
    expected_net_profit_usd: Decimal | None = None
