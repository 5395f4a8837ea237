"""Cycles over pieces of Moebius curves: the optimum of the curves, then exact amounts around it."""

from collections.abc import Callable, Iterator, Sequence
from math import gcd, isqrt

from executor.domain.errors import MathsError, TicksUnknownError
from executor.domain.pool import FEE_UNIT
from executor.routing.constant_product import COARSE
from executor.routing.hops import Hop, backward, forward
from executor.routing.premium import PremiumOf
from executor.routing.stretches import Optimum, Segment, optimum
from executor.routing.trying import Amounts, Tries, scarcest
from executor.venues.uniswap_v3 import Swaps

NEXT = 32
"""Inputs on either side that are tried where a curve says nothing."""

GasCost = Callable[[Amounts], int]
"""What the gas of a route at these amounts costs, in the settlement token's smallest unit."""


def solve_pieces(
    hops: Sequence[Hop],
    start: Segment,
    *,
    cap: int,
    premium: PremiumOf,
    repaid: tuple[int, int],
    gas_cost: GasCost | None = None,
) -> Amounts | None:
    """The amounts at the input that earns most after `premium`, and after gas where `gas_cost` is given;
    None if no input earns anything before gas.

    `start` is the segment at the present prices. Raises TicksUnknownError as `optimum` does.
    """
    best = optimum(hops, start, cap, *repaid)
    if best is None:
        return None

    def earned(amounts: Amounts) -> int:
        return amounts[-1] - amounts[0] - premium(amounts[0])

    def worth(amounts: Amounts) -> int:
        return earned(amounts) - (gas_cost(amounts) if gas_cost is not None else 0)

    tries = tries_of(hops, worth, cap)
    _near(tries, hops, max(best.amount_in, 1))
    if not tries.amounts or min(tries.amounts) < COARSE:
        _scan(tries, best, earned(tries.amounts) if tries.amounts else 0, repaid, cap)
    if gas_cost is not None and tries.amounts:
        short_of_ticks(hops, tries, earned, gas_cost)
    return tries.amounts if tries.amounts and earned(tries.amounts) > 0 else None


def _near(tries: Tries, hops: Sequence[Hop], amount_in: int) -> None:
    """Try an input and what serves its scarcest amount best.

    A pool of the V3 shape rounds its fee up, by up to a unit of what goes in; a whole number of `grain` pays
    no more than its fee. Where the amount has a million grains, profit is flat over one of them.
    """
    amounts = tries.input(amount_in)
    if amounts is None:
        return
    place = scarcest(amounts)
    amount = amounts[place]
    if amount < COARSE:
        tries.arriving(place, (amount, amount + 1))
        return
    grain = _grain(hops[place]) if place < len(hops) else 1
    if amount >= grain * COARSE:
        amount -= amount % grain
    if place or amount != amount_in:
        tries.arriving(place, (amount,))
    if place and amount != amounts[place] and tries.amounts[0] == amount_in:
        # Nothing better: then at least no more than what gives the same.
        tries.arriving(place, (amounts[place],))


def _grain(hop: Hop) -> int:
    return FEE_UNIT // gcd(hop.kept, FEE_UNIT) if isinstance(hop, Swaps) else 1


def tries_of(hops: Sequence[Hop], worth: Callable[[Amounts], int], cap: int) -> Tries:
    """Tries along hops."""
    return Tries(
        lambda amount_in: forward(hops, amount_in),
        lambda place, amount: backward(hops[:place], amount),
        worth,
        cap,
    )


def short_of_ticks(
    hops: Sequence[Hop], tries: Tries, earned: Callable[[Amounts], int], gas_cost: GasCost
) -> None:
    """Try to stop just short of each tick that the best amounts cross: each crossing costs gas all at once,
    so that what is left after gas is not concave.

    Going back from tick to tick what is earned only falls. So nothing is left to gain once it is no more than
    the best so far with all gas of crossing saved.
    """
    amounts = tries.amounts
    least_cost = gas_cost((1,) * len(amounts))
    for place, hop in enumerate(hops):
        for reached in _ticks_back_from(hop, amounts[place]):
            amount_in = backward(hops[:place], reached)
            shorter = tries.input(amount_in - 1) if amount_in is not None else None
            if shorter is None or earned(shorter) - least_cost <= tries.most:
                break


def _ticks_back_from(hop: Hop, amount_in: int) -> Iterator[int]:
    """The least inputs that cross each of the ticks that an input crosses, the last tick first."""
    try:
        number = hop.stretch_of(amount_in)
        piece = hop.stretch(number)
    except (MathsError, TicksUnknownError):
        return
    if piece is not None and piece.end == amount_in:
        yield amount_in
    while piece is not None and piece.crossed and number:
        number -= 1
        before = hop.stretch(number)
        assert before is not None and before.end is not None
        if before.crossed < piece.crossed:
            yield before.end
        piece = before


def _scan(tries: Tries, best: Optimum, earned: int, repaid: tuple[int, int], cap: int) -> None:
    """Try all inputs that could be better than what was found, if they are few; `constant_product` says how
    far they lie from the curve's optimum.

    In pools that hold next to nothing of a token a piece may begin and end within one input. Then its curve
    says nothing there, and those next to the input are tried.
    """
    a, b, c, d = best.segment.curve
    x, (num, den) = best.amount_in, repaid
    below = c * x + d
    if below <= 0:
        tries.between(max(x - NEXT, 1), min(x + NEXT, cap))
        return
    most = -(-(a * x + b) // below) - x * num // den + 1
    missing = max(most - max(earned, 0), 0)
    width = missing + isqrt(missing * below // c) + 2 if c else missing + 2
    tries.between(max(x - width, 1), min(x + width, cap))
