"""How far from the root of the invariant Curve's newer crypto pools may find a balance.

They solve a K0^3 + b K0^2 + c K0 + e = 0 by Cardano's formula in whole numbers (`curve_cubic`). Here the same
steps are taken with bounds (`near`), for all balances x between two: beside each number stands how far it may
be from what the same formula gives without rounding, which is the root itself, on whichever branch of the
cube root it is taken. Where the bounds are too wide to say anything, x is halved. Coefficients that are all
divided by one number have the same root, so that what they are divided by counts as exact. Where the
radicand is not positive the pool searches by Newton's steps instead.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from executor.routing.near import Near, UncertainError
from executor.venues.curve_cubic import A_UNIT, THREE_STEPS, TWO_STEPS, WAD

DEPTH = 14
MOST_PIECES = 400
"""So often x is halved, and into so many pieces at most."""

MOST_FACTORS = 4

Steps = tuple[tuple[int, int], ...]


class Cubic(NamedTuple):
    """The coefficients, and what K0 is divided by."""

    a: Near
    b: Near
    c: Near
    e: Near


def cubic_error(
    ann: int, gamma: int, d: int, others: Sequence[tuple[int, int]], enough: int
) -> tuple[int, bool] | None:
    """How far the balance may be from the root beside one or two others, each between two numbers and in the
    contract's order, all scaled to 18 decimals, and whether Newton's method may be taken; `enough`: less need
    not be shown. None where it cannot be told.
    """
    worst, newton, count = 0, False, 0
    pieces = [(tuple(others), 0)]
    while pieces:
        piece, depth = pieces.pop()
        count += 1
        try:
            beside = [Near(*ends) for ends in piece]
            found = (_of_two if len(beside) == 1 else _of_three)(ann, gamma, d, *beside)
        except UncertainError:
            found = None
        if (found is None or found[0] > enough) and depth < DEPTH and any(low < high for low, high in piece):
            pieces += [(half, depth + 1) for half in _halves(piece)]
        elif found is None or count > MOST_PIECES:
            return None
        else:
            worst, newton = max(worst, found[0]), newton or found[1]
    return worst, newton


def _halves(piece: tuple[tuple[int, int], ...]) -> Iterator[tuple[tuple[int, int], ...]]:
    yield tuple((low, (low + high) // 2) for low, high in piece)
    yield tuple(((low + high) // 2, high) for low, high in piece)


def _of_two(ann: int, gamma: int, d: int, x: Near) -> tuple[int, bool]:
    exact, curve = _exact, ann * gamma * gamma
    b = exact(d * curve).cut(400_000_000).over(x) - exact(3 * 10**32 + 2 * gamma * 10**14)
    c = (
        exact(3 * 10**32 + 4 * gamma * 10**14)
        + exact(gamma * gamma).cut(10**4)
        + (exact(4 * curve).cut(400_000_000) * x).cut(d)
        - exact(4 * curve).cut(400_000_000)
    )
    e = _negative(exact((WAD + gamma) ** 2).cut(10**4))
    whole = Cubic(exact(10**32), b, c, e)
    delta0, delta1 = _deltas(whole)
    sizes = [min(_size(delta0, side), _size(delta1, side), 10**32) for side in (min, max)]
    worst, newton = 0, False
    for divider in _dividers(sizes[0], sizes[1], TWO_STEPS):
        cubic = Cubic(*(each.cut(divider) for each in whole))
        cardano = _cardano(cubic)
        newton = newton or not cardano
        for c1, delta0 in cardano:
            b = cubic.b.times(WAD)
            root = (c1.times(WAD) - b - b.over(c1) * delta0).over(cubic.a.times(3))
            worst = max(worst, (exact(d * d).over(x) * root).cut(4).cut(WAD).off)
    return worst, newton


def _of_three(ann: int, gamma: int, d: int, x: Near, z: Near) -> tuple[int, bool]:
    exact = _exact
    a = exact(10**36).cut(27)
    curve = exact(d * d).over(x).times(gamma * gamma * ann).cut(27**2).cut(A_UNIT).over(z)
    b = exact(10**36).cut(9) + exact(2 * WAD * gamma).cut(27) - curve
    rest = (x + z - exact(d)).times(gamma * gamma).cut(d).times(ann).cut(27).cut(A_UNIT)
    c = exact(10**36).cut(9) + exact(gamma * (gamma + 4 * WAD)).cut(27) + rest
    e = exact((WAD + gamma) ** 2).cut(27)
    decides = (a * c).times(3).over(b) - b
    worst, newton = 0, False
    for divider in _dividers(_size(decides, min), _size(decides, max), THREE_STEPS):
        for cubic in _lifted(Cubic(a, b, c, e), divider):
            cardano = _cardano(cubic)
            newton = newton or not cardano
            for c1, delta0 in cardano:
                root = (cubic.b + (cubic.b * delta0).over(c1) - c1).cut(3)
                scale = exact(d * d).cut(27).over(z).times(d).over(x)
                worst = max(worst, (scale * root).over(cubic.a).off)
    return worst, newton


def _lifted(whole: Cubic, divider: int) -> Iterator[Cubic]:
    """The coefficients as the contract of three coins scales them: all by the same whole number."""
    a, b = whole.a, whole.b
    if a.high > b.least:
        for more in _factors(max(a.low // b.most, 1), a.high // b.least):
            yield Cubic(*(each.times(more).cut(divider) for each in whole))
    if b.most >= a.low:
        for more in _factors(max(b.least // a.high, 1), b.most // a.low):
            yield Cubic(*(each.cut(more).cut(divider) for each in whole))


def _factors(least: int, most: int) -> range:
    if most - least >= MOST_FACTORS:
        raise UncertainError("many factors")
    return range(least, most + 1)


def _deltas(cubic: Cubic) -> tuple[Near, Near]:
    """What Cardano's formula is made of, divided by b."""
    a, b, c, e = cubic
    triple = (a * c).times(3).over(b)
    delta0 = triple - b
    constant = (a.square().times(27).over(b) * e).over(b)
    return delta0, triple.times(3) - b.times(2) - constant


def _cardano(cubic: Cubic) -> list[tuple[Near, Near]]:
    """The cube root that is taken, and delta0, on each branch that may be; none where no radicand can be."""
    delta0, delta1 = _deltas(cubic)
    radicand = delta1.square() + delta0.square().times(4).over(cubic.b) * delta0
    first = cubic.b.cubic_root().square().cut(WAD)
    if radicand.high <= 0:
        return []
    root, found = radicand.root(), []
    for branch in (delta1, _negative(delta1)):
        if branch.high >= 0:
            above = Near(max(branch.low, -branch.off), branch.high, branch.off)
            second = (above + root).cut(2).cubic_root()
            c1 = (first * (second if branch is delta1 else _negative(second))).cut(WAD)
            found.append((c1, delta0))
    return found


def _exact(value: int) -> Near:
    return Near(value, value)


def _negative(value: Near) -> Near:
    return Near(-value.high, -value.low, value.off)


def _size(value: Near, choose: Callable[[int, int], int]) -> int:
    if choose is max:
        return value.most
    return 0 if value.low <= 0 <= value.high else value.least


def _dividers(least: int, most: int, steps: Steps) -> Iterator[int]:
    """What the coefficients may be divided by where the number that decides is between two."""
    found = {next((divider for above, divider in steps if size > above), 1) for size in (least, most)}
    yield from (divider for _, divider in (*steps, (0, 1)) if min(found) <= divider <= max(found))
