"""Who paid a trade that failed, by its record, and which of them failed it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from executor.domain.address import Address
from executor.domain.chain import ChainData
from executor.domain.decision import Reason
from executor.domain.errors import OpportunityError
from executor.domain.execution import Execution
from executor.domain.route import OWN_MEANS, Funding, PayerName


def payers_in(execution: Execution) -> tuple[PayerName, ...]:
    """Who was to pay, route by route, each once; empty where nothing was sized."""
    told = [*_entries(execution.details, "payers")]
    for route in _entries(execution.details, "routes"):
        told += _entries(route, "payers")
    found = [PayerName(Funding(str(each["funding"])), _address(each.get("pool"))) for each in told]
    if not found and execution.funding is not None:
        found = [PayerName(Funding(execution.funding))]
    return tuple(dict.fromkeys(found))


def sizes_in(execution: Execution) -> dict[int, int]:
    """What went into each of several routes, by place, in the settlement token's smallest unit."""
    return {
        int(str(each["route"])): _first(each["amounts"]) for each in _entries(execution.details, "routes")
    }


def failed_payer(execution: Execution, chain: ChainData) -> PayerName | None:
    """Who failed to pay, by the contracts that the revert came through, the innermost first; whoever paid
    alone; None where there were several and that does not tell.
    """
    payers = payers_in(execution)
    if len(payers) == 1:
        return payers[0]
    by_address = {_lender(payer, chain): payer for payer in payers}
    told = [str(reason.facts["through"]) for reason in execution.reasons if reason.facts.get("through")]
    through = told[-1].split(", ") if told else []
    return next((by_address[each] for each in reversed(through) if each in by_address), None)


def suspects_in(execution: Execution) -> tuple[PayerName, ...]:
    """The lenders among who was to pay, or, where none was asked, whoever else."""
    payers = payers_in(execution)
    return tuple(payer for payer in payers if payer.funding not in OWN_MEANS) or payers


def nobody_left(error: OpportunityError, refused: Collection[PayerName]) -> Reason:
    """The reason for declining when those who are left cannot pay, either."""
    names = sorted(map(str, refused))
    message = f"{', '.join(names)} failed in simulation, and nothing else can pay the route. {error}"
    return Reason("no_funding_left", message, {**error.facts, "refused": names})


def _lender(payer: PayerName, chain: ChainData) -> str:
    """Whom the router calls for the money; a name that is no address where nobody is asked."""
    lender = chain.lenders.get(payer.funding)
    return payer.pool or (lender.known.address if lender else payer.funding.value)


def _entries(details: Mapping[str, object], name: str) -> Iterator[Mapping[str, object]]:
    found = details.get(name)
    if isinstance(found, list):
        yield from (each for each in found if isinstance(each, Mapping))


def _first(amounts: object) -> int:
    assert isinstance(amounts, list)
    return int(str(amounts[0]))


def _address(pool: object) -> Address | None:
    return None if pool is None else Address(str(pool))
