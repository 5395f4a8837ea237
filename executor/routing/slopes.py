"""What the next unit gives in the pools of a stage side by side, and how fast that falls."""

from collections.abc import Sequence
from fractions import Fraction

from executor.domain.errors import MathsError
from executor.domain.split import Part
from executor.routing.hops import Hop

Stage = Sequence[tuple[Part, Hop]]
Slope = tuple[Fraction, Fraction]
"""What the next unit gives, and how much less that is with each further unit."""


def slope_of(stage: Stage) -> Slope | None:
    """The slope of a stage: each of its pools counts by how little its price moves. None where one of them
    has none.
    """
    weights, total = Fraction(0), Fraction(0)
    for part, through in stage:
        found = slope(part, through)
        if found is None:
            return None
        weights += 1 / found[1]
        total += found[0] / found[1]
    return total / weights, 1 / weights


def slope(part: Part, through: Hop) -> Slope | None:
    """What the next unit gives at the part's amount, and how fast that falls: by quotes so far on either side
    that rounding says as little as the bend does, and far away. None where rounding hides what it gives: a
    pool so small that it gives as much for less has no price to move by.
    """
    amount = part.amount_in
    near = max(amount >> min(amount, part.amount_out).bit_length() // 3, 1)
    far = max(amount // 4, 1)
    try:
        below, above_it = through.out(amount - near), through.out(amount + near)
        low, high = through.out(amount - far), through.out(amount + far)
    except MathsError:
        return None
    if above_it <= below:
        return None
    bend = Fraction(max(2 * part.amount_out - low - high, 1), far * far)
    return Fraction(above_it - below, 2 * near), bend


def settled(slopes: Sequence[Slope]) -> list[Slope]:
    """What the next unit would give where nothing more is earned by more: each stage's share of the way there
    is how fast its price moves with what goes in.
    """
    into, weights = Fraction(1), []
    for steep, bend in slopes:
        weights.append(bend * into / steep)
        into *= steep
    excess, total = into - 1, sum(weights)
    return [
        (steep * (1 - excess * weight / total), bend)
        for (steep, bend), weight in zip(slopes, weights, strict=True)
    ]
