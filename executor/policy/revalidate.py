"""Whether a route that was sized before is still worth sending, now that the market was read again.

Pure: the figures come from the venues' maths at the new states. Where no pool has moved nothing is solved
again: the trade is repriced at the new fees.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from executor.domain.decision import Reason
from executor.domain.errors import MathsError
from executor.domain.route import SizedRoute
from executor.policy.fees import Fees
from executor.policy.profit import BASIS_POINTS, Profit, reprice
from executor.routing.premium import PremiumOf
from executor.routing.sizing import best_size, forward
from executor.routing.states import States

BETTER_BPS = 100
"""A better size must net so many hundredths of a percent more: to change it costs a simulation."""


class Course(StrEnum):
    """What to do with the sized route."""

    PROCEED = "proceed"
    RESIZE = "resize"
    DECLINE = "decline"


@dataclass(frozen=True, slots=True)
class Reread:
    """The market as it is now. `states` of the route's pools; None where none of them has moved. `premium` by
    amount of the route's lender, `available` what its funding can pay, None for no bound; `cap` the largest
    size allowed. Amounts in the settlement token's smallest unit, `l1_fee` in wei.
    """

    states: States | None
    fees: Fees
    premium: PremiumOf
    available: int | None = None
    cap: int | None = None
    l1_fee: int | None = None


@dataclass(frozen=True, slots=True)
class Bounds:
    """`minimum_profit` is what the call demands on chain, `wanted_net` what must be left after gas; both in
    the settlement token's smallest unit.
    """

    minimum_profit: int
    wanted_net: int = 0


@dataclass(frozen=True, slots=True)
class Revalidation:
    """The course, why, and what it is expected to earn: of the same size to proceed, of the better one to
    resize; `as_sized` of the same size in any case. None where the pools do not make the trade.
    """

    course: Course
    reasons: tuple[Reason, ...]
    profit: Profit | None
    as_sized: Profit | None


def revalidate(sized: SizedRoute, before: Profit, now: Reread, bounds: Bounds) -> Revalidation:
    """Proceed with `sized` as it stands, resize it, or decline it.

    `before` is its profit as it was simulated: the gas it takes is taken to be the same. Raises
    TicksUnknownError where more of a pool must be read first.
    """
    same = _same(sized, before, now)
    problems = tuple(_problems(sized, same, now, bounds))
    if now.states is None:
        course = Course.DECLINE if problems else Course.PROCEED
        return Revalidation(course, problems, same, same)
    best = _best(sized, before, now)
    if not problems:
        if best is not None and _is_better(best, same):
            return Revalidation(Course.RESIZE, (_better(same, best),), best, same)
        return Revalidation(Course.PROCEED, (), same, same)
    if best is not None and best.net is not None and best.net >= max(bounds.wanted_net, 1):
        return Revalidation(Course.RESIZE, problems, best, same)
    return Revalidation(Course.DECLINE, problems, same, same)


def _same(sized: SizedRoute, before: Profit, now: Reread) -> Profit | None:
    """The profit of the same input now, None where the pools no longer make the trade."""
    repriced = reprice(before, now.fees, l1_fee=now.l1_fee)
    if now.states is None:
        return repriced
    try:
        amounts = forward(sized.route, now.states, sized.amount_in)
    except MathsError:
        return None
    return _priced(repriced, amounts, now.premium)


def _best(sized: SizedRoute, before: Profit, now: Reread) -> Profit | None:
    """The profit at the size that is best now, None where no size earns anything."""
    assert now.states is not None
    caps = [bound for bound in (now.cap, now.available) if bound is not None]
    cap = min(caps) if caps else None
    try:
        amounts = best_size(sized.route, now.states, cap=cap, premium=now.premium)
    except MathsError:
        return None
    if amounts is None:
        return None
    return _priced(reprice(before, now.fees, l1_fee=now.l1_fee), amounts, now.premium)


def _priced(like: Profit, amounts: tuple[int, ...], premium: Callable[[int], int]) -> Profit:
    return Profit(
        amounts[0],
        amounts[-1],
        like.gas,
        like.fees,
        like.rate,
        premium(amounts[0]),
        like.tip,
        like.l1_fee,
    )


def _problems(sized: SizedRoute, same: Profit | None, now: Reread, bounds: Bounds) -> Iterator[Reason]:
    """Why the route cannot go out as it stands."""
    symbol = sized.route.settlement.symbol
    if now.available is not None and now.available < sized.amount_in:
        yield Reason(
            "funding_gone",
            f"{sized.funding} can pay {now.available} of {symbol} now, the route needs {sized.amount_in}.",
            {"available": now.available, "amount_in": sized.amount_in},
        )
    if same is None:
        yield Reason("trade_gone", "The pools no longer make this trade.", {"amount_in": sized.amount_in})
        return
    if same.gross < bounds.minimum_profit:
        yield Reason(
            "profit_gone",
            f"The route would earn {same.gross} of {symbol} now, the call demands {bounds.minimum_profit}.",
            {"profit": same.gross, "minimum_profit": bounds.minimum_profit},
        )
    if same.net is None:
        yield Reason("price_unavailable", "Gas has no price in the settlement token any more.", {})
    elif same.net < (wanted := max(bounds.wanted_net, 1)):
        yield Reason(
            "net_profit_gone",
            f"The route would net {same.net} of {symbol} after gas now, {wanted} is wanted.",
            {
                "net_profit": same.net,
                "wanted_profit": bounds.wanted_net,
                "gas_cost_settlement": same.gas_cost,
            },
        )


def _is_better(best: Profit, same: Profit | None) -> bool:
    if best.net is None or same is None or same.net is None:
        return False
    return best.net * BASIS_POINTS > same.net * (BASIS_POINTS + BETTER_BPS)


def _better(same: Profit | None, best: Profit) -> Reason:
    told = None if same is None else same.net
    return Reason(
        "better_size",
        f"An input of {best.amount_in} nets {best.net} now, where the sized one nets {told}.",
        {"amount_in": best.amount_in, "net_profit": best.net, "net_profit_as_sized": told},
    )
