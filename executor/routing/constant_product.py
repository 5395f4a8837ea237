"""Cycles of V2 pairs alone, solved in closed form.

A row of pairs gives `K x / (M + N x)`, so that what comes back less what must be paid back, `r x`, is most at
`x = (sqrt(K M / r) - M) / N` (Angeris et al., "An analysis of Uniswap markets", composed pair by pair).
Everything here is whole numbers, and those leave questions that the closed form does not answer:

- A pair rounds its output down, so that many inputs may give the same: the least of them is taken, worked
  backward from the amount that has the fewest units.
- That amount itself was rounded down. Where it has few units its neighbours are tried too, and where few
  amounts could be better at all every one of them is tried: then the result is the best there is.
"""

from collections.abc import Sequence
from math import gcd, isqrt

from executor.domain.market import V2State
from executor.domain.pool import FEE_UNIT, Pool
from executor.routing.moebius import root
from executor.routing.premium import PremiumOf
from executor.routing.trying import Amounts, Tries
from executor.venues.uniswap_v2 import MAX_RESERVE

Edge = tuple[int, int, int, int, int]
"""A pair in one direction: the reserve that grows, the one that shrinks, the first times `den`, `num`, the
second times `num`, where `num / den` is what the fee leaves of an input.
"""

COARSE = 1 << 20
"""Amounts below this have so few units that the neighbours of a rounded one are tried."""

NO_EDGE: Edge = (0, 0, 0, 0, 0)
"""A pair that gives nothing."""

TOO_COARSE: Amounts = ()
"""The answer where amounts are too small, or too large for the pairs, for the short way."""


def edge(reserve_in: int, reserve_out: int, num: int, den: int) -> Edge:
    """A pair in one direction, with the products that every solution needs."""
    return reserve_in, reserve_out, reserve_in * den, num, reserve_out * num


def kept_of(pool: Pool) -> tuple[int, int]:
    """What the fee of a pair leaves of an input, in lowest terms."""
    kept = FEE_UNIT - pool.fee
    shared = gcd(kept, FEE_UNIT)
    return kept // shared, FEE_UNIT // shared


def pair_edge(state: V2State, zero_for_one: bool, kept: tuple[int, int]) -> Edge:
    """A pair as the closed form takes it; of an empty one nothing comes out."""
    grows, shrinks = state.reserve0, state.reserve1
    if not (grows and shrinks):
        return NO_EDGE
    if not zero_for_one:
        grows, shrinks = shrinks, grows
    num, den = kept
    return grows, shrinks, grows * den, num, shrinks * num


def solve_two(first: Edge, second: Edge, num: int, den: int, cap: int) -> Amounts | None:
    """The amounts of the cycle through two pairs at the input that earns most if `num / den` of it must come
    back; None if nothing earns, TOO_COARSE where amounts are too small, or too large for the pairs, to be
    told here.

    The least shortfall of whole amounts is stated in `shortfall`.
    """
    a, b, da, n0, nb = first
    c, _, dc, n1, nd = second
    k, m = nb * nd, da * dc
    if k * den <= m * num:
        return None
    # `root`, written out: a call would be a tenth of the whole.
    square = k * m if num == den else k * m * den // num
    shift = square.bit_length() - 63 >> 1
    if shift <= 0:
        return TOO_COARSE
    near = isqrt(square >> 2 * shift) << shift
    x = ((near + square // near >> 1) - m) // (n0 * dc + n1 * nb)
    if x > cap:
        x = cap
    y = nb * x // (da + n0 * x)
    z = nd * y // (dc + n1 * y)
    if x < COARSE or y < COARSE or z < COARSE:
        return TOO_COARSE
    x = -(-da * y // (n0 * (b - y)))
    if a + x > MAX_RESERVE or c + y > MAX_RESERVE:
        return TOO_COARSE
    return x, y, z


def solve_row(edges: Sequence[Edge], num: int, den: int, cap: int) -> Amounts | None:
    """As `solve_two`, for any number of pairs."""
    k, m, n = product(edges)
    if k * den <= m * num:
        return None
    amounts = forward(edges, min((root(k * m * den // num) - m) // n, cap))
    if amounts is None or min(amounts) < COARSE:
        return TOO_COARSE
    return _least(edges, amounts)


def solve_coarse(edges: Sequence[Edge], num: int, den: int, cap: int, premium: PremiumOf) -> Amounts | None:
    """As `solve_row`, for amounts where single units count: the best there is wherever fewer than `SCAN`
    amounts could be better.

    At a distance t from the optimum the profit of the curve is less by `r N t**2 / (sqrt(K M / r) + N t)`, as
    inserting `x* + t` shows, and rounding only takes from it but for half a unit of the premium. So an input
    that earns more than e below the curve's best lies no further away than `e + sqrt(e sqrt(K M / r) / N)`.
    """
    k, m, n = product(edges)
    if k * den <= m * num or cap <= 0:
        return None
    middle = isqrt(k * m * den // num)
    most = -(-(k * den + m * num - 2 * isqrt(k * m * den * num)) // (n * den))
    centre = min(max((middle - m) // n, 1), cap, MAX_RESERVE)
    tries = Tries(
        lambda x: forward(edges, x),
        lambda place, amount: backward(edges[:place], amount),
        lambda amounts: amounts[-1] - amounts[0] - premium(amounts[0]),
        cap,
    )
    tries.around(centre, neighbours_below=COARSE)
    missing = max(most - max(tries.most, 0), 0)
    width = missing + isqrt(missing * middle // n) + 2
    tries.between(max(centre - width, 1), min(centre + width, cap))
    return tries.amounts if tries.most > 0 else None


def product(edges: Sequence[Edge]) -> tuple[int, int, int]:
    """K, M and N of a row of pairs: `K x / (M + N x)` comes out for `x`."""
    k, m, n = 1, 1, 0
    for _, _, scaled_in, num, scaled_out in edges:
        k, m, n = k * scaled_out, m * scaled_in, n * scaled_in + num * k
    return k, m, n


def forward(edges: Sequence[Edge], x: int) -> Amounts | None:
    """The amounts along the row for `x`, 0 behind a pair that gives nothing for so little; None where a pair
    could not hold so much, or `x` is not positive.
    """
    if x <= 0:
        return None
    amounts = [x]
    for reserve_in, _, scaled_in, num, scaled_out in edges:
        if reserve_in + x > MAX_RESERVE:
            return None
        x = scaled_out * x // (scaled_in + num * x)
        amounts.append(x)
    return tuple(amounts)


def backward(edges: Sequence[Edge], y: int) -> int | None:
    """The least input for which the row gives at least `y`; None where it never does."""
    for _, reserve_out, scaled_in, num, _ in reversed(edges):
        if not 0 < y < reserve_out:
            return None
        y = -(-scaled_in * y // (num * (reserve_out - y)))
    return y


def _least(edges: Sequence[Edge], amounts: Amounts) -> Amounts:
    """The amounts for the least input that gives the same amount of the token with the fewest units."""
    place = amounts.index(min(amounts))
    x = backward(edges[:place], amounts[place]) if place else None
    if x is None or x >= amounts[0]:
        return amounts
    return (forward(edges[:place], x) or amounts)[:place] + amounts[place:]
