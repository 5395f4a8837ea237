"""Depth and prices: how much each pool holds, all at one price, so that nothing is to be gained at rest.

Prices are US dollars for a whole token. Pool maths here only sizes the first deposits; it is written
from the protocols' published formulas: sqrt price = sqrt(token1 / token0) * 2**96, price at a tick =
1.0001**tick, and liquidity as in section 6.2 of the Uniswap V3 whitepaper.
"""

from __future__ import annotations

from decimal import Decimal, localcontext
from fractions import Fraction
from math import isqrt

from devnet.addresses import NATIVE, AddressBook, PoolRecord

PRICES_USD: dict[str, int | Fraction] = {
    "WETH": 3000,
    "ETH": 3000,
    "USDC": 1,
    "DAI": 1,
    "USDT": 1,
    "STA": 1,
    "WBTC": 60_000,
    "STETH": 3000,
    # A share of a vault is worth what it redeems to.
    "sDAI": Fraction(6, 5),
    "steakUSDC": Fraction(21, 20),
}
Q96 = 2**96
MAX_TICK = 887272

# (half width of the range in basis points of price, US dollars in it); they overlap, so trades cross ticks.
Ranges = tuple[tuple[int, int], ...]
DEEP: Ranges = ((100, 4_000_000), (500, 16_000_000), (2000, 24_000_000), (6000, 12_000_000))
MEDIUM: Ranges = ((200, 1_500_000), (800, 6_000_000), (2500, 9_000_000), (6000, 5_000_000))
STABLE: Ranges = ((5, 8_000_000), (20, 8_000_000), (200, 4_000_000))

# US dollars on each side of a pool without ranges.
SIDE_USD = {
    "uniswap_v2": 15_000_000,
    "sushi_v2": 3_000_000,
    "balancer_v2": 6_000_000,
    "balancer_v3": 6_000_000,
    "aerodrome_v2": 10_000_000,
    "pancake_v1": 4_000_000,
    "own_v2_fork": 4_000_000,
    "curve_stable": 20_000_000,
    "curve_stable_ng": 8_000_000,
    "curve_stable_uint": 3_000_000,
    "curve_stable_ether": 30_000_000,
    "curve_two_crypto": 5_000_000,
    "curve_tri_crypto": 10_000_000,
}
THIN_SIDE_USD = {"uniswap_v2 STA/WETH": 600_000, "uniswap_v2 DAI/USDC": 4_000_000}


def symbol_of(book: AddressBook, token: str) -> str:
    """The name of a token, ether included."""
    return "ETH" if token == NATIVE else book.symbol(token)


def unit(book: AddressBook, token: str) -> int:
    """Smallest units in a whole token."""
    return int(10 ** (18 if token == NATIVE else book.decimals[book.symbol(token)]))


def tokens_for(book: AddressBook, token: str, dollars: int) -> int:
    """Smallest units of `token` that are worth `dollars`."""
    return dollars * unit(book, token) // PRICES_USD[symbol_of(book, token)]


def side_amount(book: AddressBook, pool: PoolRecord, token: str) -> int:
    """Smallest units of `token` on its side of a pool without ranges, by its weight where those differ."""
    dollars = THIN_SIDE_USD.get(pool.name) or SIDE_USD[pool.venue]
    if pool.weights:
        dollars = dollars * len(pool.tokens) * pool.weights[pool.tokens.index(token)] // 100
    return tokens_for(book, token, dollars)


def sqrt_price(book: AddressBook, pool: PoolRecord) -> int:
    """The pool's sqrt price (Q64.96) at the common price."""
    token0, token1 = pool.tokens
    amount0, amount1 = tokens_for(book, token0, 10**9), tokens_for(book, token1, 10**9)
    return isqrt((amount1 << 192) // amount0)


def ranges_of(book: AddressBook, pool: PoolRecord) -> Ranges:
    """How the depth of a pool with ticks is spread."""
    if all(PRICES_USD[symbol_of(book, token)] == 1 for token in pool.tokens):
        return STABLE
    return DEEP if pool.fee <= 500 and pool.venue == "uniswap_v3" else MEDIUM


def positions(book: AddressBook, pool: PoolRecord) -> list[tuple[int, int, int]]:
    """(lower tick, upper tick, liquidity) of each range of the pool."""
    middle = sqrt_price(book, pool)
    result = []
    for width, dollars in ranges_of(book, pool):
        lower, upper = _ticks_around(middle, width, pool.tick_spacing)
        result.append((lower, upper, _liquidity(book, pool, middle, lower, upper, dollars)))
    return result


def _ticks_around(middle: int, width: int, spacing: int) -> tuple[int, int]:
    with localcontext(prec=60):
        centre = (Decimal(middle) / Q96) ** 2
        step = Decimal("1.0001").ln()
        low = (centre * (10_000 - width) / 10_000).ln() / step
        high = (centre * (10_000 + width) / 10_000).ln() / step
    lower = int(low // spacing) * spacing
    upper = int(high // spacing) * spacing + spacing
    limit = MAX_TICK // spacing * spacing
    return max(lower, -limit), min(upper, limit)


def _sqrt_at(tick: int) -> Decimal:
    return Decimal("1.0001") ** (Decimal(tick) / 2)


def _liquidity(book: AddressBook, pool: PoolRecord, middle: int, lower: int, upper: int, dollars: int) -> int:
    """Liquidity of a range that takes tokens worth `dollars` at the price `middle`."""
    token0, token1 = pool.tokens
    with localcontext(prec=60):
        price = Decimal(middle) / Q96
        need0 = 1 / price - 1 / _sqrt_at(upper)
        need1 = price - _sqrt_at(lower)
        worth = need0 / tokens_for(book, token0, 1) + need1 / tokens_for(book, token1, 1)
        return int(dollars / worth)
