"""The integers of pools of the Solidly shape: both curves, and the search for the stable one's other side.

Source: `Pool` of Velodrome V2 and Aerodrome: `_k`, `_f`, `_d`, `_get_y`, `getAmountOut` and the check in
`swap`. All functions raise ArithmeticError where the pool's own arithmetic would revert.
"""

from dataclasses import dataclass

UNIT = 10**18
"""The stable curve counts both tokens in 18 decimals."""

FEE_BASIS = 10_000
"""Factories of this shape tell fees in basis points."""

ROUNDS = 255
"""How often the pool corrects its guess before it gives up."""

_WORD = 2**256 - 1


@dataclass(frozen=True, slots=True)
class Side:
    """What a pool holds of one token (smallest units), and one whole of that token in smallest units."""

    reserve: int
    whole: int


def net_of_fee(amount: int, fee_bps: int) -> int:
    """What of `amount` is traded: the fee is rounded down and leaves the pool first."""
    return amount - _word(amount * fee_bps) // FEE_BASIS


def gross_of_fee(net: int, fee_bps: int) -> int:
    """The smallest amount of which at least `net` is traded; `net` is positive."""
    return (net - 1) * FEE_BASIS // (FEE_BASIS - fee_bps) + 1


def volatile_out(amount: int, side_in: Side, side_out: Side) -> int:
    """What x y = k gives for `amount` net of the fee."""
    return _word(amount * side_out.reserve) // _word(side_in.reserve + amount)


def volatile_in(amount_out: int, side_in: Side, side_out: Side) -> int:
    """The smallest amount, net of the fee, for which x y = k gives at least `amount_out`."""
    return -(-amount_out * side_in.reserve // (side_out.reserve - amount_out))


def stable_out(amount: int, side_in: Side, side_out: Side, zero_for_one: bool) -> tuple[int, int]:
    """What the stable curve gives for `amount` net of the fee, and how often the pool corrects its guess."""
    held_in, held_out = normalised(side_in), normalised(side_out)
    put_in = _word(amount * UNIT) // side_in.whole
    wholes = (side_in.whole, side_out.whole) if zero_for_one else (side_out.whole, side_in.whole)
    left, rounds = _other_side(_word(put_in + held_in), product(held_in, held_out), held_out, wholes)
    return _word(_not_negative(held_out - left) * side_out.whole) // UNIT, rounds


def stable_in(side_in: Side, side_out: Side, left: Side) -> int:
    """About the amount, net of the fee, that leaves `left` of what comes out: a few units off either way."""
    held_in = normalised(side_in)
    scaled = (UNIT, UNIT)
    needed, _ = _other_side(normalised(left), product(held_in, normalised(side_out)), held_in, scaled)
    return -(-(needed - held_in) * side_in.whole // UNIT)


def normalised(side: Side) -> int:
    """The reserve in 18 decimals."""
    return _word(side.reserve * UNIT) // side.whole


def product(x: int, y: int) -> int:
    """The stable curve's k of two reserves in 18 decimals: x^3 y + y^3 x, rounded as the pool does."""
    a = _word(x * y) // UNIT
    b = _word(x * x) // UNIT + _word(y * y) // UNIT
    return _word(a * b) // UNIT


def invariant(stable: bool, side0: Side, side1: Side) -> int:
    """What a swap must not lower."""
    if stable:
        return product(normalised(side0), normalised(side1))
    return _word(side0.reserve * side1.reserve)


def slope(x: int, y: int) -> tuple[int, int]:
    """How much of y the stable curve gives for more of x, both in 18 decimals: -dy/dx of the product."""
    return y * (3 * x * x + y * y), x * (x * x + 3 * y * y)


def _other_side(x: int, k: int, y: int, wholes: tuple[int, int]) -> tuple[int, int]:
    """The y that goes with `x`, searched from the present `y` by Newton's steps, with the pool's own stops;
    and how many rounds it took.

    One of them compares the product after scaling both sides a second time by the tokens' decimals, in the
    order of the pool: `wholes`. Where those are not 18 it stops early or reverts, as the pool does.
    """
    for rounds in range(1, ROUNDS + 1):
        held = product(x, y)
        if held < k:
            step = _word((k - held) * UNIT) // _derivative(x, y)
            if step == 0:
                if product(_word(x * UNIT) // wholes[0], _word((y + 1) * UNIT) // wholes[1]) > k:
                    return y + 1, rounds
                step = 1
            y += step
        else:
            step = _word((held - k) * UNIT) // _derivative(x, y)
            if step == 0:
                if held == k or product(x, _not_negative(y - 1)) < k:
                    return y, rounds
                step = 1
            y = _not_negative(y - step)
    raise ArithmeticError("the pool's search does not end")


def _derivative(x: int, y: int) -> int:
    """d/dy of the product, rounded as the pool does; ZeroDivisionError follows where it is 0."""
    return _word(3 * x * (_word(y * y) // UNIT)) // UNIT + _word(_word(x * x) // UNIT * x) // UNIT


def _word(value: int) -> int:
    if value > _WORD:
        raise OverflowError("more than a word holds")
    return value


def _not_negative(value: int) -> int:
    if value < 0:
        raise OverflowError("less than zero")
    return value
