"""Transfer fees along a route, as plans move the money.

`amounts[i]` of a route is what the leg before gives, or what is sent at first; what arrives at the pool of a
taxed leg is less. A pair that is paid straight by the pool before it costs one transfer, any other leg two:
to the router and on. The first leg is paid by the router, and the last one pays it.
"""

from executor.domain.errors import MathsError
from executor.domain.route import Route
from executor.domain.token import BASIS_POINTS, Token
from executor.plan.compile.stepwise import KEEPS_OUTPUT, PAID_BEFORE
from executor.venues.curve import Curve
from executor.venues.transfer_tax import arrives, send_for

STRAIGHT = Curve(1, 1, 0)
"""All that goes in comes out."""


def is_taxed(route: Route) -> bool:
    """True if a token on the way keeps a part of each transfer."""
    return any(leg.taxed for leg in route.legs)


def transfers_into(route: Route, index: int) -> int:
    """How many transfers bring what leg `index` takes to its pool."""
    if index == 0:
        return 1
    before = route.legs[index - 1]
    straight = before.pool.kind not in KEEPS_OUTPUT and route.legs[index].pool.kind in PAID_BEFORE
    return 1 if straight else 2


def taken(route: Route, index: int, given: int) -> int:
    """What of `given` arrives at the pool of leg `index`. Raises MathsError if its token keeps a part that is
    not known.
    """
    if not route.legs[index].taxed:
        return given
    return arrives(_known(route, index), given, transfers_into(route, index))


def given_for(route: Route, index: int, amount: int) -> int:
    """The least that must be given for `amount` to arrive at the pool of leg `index`. Raises as above."""
    if not route.legs[index].taxed:
        return amount
    return send_for(_known(route, index), amount, transfers_into(route, index))


def received(route: Route, given: int) -> int:
    """What of the last leg's output arrives at the router."""
    return arrives(_known(route, 0), given) if route.legs[0].taxed else given


def curve_into(route: Route, index: int) -> Curve:
    """What arrives at the pool of leg `index`, in real numbers."""
    if not route.legs[index].taxed:
        return STRAIGHT
    fee, transfers = _known(route, index).transfer_fee, transfers_into(route, index)
    assert fee is not None
    return Curve((BASIS_POINTS - fee.bps) ** transfers, BASIS_POINTS**transfers, 0)


def _known(route: Route, index: int) -> Token:
    token = route.legs[index].token_in
    if token.transfer_fee is None:
        raise MathsError(
            f"{token.symbol} keeps a part of each transfer, and how much is not known.",
            fix="give the token's transfer_fee in the chain data, or simulate the trade",
            token=token.address,
        )
    return token
