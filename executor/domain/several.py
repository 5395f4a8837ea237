"""Several routes as one trade: one after the other in one transaction, all of them or none."""

from dataclasses import dataclass

from executor.domain.pool import VenueKind
from executor.domain.route import OWN_MEANS, Funding, Leg, Payer, Route, SizedRoute
from executor.domain.token import Token


@dataclass(frozen=True, slots=True)
class SeveralRoutes:
    """Closed walks from one settlement token. Raises ValueError where they start with different tokens, or
    share a pool: what the one leaves behind there the other was not sized for. Wrapping changes nothing.
    Pools may still hang together by other state (hooks, rates, oracles), which is not looked at.
    """

    routes: tuple[Route, ...]

    def __post_init__(self) -> None:
        if len({route.settlement.address for route in self.routes}) != 1:
            raise ValueError("several routes need one settlement token")
        pools = [leg.pool.identity for leg in self.legs if leg.pool.kind is not VenueKind.WRAPPED_NATIVE]
        if len(set(pools)) != len(pools):
            raise ValueError("a pool may stand in one of several routes only")

    @property
    def legs(self) -> tuple[Leg, ...]:
        """The legs of all routes, route by route."""
        return tuple(leg for route in self.routes for leg in route.legs)

    @property
    def settlement(self) -> Token:
        """The token that profit is measured in."""
        return self.routes[0].settlement


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A route that is not traded with the others: its place in the opportunity, and why."""

    place: int
    why: str


@dataclass(frozen=True, slots=True)
class SizedSeveral:
    """Sized routes that are carried out one after the other, each paid in its own way and paid back before
    the next begins. `places` are where they stand in the opportunity; `left_out` are the others. It answers
    what a SizedRoute answers. Raises ValueError as SeveralRoutes does.
    """

    parts: tuple[SizedRoute, ...]
    places: tuple[int, ...]
    left_out: tuple[LeftOut, ...] = ()

    def __post_init__(self) -> None:
        if not self.parts or len(self.parts) != len(self.places):
            raise ValueError("several routes need at least one, and a place for each")
        _ = self.route

    @property
    def route(self) -> SeveralRoutes:
        """The routes without their amounts."""
        return SeveralRoutes(tuple(part.route for part in self.parts))

    @property
    def payers(self) -> tuple[Payer, ...]:
        """Who pays, route by route."""
        return tuple(payer for part in self.parts for payer in part.payers)

    @property
    def funding(self) -> Funding:
        """The first lender that is asked, or, where there is none, what pays the first route."""
        fundings = [payer.funding for payer in self.payers]
        return next((each for each in fundings if each not in OWN_MEANS), fundings[0])

    @property
    def premiums(self) -> int:
        """What all lenders ask, in the settlement token's smallest unit."""
        return sum(part.premiums for part in self.parts)

    @property
    def amounts(self) -> tuple[int, ...]:
        """What goes into all routes together, and what comes out of them."""
        return sum(part.amounts[0] for part in self.parts), sum(part.amounts[-1] for part in self.parts)

    @property
    def amount_in(self) -> int:
        """The largest input of one route, in the settlement token's smallest unit: no more is out at once."""
        return max(part.amount_in for part in self.parts)

    @property
    def gross_profit(self) -> int:
        """Settlement-token delta of all together after premiums, before gas; may be negative."""
        return sum(part.gross_profit for part in self.parts)
