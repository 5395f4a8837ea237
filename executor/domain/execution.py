"""The record of an opportunity's fate."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from executor.domain.decision import Reason


class Status(StrEnum):
    """Final states are all but ACCEPTED (recorded, nothing sent) and PENDING. `success` is true for REALISED
    only, which a receipt and its logs must show.
    """

    REALISED = "realised"
    DECLINED = "declined"
    REJECTED = "rejected"
    DRY_RUN = "dry_run"
    REVERTED = "reverted"
    FAILED = "failed"
    PENDING = "pending"
    ACCEPTED = "accepted"
    CANCELLED = "cancelled"

    @property
    def is_final(self) -> bool:
        """True once nothing more is to come."""
        return self not in (Status.ACCEPTED, Status.PENDING)


@dataclass(frozen=True, slots=True)
class Execution:
    """The outcome of one opportunity; `as_dict` is the stable JSON form.

    Amounts are ints in the settlement token's smallest unit (`*_wei`: of the chain's native coin).
    `expected_profit` and `realised_profit` are settlement-token deltas after premium and tip; gas and net
    stand apart.
    """

    opportunity_id: str
    chain: str
    status: Status
    reasons: tuple[Reason, ...] = ()
    settlement_token: str | None = None
    settlement_symbol: str | None = None
    settlement_decimals: int | None = None
    funding: str | None = None
    amount_in: int | None = None
    expected_profit: int | None = None
    expected_net_profit: int | None = None
    realised_profit: int | None = None
    realised_net_profit: int | None = None
    minimum_profit: int | None = None
    gas_used: int | None = None
    gas_cost_wei: int | None = None
    profit_usd: Decimal | None = None
    transaction_hashes: tuple[str, ...] = ()
    block_number: int | None = None
    plan: str | None = None
    route: tuple[str, ...] = ()
    execution_time_seconds: Decimal | None = None
    details: dict[str, object] = field(default_factory=dict)

    @property
    def success(self) -> bool:
        """True only if a receipt and its logs show the profit."""
        return self.status is Status.REALISED

    def as_dict(self) -> dict[str, object]:
        """The documented JSON object: int amounts and Decimals as decimal strings, None kept."""
        amounts = (
            "amount_in",
            "expected_profit",
            "expected_net_profit",
            "realised_profit",
            "realised_net_profit",
            "minimum_profit",
            "gas_cost_wei",
        )
        out: dict[str, object] = {
            "opportunity_id": self.opportunity_id,
            "chain": self.chain,
            "status": self.status.value,
            "success": self.success,
            "reasons": [
                {"code": r.code, "message": r.message, "facts": _printable(r.facts)} for r in self.reasons
            ],
        }
        for name in (
            "settlement_token",
            "settlement_symbol",
            "settlement_decimals",
            "funding",
            *amounts,
            "gas_used",
            "profit_usd",
            "block_number",
            "plan",
            "execution_time_seconds",
        ):
            value = getattr(self, name)
            textual = name in amounts or isinstance(value, Decimal)
            out[name] = str(value) if textual and value is not None else value
        out["transaction_hashes"] = list(self.transaction_hashes)
        out["route"] = list(self.route)
        out["details"] = _printable(self.details)
        return out


def _printable(facts: Mapping[str, object]) -> dict[str, object]:
    """Ints above what JSON readers keep exactly, and Decimals, become decimal strings, however deep they
    lie."""
    return {str(key): _plain(value) for key, value in facts.items()}


def _plain(value: object) -> object:
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, Mapping):
        return _printable(value)
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(item) for item in value]
    return "0x" + value.hex() if isinstance(value, bytes) else str(value)
