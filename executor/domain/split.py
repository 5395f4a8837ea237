"""A route whose legs may be divided over several pools."""

from dataclasses import dataclass

from executor.domain.route import Funding, Leg, Payer, SizedRoute
from executor.domain.several import SizedSeveral
from executor.domain.token import Token


@dataclass(frozen=True, slots=True)
class Part:
    """What goes into one pool and comes out of it, in the tokens' smallest units."""

    leg: Leg
    amount_in: int
    amount_out: int


@dataclass(frozen=True, slots=True)
class SplitRoute:
    """Stages in order, each of one or more parts that trade the same two tokens side by side; what a stage
    gives goes into the next one, and the last gives the settlement token back.

    Raises ValueError when it is no closed walk, a stage takes more than the one before gives, a pool stands
    in it twice, or an amount is not positive.
    """

    stages: tuple[tuple[Part, ...], ...]

    def __post_init__(self) -> None:
        if not self.stages or not all(self.stages):
            raise ValueError("a split route needs at least one part in every stage")
        parts = [part for stage in self.stages for part in stage]
        if min(min(part.amount_in, part.amount_out) for part in parts) <= 0:
            raise ValueError("every part needs a positive amount in and out")
        if len({part.leg.pool.identity for part in parts}) != len(parts):
            raise ValueError("a pool may stand in a route only once")
        for index, (stage, following) in enumerate(
            zip(self.stages, self.stages[1:] + self.stages[:1], strict=True)
        ):
            tokens = {(part.leg.token_in.address, part.leg.token_out.address) for part in stage}
            if len(tokens) != 1 or stage[0].leg.token_out.address != following[0].leg.token_in.address:
                raise ValueError(f"the tokens of stage {index} do not fit")
        for index in range(1, len(self.stages)):
            if self.amount_into(index) > self.amount_out_of(index - 1):
                raise ValueError(f"stage {index} takes more than the one before gives")

    @property
    def legs(self) -> tuple[Leg, ...]:
        """The legs of all parts, stage by stage."""
        return tuple(part.leg for stage in self.stages for part in stage)

    @property
    def settlement(self) -> Token:
        """The token that profit is measured in."""
        return self.stages[0][0].leg.token_in

    @property
    def amount_in(self) -> int:
        """What the route takes."""
        return self.amount_into(0)

    @property
    def gross_profit(self) -> int:
        """What comes out less what goes in, before gas; may be negative."""
        return self.amount_out_of(len(self.stages) - 1) - self.amount_in

    def amount_into(self, stage: int) -> int:
        """What all parts of a stage take."""
        return sum(part.amount_in for part in self.stages[stage])

    def amount_out_of(self, stage: int) -> int:
        """What all parts of a stage give."""
        return sum(part.amount_out for part in self.stages[stage])


@dataclass(frozen=True, slots=True)
class SizedSplit:
    """A divided route as a trade, paid out of the router's own money: no lender, no premium. It answers what
    a SizedRoute answers.
    """

    route: SplitRoute

    @property
    def funding(self) -> Funding:
        """The router's own money."""
        return Funding.INVENTORY

    @property
    def payers(self) -> tuple[Payer, ...]:
        """The router alone."""
        return (Payer(self.funding),)

    @property
    def premiums(self) -> int:
        """None is asked."""
        return 0

    @property
    def amounts(self) -> tuple[int, ...]:
        """What goes into the first stage, into each further one, and comes out of the last."""
        count = len(self.route.stages)
        into = [self.route.amount_into(stage) for stage in range(count)]
        return (*into, self.route.amount_out_of(count - 1))

    @property
    def amount_in(self) -> int:
        """What the route takes, in the settlement token's smallest unit."""
        return self.route.amount_in

    @property
    def gross_profit(self) -> int:
        """Settlement-token delta before gas; may be negative."""
        return self.route.gross_profit


Sized = SizedRoute | SizedSplit | SizedSeveral
"""A trade with its amounts and its funding: in one line, divided over pools, or of several routes."""
