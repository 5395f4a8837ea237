"""The curve of Balancer's stable pools, integer for integer.

Source: `StableMath` of Balancer's V2 and V3 repositories. All balances are in 18 decimals, rates included;
`amplification` is A n^(n-1) in thousandths, as pools tell it.
"""

from collections.abc import Sequence
from math import prod

from executor.domain.errors import MathsError

AMP_PRECISION = 1_000
MOST_ROUNDS = 255


def invariant(amplification: int, balances: Sequence[int]) -> int:
    """The invariant D, rounded down: of all pools but the first."""
    count, total = len(balances), sum(balances)
    if not total:
        return 0
    _require_all(balances)
    scaled = [balance * count for balance in balances]
    amp_total = amplification * count
    amp_sum, less, more = amp_total * total // AMP_PRECISION, amp_total - AMP_PRECISION, count + 1
    found = total
    for _ in range(MOST_ROUNDS):
        product = found
        for balance in scaled:
            product = product * found // balance
        previous = found
        found = (amp_sum + product * count) * found // (less * found // AMP_PRECISION + more * product)
        if -1 <= found - previous <= 1:
            return found
    raise _no_answer(balances)


def first_invariant(amplification: int, balances: Sequence[int]) -> int:
    """The invariant D as the first stable pools (of 2021) find it for swaps, rounded up."""
    count, total = len(balances), sum(balances)
    if not total:
        return 0
    _require_all(balances)
    amp_total = amplification * count
    found = total
    for _ in range(MOST_ROUNDS):
        product = balances[0] * count
        for balance in balances[1:]:
            product = -(-product * balance * count // found)
        previous = found
        upper = count * found * found + -(-amp_total * total * product // AMP_PRECISION)
        lower = (count + 1) * found + (amp_total - AMP_PRECISION) * product // AMP_PRECISION
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
    product = balances[0] * count
    for balance in balances[1:]:
        product = product * balance * count // d
    squared = d * d
    b = sum(balances) - balances[index]
    if coarse:
        c = -(-squared // (amp_total * product)) * AMP_PRECISION * balances[index]
        b += d // amp_total * AMP_PRECISION
    else:
        c = -(-squared * AMP_PRECISION // (amp_total * product)) * balances[index]
        b += d * AMP_PRECISION // amp_total
    found = -(-(squared + c) // (d + b))
    b_less_d = b - d
    for _ in range(MOST_ROUNDS):
        previous = found
        found = -(-(found * found + c) // (2 * found + b_less_d))
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


def _no_answer(balances: Sequence[int]) -> MathsError:
    return MathsError(
        "the curve of the stable pool has no answer.", fix="use another pool", balances=list(balances)
    )
