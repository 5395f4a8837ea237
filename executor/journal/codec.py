"""Executions and opportunities as JSON text and back; what is printed is what is stored."""

import json
from collections.abc import Mapping
from dataclasses import asdict, fields
from decimal import Decimal
from typing import Any

from executor.domain.decision import Reason
from executor.domain.execution import Execution, Status
from executor.domain.opportunity import LegRequest, Opportunity
from executor.domain.route import Funding

_AMOUNTS = (
    "amount_in",
    "expected_profit",
    "expected_net_profit",
    "realised_profit",
    "realised_net_profit",
    "minimum_profit",
    "gas_cost_wei",
)
_DECIMALS = ("profit_usd", "execution_time_seconds")


def dump_execution(execution: Execution) -> str:
    """The stable JSON form of `Execution.as_dict`, as text."""
    return json.dumps(execution.as_dict(), separators=(",", ":"))


def load_execution(text: str) -> Execution:
    """The Execution whose `as_dict` is `text`.

    Raises ValueError, KeyError or TypeError when it is not one.
    """
    data: Any = json.loads(text)
    values: dict[str, Any] = {field.name: data[field.name] for field in fields(Execution)}
    values.update({name: None if data[name] is None else int(data[name]) for name in _AMOUNTS})
    values.update({name: None if data[name] is None else Decimal(data[name]) for name in _DECIMALS})
    values["status"] = Status(data["status"])
    values["reasons"] = tuple(Reason(**reason) for reason in data["reasons"])
    values["transaction_hashes"] = tuple(data["transaction_hashes"])
    values["route"] = tuple(data["route"])
    return Execution(**values)


def dump_opportunity(opportunity: Opportunity) -> str:
    """The opportunity as it was understood, estimates included, as JSON text."""
    return json.dumps(asdict(opportunity), default=str, separators=(",", ":"))


def differing_fields(stored: str, opportunity: Opportunity) -> tuple[str, ...]:
    """The fields in which `opportunity` differs from the `stored` one; estimates do not count."""
    before: Mapping[str, object] = json.loads(stored)
    now: Mapping[str, object] = json.loads(dump_opportunity(opportunity))
    names = sorted(name for name in {*before, *now} if not name.startswith("estimated_"))
    return tuple(name for name in names if before.get(name) != now.get(name))


def load_opportunity(text: str) -> Opportunity:
    """The Opportunity that `dump_opportunity` wrote. Raises ValueError, KeyError or TypeError when it is
    none.
    """
    data: dict[str, Any] = json.loads(text)
    estimate, funding = data["estimated_net_profit_usd"], data["funding"]
    return Opportunity(
        **{
            **data,
            "legs": tuple(LegRequest(**leg) for leg in data["legs"]),
            "funding": None if funding is None else Funding(funding),
            "estimated_net_profit_usd": None if estimate is None else Decimal(estimate),
        }
    )
