"""The curve of Balancer's stable pools, integer for integer.

Source: `StableMath` of Balancer's V2 and V3 repositories. All balances are in 18 decimals, rates included;
`amplification` is A n^(n-1) in thousandths, as pools tell it.
"""

from collections.abc import Sequence
from math import prod

from executor.domain.errors import MathsError

AMP_PRECISION = 1_000
WORD = 2**256
"""Where a pool's arithmetic ends: beyond that it reverts."""
MOST_ROUNDS = 255


def invariant(amplification: int, balances: Sequence[int]) -> int:
    """The invariant D, rounded down: of all pools but the first."""
    _require_all(balances)
    count, total = len(balances), sum(balances)
    scaled = [balance * count for balance in balances]
    amp_total = amplification * count
    amp_sum, less, more = amp_total * total // AMP_PRECISION, amp_total - AMP_PRECISION, count + 1
    found = total
    for _ in range(MOST_ROUNDS):
        product, sizes = found, 0
        for balance in scaled:
            product *= found
            sizes |= product
            product //= balance
        previous = found
        upper = (amp_sum + product * count) * found
        lower = less * found // AMP_PRECISION + more * product
        _require_quotient(sizes | upper, lower, balances)
        found = upper // lower
        if -1 <= found - previous <= 1:
            return found
    raise _no_answer(balances)


def first_invariant(amplification: int, balances: Sequence[int]) -> int:
    """The invariant D as the first stable pools (of 2021) find it for swaps, rounded up."""
    _require_all(balances)
    count, total = len(balances), sum(balances)
    amp_total = amplification * count
    found = total
    for _ in range(MOST_ROUNDS):
        product, sizes = balances[0] * count, 0
        for balance in balances[1:]:
            product *= balance * count
            sizes |= product
            product = -(-product // found)
        previous = found
        weighed = amp_total * total * product
        upper = count * found * found + -(-weighed // AMP_PRECISION)
        lower = (count + 1) * found + (amp_total - AMP_PRECISION) * product // AMP_PRECISION
        _require_quotient(sizes | weighed | upper, lower, balances)
        found = -(-upper // lower)
        if -1 <= found - previous <= 1:
            return found
    raise _no_answer(balances)


def balance_for(amplification: int, balances: Sequence[int], d: int, index: int, coarse: bool = False) -> int:
    """The balance at `index` that makes the invariant `d` of all the others, rounded up
    (`StableMath.computeBalance`). `coarse`: the amplification's precision is multiplied in after dividing.
    """
    count = len(balances)
    amp_total = amplification * count
    product, sizes = balances[0] * count, 0
    for balance in balances[1:]:
        product *= balance * count
        sizes |= product
        product //= d
    squared = d * d
    below = amp_total * product
    _require_quotient(sizes | below | (squared if coarse else squared * AMP_PRECISION), below, balances)
    b = sum(balances) - balances[index]
    if coarse:
        c = -(-squared // below) * AMP_PRECISION * balances[index]
        b += d // amp_total * AMP_PRECISION
    else:
        c = -(-squared * AMP_PRECISION // below) * balances[index]
        b += d * AMP_PRECISION // amp_total
    _require_quotient(squared + c, d + b, balances)
    found = -(-(squared + c) // (d + b))
    b_less_d = b - d
    # From here on it only falls: what comes after is smaller.
    _require_quotient(found * found + c, 1, balances)
    for _ in range(MOST_ROUNDS):
        previous = found
        below = 2 * found + b_less_d
        if below <= 0:
            raise _no_answer(balances)
        found = -(-(found * found + c) // below)
        if -1 <= found - previous <= 1:
            return found
    raise _no_answer(balances)


def stable_out(
    amplification: int,
    balances: Sequence[int],
    d: int,
    index_in: int,
    index_out: int,
    amount_in: int,
    coarse: bool = False,
) -> int:
    """What the pool gives for `amount_in`; below 0 where that is too little, and the pool refuses."""
    changed = list(balances)
    changed[index_in] += amount_in
    return balances[index_out] - balance_for(amplification, changed, d, index_out, coarse) - 1


def stable_in(
    amplification: int,
    balances: Sequence[int],
    d: int,
    index_in: int,
    index_out: int,
    amount_out: int,
    coarse: bool = False,
) -> int:
    """What the pool asks for `amount_out`. Raises MathsError if it does not hold more than that."""
    if amount_out >= balances[index_out]:
        raise MathsError(
            "the pool does not hold so much.",
            fix="trade less, or use another pool",
            balance_out=balances[index_out],
            amount_out=amount_out,
        )
    changed = list(balances)
    changed[index_out] -= amount_out
    return balance_for(amplification, changed, d, index_in, coarse) - balances[index_in] + 1


def slope(
    amplification: int, balances: Sequence[int], d: int, index_in: int, index_out: int
) -> tuple[int, int]:
    """What the next unit of one token gives of the other, as numerator and denominator.

    From the invariant A S + D = A D + P with A = amplification x count and P = D^(n+1) / (n^n x product):
    dy/dx = (A + P / x) / (A + P / y).
    """
    count = len(balances)
    of_product = count**count * prod(balances)
    amp = amplification * count * of_product
    power = AMP_PRECISION * d ** (count + 1)
    x, y = balances[index_in], balances[index_out]
    return (amp * x + power) * y, (amp * y + power) * x


def _require_all(balances: Sequence[int]) -> None:
    if min(balances) <= 0:
        raise MathsError("the pool is empty of one token.", fix="use another pool", balances=list(balances))


def _require_quotient(above: int, below: int, balances: Sequence[int]) -> None:
    """Raises MathsError where the pool's own arithmetic would revert: overflow, division by nothing. `above`
    may be several numbers or-ed together: too large a one shows.
    """
    if above >= WORD or below <= 0:
        raise _no_answer(balances)


def _no_answer(balances: Sequence[int]) -> MathsError:
    return MathsError(
        "the curve of the stable pool has no answer.", fix="use another pool", balances=list(balances)
    )
