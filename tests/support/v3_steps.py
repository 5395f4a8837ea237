"""Price and swap steps of Uniswap V3 core as the contracts make them: SqrtPriceMath and SwapMath.

Python's integers do not overflow, so each place where the contracts would revert has a check here; everything
else is the same division with the same rounding. Sources: v3-core 1.0.1 `libraries/SqrtPriceMath.sol`,
`SwapMath.sol`. The project's own maths (executor/venues/uniswap_v3_direction.py) are held against it.
"""

from __future__ import annotations

from dataclasses import dataclass

from executor.domain.errors import MathsError
from executor.domain.pool import FEE_UNIT
from executor.venues.uniswap_v3_maths import MAX_UINT256, Q96

MAX_UINT160 = 2**160 - 1


def ceil_div(numerator: int, denominator: int) -> int:
    """The quotient rounded up; the numerator is not negative."""
    return -(-numerator // denominator)


def amount0_delta(price_a: int, price_b: int, liquidity: int, round_up: bool) -> int:
    """Amount of token0 between two prices: L * (1 / sqrt(lower) - 1 / sqrt(upper))."""
    lower, upper = (price_a, price_b) if price_a <= price_b else (price_b, price_a)
    numerator = (liquidity << 96) * (upper - lower)
    return ceil_div(ceil_div(numerator, upper), lower) if round_up else numerator // upper // lower


def amount1_delta(price_a: int, price_b: int, liquidity: int, round_up: bool) -> int:
    """Amount of token1 between two prices: L * (sqrt(upper) - sqrt(lower))."""
    product = liquidity * abs(price_a - price_b)
    return ceil_div(product, Q96) if round_up else product >> 96


def next_price_from_input(price: int, liquidity: int, amount: int, zero_for_one: bool) -> int:
    """The price after `amount` goes in, rounded so that the pool is never the loser. Raises MathsError out of
    range.
    """
    if zero_for_one:
        return _next_price_from_amount0(price, liquidity, amount, added=True)
    return _next_price_from_amount1(price, liquidity, amount, added=True)


def next_price_from_output(price: int, liquidity: int, amount: int, zero_for_one: bool) -> int:
    """The price after `amount` comes out, rounded likewise. Raises MathsError if the liquidity cannot give so
    much.
    """
    if zero_for_one:
        return _next_price_from_amount1(price, liquidity, amount, added=False)
    return _next_price_from_amount0(price, liquidity, amount, added=False)


def _next_price_from_amount0(price: int, liquidity: int, amount: int, added: bool) -> int:
    """L * P / (L +- amount * P), rounded up; the coarser form L / (L / P + amount) where the contract's
    product overflows.
    """
    if amount == 0:
        return price
    scaled = liquidity << 96
    product = amount * price
    if added:
        if product <= MAX_UINT256 and scaled + product <= MAX_UINT256:
            return ceil_div(scaled * price, scaled + product)
        return ceil_div(scaled, scaled // price + amount)
    if product > MAX_UINT256 or scaled <= product:
        raise _out_of_range(price, liquidity, amount)
    return _checked_price(ceil_div(scaled * price, scaled - product), price, liquidity, amount)


def _next_price_from_amount1(price: int, liquidity: int, amount: int, added: bool) -> int:
    """P +- amount / L, rounded down."""
    if added:
        return _checked_price(price + (amount << 96) // liquidity, price, liquidity, amount)
    moved = ceil_div(amount << 96, liquidity)
    if moved >= price:
        raise _out_of_range(price, liquidity, amount)
    return price - moved


def _checked_price(candidate: int, price: int, liquidity: int, amount: int) -> int:
    if candidate > MAX_UINT160:
        raise _out_of_range(price, liquidity, amount)
    return candidate


def _out_of_range(price: int, liquidity: int, amount: int) -> MathsError:
    return MathsError(
        "the amount moves the price out of range.",
        fix="trade less, or use another pool",
        sqrt_price_x96=price,
        liquidity=liquidity,
        amount=amount,
    )


@dataclass(frozen=True, slots=True)
class Step:
    """One stretch of a swap at constant liquidity. `fee` comes on top of `amount_in`."""

    sqrt_price_x96: int
    amount_in: int
    amount_out: int
    fee: int


def swap_step(price: int, target: int, liquidity: int, remaining: int, fee: int) -> Step:
    """Go from `price` towards `target` with `remaining` (positive: exact in, negative: exact out); `fee` in
    millionths.

    SwapMath.computeSwapStep.
    """
    zero_for_one = price >= target
    exact_in = remaining >= 0
    if exact_in:
        spendable = remaining * (FEE_UNIT - fee) // FEE_UNIT
        whole = _input(price, target, liquidity, zero_for_one)
        reached = target
        if spendable < whole:
            reached = next_price_from_input(price, liquidity, spendable, zero_for_one)
    else:
        whole = _output(price, target, liquidity, zero_for_one)
        reached = target
        if -remaining < whole:
            reached = next_price_from_output(price, liquidity, -remaining, zero_for_one)
    amount_in = _input(price, reached, liquidity, zero_for_one)
    amount_out = _output(price, reached, liquidity, zero_for_one)
    if not exact_in:
        amount_out = min(amount_out, -remaining)
    if exact_in and reached != target:
        return Step(reached, amount_in, amount_out, remaining - amount_in)
    return Step(reached, amount_in, amount_out, ceil_div(amount_in * fee, FEE_UNIT - fee))


def _input(price: int, reached: int, liquidity: int, zero_for_one: bool) -> int:
    delta = amount0_delta if zero_for_one else amount1_delta
    return delta(price, reached, liquidity, True)


def _output(price: int, reached: int, liquidity: int, zero_for_one: bool) -> int:
    delta = amount1_delta if zero_for_one else amount0_delta
    return delta(price, reached, liquidity, False)
