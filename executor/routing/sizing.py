"""The input at which a route earns most, and the amounts along it.

Routes over V2 pairs are solved in closed form (`constant_product`), routes over pieces of such curves
(`stretches`, V3 and V4 pools) piece by piece, all others by search over exact quotes (`probing`). Amounts are
whole units, and every amount that is returned is what the venues give.
"""

from collections.abc import Callable

from executor.domain.errors import MathsError
from executor.domain.route import Route
from executor.routing.cycle import MAX_AMOUNT, Terms, compiled
from executor.routing.premium import PremiumOf, no_premium
from executor.routing.probing import route_curve
from executor.routing.sides import Sides
from executor.routing.states import States
from executor.routing.taxed import received, taken
from executor.venues import amount_out

__all__ = ["MAX_AMOUNT", "States", "best_size", "forward", "no_premium", "route_curve"]


def forward(route: Route, states: States, amount_in: int) -> tuple[int, ...]:
    """The amounts along the route for `amount_in`: before each leg and after the last, in the smallest units.
    Of a taxed leg less arrives at its pool.

    Raises MathsError where a leg cannot make its trade or gives nothing, TicksUnknownError where not enough
    of a pool was read.
    """
    amounts = [amount_in]
    for index, leg in enumerate(route.legs):
        arrived = taken(route, index, amounts[-1])
        amount = amount_out(states[leg.pool.key], leg.zero_for_one, arrived) if arrived else 0
        if amount == 0:
            raise MathsError(
                f"leg {index} gives nothing for {amounts[-1]} of {leg.token_in.symbol}.",
                fix="trade more",
                leg=index,
                pool=leg.pool.address,
                amount_in=amounts[-1],
            )
        amounts.append(amount)
    return (*amounts[:-1], received(route, amounts[-1]))


def best_size(
    route: Route,
    states: States,
    *,
    cap: int | None = None,
    premium: PremiumOf = no_premium,
    gas_cost: Callable[[int], int] | None = None,
) -> tuple[int, ...] | None:
    """The amounts along the route at the input that earns most after `premium`; None if no input earns
    anything.

    `cap` bounds the input (inventory, a lender's liquidity, what the user allows), in the settlement token's
    smallest unit; `premium` gives a lender's fee for an input. With `gas_cost`, which turns gas units into
    the settlement token, the ticks that a size crosses are paid for: what is left is then most. Of a pool
    that pays all at one price a margin is left (`margins`). Of inputs that earn the same the smallest is
    taken. What the result may miss of the true optimum is bounded by `shortfall`. Raises TicksUnknownError
    only if the optimum may lie beyond the ticks that were read: read further and ask again.
    """
    return compiled(route, Sides(states), Terms(cap, premium, gas_cost)).solve()
