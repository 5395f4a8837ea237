"""The maths of Curve's crypto pools of two and three coins, in the order of divisions of their contracts.

Source: M. Egorov, "Automatic market-making with dynamic peg" (2021): K D^(n-1) sum(x) + prod(x) = K D^n +
(D/n)^n with K = A K0 g^2 / (g + 1 - K0)^2 and K0 = prod(x) n^n / D^n; the fee is f mid + (1 - f) out with f
= g' / (g' + 1 - prod(x) / (sum(x) / n)^n). Balances are scaled to 18 decimals and to the price of coin 0 by
the pool's price scale. Curve's published pool contracts say where they round; the newer generation solves
for a balance as a cubic's root (`curve_cubic`).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import prod

from executor.domain.pool import Pool
from executor.domain.pool_details import CurveShape
from executor.venues import curve_cubic
from executor.venues.curve_search import TooLittleError, least_input

WAD = 10**18
FEE_UNIT = 10**10
A_UNIT = 10_000
ROUNDS = 255
LEAST_D, MOST_D = 10**17, 10**33
LEAST_SHARE, MOST_SHARE = 10**16, 10**20
"""Bounds of a scaled balance in parts of D, times 1e18."""

NEWTON = frozenset({CurveShape.CRYPTO_TWO, CurveShape.CRYPTO_THREE})


@dataclass(frozen=True, slots=True)
class CryptoState:
    """`balances` in each coin's smallest unit, `precisions` 10^(18 - decimals), `price_scale` the price of
    coins 1, 2 .. in coin 0, times 1e18; `d` in 18 decimals of coin 0; `amplification` A n^n times 1e4;
    `gamma` and `fee_gamma` times 1e18; fees in parts of 1e10.

    `settled` is False after a trade that may move the price scale by what only the chain knows, and while
    A or gamma changes with every second. `repegs`: the pool moves its price scale at all.
    """

    pool: Pool
    shape: CurveShape
    balances: tuple[int, ...]
    precisions: tuple[int, ...]
    price_scale: tuple[int, ...]
    d: int
    amplification: int
    gamma: int
    mid_fee: int
    out_fee: int
    fee_gamma: int
    settled: bool = True
    repegs: bool = True


def exchanged(state: CryptoState, i: int, j: int, dx: int) -> int:
    """What `exchange` gives of coin j for `dx` of coin i, in smallest units. Raises ArithmeticError where the
    pool would revert.
    """
    x = list(scaled(state, _with(state.balances, i, dx)))
    y = balance_for(state, x, j)
    dy = x[j] - y - 1
    if dy < 0:
        raise TooLittleError("less than a unit would come out")
    x[j] = y
    if j > 0:
        dy = dy * WAD // state.price_scale[j - 1]
    dy //= state.precisions[j]
    charged = fee_at(state, x) * dy // FEE_UNIT
    if charged > dy:
        raise ArithmeticError("the fee is more than what comes out")
    return dy - charged


viewed = exchanged
"""The pools' own `get_dy` rounds as their exchange does."""


def traded(state: CryptoState, i: int, j: int, dx: int) -> CryptoState:
    """The state after the exchange if the price scale stands still; not settled where it may move."""
    held = _with(_with(state.balances, i, dx), j, -exchanged(state, i, j, dx))
    d = invariant(state.amplification, state.gamma, scaled(state, held))
    return replace(state, balances=held, d=d, settled=state.settled and not state.repegs)


def least_in(state: CryptoState, i: int, j: int, wanted: int) -> int:
    """An input of coin i for which `exchange` gives at least `wanted` of coin j, while one unit less gives
    less.

    The pool solves to one part in 10^14 and no further: so close to it, less input may happen to give more.
    """
    numerator, denominator = slope(state, i, j)
    return least_input(lambda dx: exchanged(state, i, j, dx), wanted, wanted * denominator // numerator)


def slope(state: CryptoState, i: int, j: int) -> tuple[int, int]:
    """What the next infinitesimal unit of coin i gives of coin j, fee included: numerator, denominator.

    From the derivatives of the invariant F: x_k dF/dx_k = K D^(n-1) ((1 + 2 K0 / (g + 1 - K0)) (sum(x) - D)
    + x_k) + prod(x), whose part common to all coins is taken in units of 1e18.
    """
    x, d = scaled(state, state.balances), state.d
    n = len(x)
    k0 = WAD * prod(x) * n**n // d**n
    gap = state.gamma + WAD - k0
    weight = WAD + 2 * WAD * k0 // gap
    # prod(x) / (K D^(n-1)) = D (g + 1 - K0)^2 / (A n^n g^2) as prod(x) = K0 D^n / n^n.
    rest = d * gap * gap * A_UNIT // (state.amplification * state.gamma * state.gamma)
    common = weight * (sum(x) - d) + rest * WAD
    kept = FEE_UNIT - fee_at(state, x)
    numerator = x[j] * (common + x[i] * WAD) * kept * state.precisions[i] * _price(state, i)
    denominator = x[i] * (common + x[j] * WAD) * FEE_UNIT * state.precisions[j] * _price(state, j)
    return numerator, denominator


def scaled(state: CryptoState, balances: Sequence[int]) -> tuple[int, ...]:
    """The balances in 18 decimals of coin 0, by the price scale."""
    return (
        balances[0] * state.precisions[0],
        *(
            balance * price * precision // WAD
            for balance, price, precision in zip(
                balances[1:], state.price_scale, state.precisions[1:], strict=True
            )
        ),
    )


def fee_at(state: CryptoState, x: Sequence[int]) -> int:
    """The fee in parts of 1e10 at scaled balances: `mid_fee` in balance, towards `out_fee` away from it."""
    n, total = len(x), sum(x)
    if n == 2:
        balance = WAD * 4 * x[0] // total * x[1] // total
    else:
        balance = WAD
        for value in x:
            balance = balance * n * value // total
    share = balance
    if n == 2 or state.fee_gamma:
        share = state.fee_gamma * WAD // (state.fee_gamma + WAD - balance)
    return (state.mid_fee * share + state.out_fee * (WAD - share)) // WAD


def balance_for(state: CryptoState, x: Sequence[int], j: int) -> int:
    """The scaled balance of coin j that keeps D. Raises ArithmeticError where the pool would revert."""
    others = [value for k, value in enumerate(x) if k != j]
    d = state.d
    _check(LEAST_D <= d <= MOST_D)
    for value in others:
        _check(LEAST_SHARE <= value * WAD // d <= MOST_SHARE)
    if state.shape in NEWTON:
        y = newton_balance(state.amplification, state.gamma, others, d)[0]
    elif state.shape is CurveShape.CRYPTO_THREE_NG:
        found = curve_cubic.root_of_three(state.amplification, state.gamma, others, d)
        y = newton_balance(state.amplification, state.gamma, others, d)[0] if found is None else found
    else:
        found = curve_cubic.root_of_two(state.amplification, state.gamma, others[0], d)
        y = newton_balance(state.amplification, state.gamma, others, d)[0] if found is None else found
    _check(LEAST_SHARE <= y * WAD // d <= MOST_SHARE)
    return y


def newton_balance(ann: int, gamma: int, others: Sequence[int], d: int) -> tuple[int, int]:
    """The balance beside the `others` by Newton's method, to the pools' own accuracy; and its steps."""
    n = len(others) + 1
    high_to_low = sorted(others, reverse=True)
    if n == 2:
        y = d * d // (others[0] * 4)
        k0_others = WAD * 2 * others[0] // d
    else:
        y, k0_others = d // n, WAD
        for value in reversed(high_to_low):
            y = y * d // (value * n)
        for value in high_to_low:
            k0_others = k0_others * value * n // d
    limit = max(high_to_low[0] // 10**14, d // 10**14, 100)
    total_others, one_gamma = sum(others), gamma + WAD
    for step in range(1, ROUNDS + 1):
        previous = y
        k0 = k0_others * y * n // d
        total = total_others + y
        gap = abs(one_gamma - k0) + 1
        curve = WAD * d // gamma * gap // gamma * gap * A_UNIT // ann
        weight = WAD + 2 * WAD * k0 // gap
        slope_y = WAD * y + total * weight + curve - d * weight
        if slope_y < 0:
            y = previous // 2
            continue
        slope_one = slope_y // y
        down = curve // slope_one
        up = (slope_y + WAD * d) // slope_one + down * WAD // k0
        down += WAD * total // slope_one
        y = previous // 2 if up < down else up - down
        if abs(y - previous) < max(limit, y // 10**14):
            return y, step
    raise ArithmeticError("the balance does not settle")


def invariant(ann: int, gamma: int, unsorted: Sequence[int]) -> int:
    """D of scaled balances by Newton's method, to the older pools' own accuracy. Raises ArithmeticError."""
    return _invariant(ann, gamma, unsorted)[0]


def rounds(state: CryptoState, i: int, j: int, dx: int) -> tuple[int, int, int]:
    """How many of Newton's steps a pool of the older generation takes in the trade: for the balance, for the
    first guess of D, and for D.
    """
    x = scaled(state, _with(state.balances, i, dx))
    others = [value for k, value in enumerate(x) if k != j]
    steps = newton_balance(state.amplification, state.gamma, others, state.d)[1]
    held = _with(_with(state.balances, i, dx), j, -exchanged(state, i, j, dx))
    _, guessing, solving = _invariant(state.amplification, state.gamma, scaled(state, held))
    return steps, guessing, solving


def _invariant(ann: int, gamma: int, unsorted: Sequence[int]) -> tuple[int, int, int]:
    """D, the steps of its first guess, and its own."""
    x = sorted(unsorted, reverse=True)
    n, total, one_gamma = len(x), sum(x), gamma + WAD
    _check(10**9 <= x[0] <= MOST_D)
    mean, guessing = _geometric_mean(x)
    d = n * mean
    for step in range(1, ROUNDS + 1):
        previous = d
        k0 = _k0(x, d)
        gap = abs(one_gamma - k0) + 1
        curve = WAD * d // gamma * gap // gamma * gap * A_UNIT // ann
        weight = 2 * WAD * n * k0 // gap
        fall = total + total * weight // WAD + curve * n // k0 - weight * d // WAD
        up = d * (fall + total) // fall
        down = d * d // fall
        rest = d * (curve // fall) // WAD * abs(WAD - k0) // k0
        down += rest if k0 < WAD else -rest
        d = up - down if up > down else (down - up) // 2
        if abs(d - previous) * 10**14 < max(10**16, d):
            for value in x:
                _check(LEAST_SHARE <= value * WAD // d <= MOST_SHARE)
            return d, guessing, step
    raise ArithmeticError("the invariant does not settle")


def _k0(x: Sequence[int], d: int) -> int:
    n = len(x)
    if n == 2:
        return WAD * 4 * x[0] // d * x[1] // d
    k0 = WAD
    for value in x:
        k0 = k0 * value * n // d
    return k0


def _geometric_mean(high_to_low: Sequence[int]) -> tuple[int, int]:
    n, mean = len(high_to_low), high_to_low[0]
    for step in range(1, ROUNDS + 1):
        previous = mean
        if n == 2:
            mean = (mean + high_to_low[0] * high_to_low[1] // mean) // 2
        else:
            ratio = WAD
            for value in high_to_low:
                ratio = ratio * value // mean
            mean = mean * ((n - 1) * WAD + ratio) // (n * WAD)
        moved = abs(mean - previous)
        if moved <= 1 or moved * WAD < mean:
            return mean, step
    raise ArithmeticError("the mean does not settle")


def _with(balances: tuple[int, ...], k: int, change: int) -> tuple[int, ...]:
    return (*balances[:k], balances[k] + change, *balances[k + 1 :])


def _price(state: CryptoState, k: int) -> int:
    return state.price_scale[k - 1] if k else WAD


def _check(safe: bool) -> None:
    """The pools stop where their own maths would lose accuracy."""
    if not safe:
        raise ArithmeticError("a balance is outside what the pool reckons with")
