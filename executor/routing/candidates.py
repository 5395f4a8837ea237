"""From pools that were found to routes, and from routes to the one that nets most."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from executor.domain.errors import MathsError
from executor.domain.pool import Pool
from executor.domain.route import Leg, Route
from executor.domain.token import Token
from executor.routing.gas import ROUTER_GAS, route_gas
from executor.routing.premium import no_premium
from executor.routing.sizing import best_size
from executor.routing.states import States

__all__ = ["ROUTER_GAS", "Candidate", "pick", "route_gas", "routes"]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A route at its best size. `gas` is an estimate in gas units; `profit` is after the premium, `net` also
    after gas, both in the settlement token's smallest unit.
    """

    route: Route
    amounts: tuple[int, ...]
    gas: int
    profit: int
    net: int


def routes(
    quote_token: Token, token: Token, buy_pools: Sequence[Pool], sell_pools: Sequence[Pool]
) -> tuple[Route, ...]:
    """Every way to buy `token` for `quote_token` in one pool and sell it in another; `quote_token` is the
    settlement token.

    Pools that do not hold both tokens raise ValueError.
    """
    return tuple(
        Route(
            (
                Leg(buy, quote_token, taxed=quote_token.transfer_fee is not None),
                Leg(sell, token, taxed=token.transfer_fee is not None),
            )
        )
        for buy in buy_pools
        for sell in sell_pools
        if buy.identity != sell.identity
    )


def pick(
    candidates: Iterable[Route],
    states: States,
    *,
    gas_cost: Callable[[int], int],
    cap: int | None = None,
    premium: Callable[[int], int] = no_premium,
    overhead_gas: int = ROUTER_GAS,
) -> Candidate | None:
    """The route that nets most, each at its best size; None if none earns anything before gas.

    `gas_cost` turns gas units into the settlement token's smallest unit. A route that nets less than nothing
    is still returned where none is better, so that it can be declined with its figures. Routes through pools
    that cannot trade are passed over; TicksUnknownError is raised as in `best_size`.
    """
    best: Candidate | None = None
    for route in candidates:
        candidate = _sized(route, states, gas_cost, cap, premium, overhead_gas)
        if candidate is not None and (best is None or candidate.net > best.net):
            best = candidate
    return best


def _sized(
    route: Route,
    states: States,
    gas_cost: Callable[[int], int],
    cap: int | None,
    premium: Callable[[int], int],
    overhead_gas: int,
) -> Candidate | None:
    try:
        amounts = best_size(route, states, cap=cap, premium=premium, gas_cost=gas_cost)
        if amounts is None:
            return None
        gas_units = overhead_gas + route_gas(route, states, amounts)
    except MathsError:
        return None
    profit = amounts[-1] - amounts[0] - premium(amounts[0])
    return Candidate(route, amounts, gas_units, profit, profit - gas_cost(gas_units))
