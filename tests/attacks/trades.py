"""Honest trades, which attackers copy, replay, crowd out or follow."""

from __future__ import annotations

from devnet.market import trade
from devnet.node import ETHER
from executor.domain.route import Funding, SizedRoute
from executor.plan import Tip, encode
from executor.plan.compile import Outputs
from executor.plan.guards import Guard
from tests.contracts.test_execution import ROUTES, open_gap, sized
from tests.support.routers import FOREVER, Desk

AMOUNT = 5 * ETHER


def earning_route(desk: Desk, shape: str = "v2_v3", funding: Funding = Funding.INVENTORY) -> SizedRoute:
    """Open a gap, and size the route that closes it."""
    route = desk.route("WETH", *ROUTES[shape])
    open_gap(desk, route)
    found = sized(desk, route, AMOUNT, funding)
    assert found.gross_profit > 0
    return found


def plan_for(
    found: SizedRoute,
    *guards: Guard,
    deadline: int = FOREVER,
    minimum: int | None = None,
    tip: Tip | None = None,
    outputs: Outputs = "computed",
) -> bytes:
    """The signed bytes for a route, which ask for all that it gives unless a minimum is named."""
    return encode(
        found,
        settlement_index=0,
        minimum_profit=found.gross_profit if minimum is None else minimum,
        deadline=deadline,
        guards=guards,
        tip=tip,
        outputs=outputs,
        wrapped_native=found.route.settlement.address,
    )


def close_gap(desk: Desk, shape: str = "v2_v3") -> None:
    """Somebody else takes the gap, by trading at the route's first pool as the route would."""
    pool, symbol = ROUTES[shape][0]
    trade(desk.node, desk.record(pool), desk.book.tokens[symbol], 200 * ETHER)
