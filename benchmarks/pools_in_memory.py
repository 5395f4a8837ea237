"""Pools that no chain holds, for figures that need none: made up, but of the shapes that chains give."""

from __future__ import annotations

import random
from collections.abc import Sequence
from itertools import permutations
from math import isqrt

from executor.domain.address import to_address
from executor.domain.market import PoolState, V2State, V3State
from executor.domain.pool import Pool, VenueKind
from executor.domain.route import Leg, Route
from executor.domain.token import Token
from executor.venues.uniswap_v3_maths import MAX_TICK, MIN_TICK, tick_at_sqrt_ratio

SPACING = 60


def token(number: int, symbol: str, decimals: int = 18) -> Token:
    """A token whose address has that number, so that their order is plain."""
    return Token(1, to_address(f"0x{number:040x}"), symbol, decimals)


WETH, USDC = token(1, "WETH"), token(2, "USDC", 6)


def pair(number: int, reserve0: int, reserve1: int, tokens: tuple[Token, Token] = (WETH, USDC)) -> V2State:
    """A pair with a fee of 0.3 %; reserves in the smallest units."""
    address = to_address(f"0x{number:040x}")
    return V2State(Pool("uniswap_v2", VenueKind.UNISWAP_V2, address, *tokens, 3_000), reserve0, reserve1)


def pool(
    number: int,
    price: tuple[int, int],
    ranges: int,
    liquidity: int,
    tokens: tuple[Token, Token] = (WETH, USDC),
    fee: int = 3_000,
) -> V3State:
    """A V3 pool at the price token1 / token0 in smallest units, with that many nested ranges around it, a
    tick of its spacing wider each, and one over all prices: twice as many ticks change its liquidity.
    """
    sqrt_price = isqrt((price[0] << 192) // price[1])
    tick = tick_at_sqrt_ratio(sqrt_price)
    centre = tick // SPACING * SPACING
    ticks = {MIN_TICK // SPACING * SPACING + SPACING: liquidity, MAX_TICK // SPACING * SPACING: -liquidity}
    total = liquidity
    for step in range(1, ranges + 1):
        amount = liquidity // 10 + step * liquidity // 1_000
        ticks[centre - SPACING * step] = amount
        ticks[centre + SPACING * (step + 1)] = -amount
        total += amount
    address = to_address(f"0x{number:040x}")
    made = Pool("uniswap_v3", VenueKind.UNISWAP_V3, address, *tokens, fee, SPACING)
    return V3State(made, sqrt_price, tick, total, ticks, MIN_TICK, MAX_TICK)


def market(pools: int, seed: int = 1) -> list[PoolState]:
    """Pools of twelve tokens, half of them pairs, half V3 pools of some two hundred ticks, each up to half a
    per cent off the price; every other one holds WETH.
    """
    chance = random.Random(seed)
    tokens = [WETH, *(token(10 + index, f"T{index}") for index in range(11))]
    worth = [chance.randint(1, 10_000) for _ in tokens]
    states: list[PoolState] = []
    for number in range(pools):
        first = 0 if number % 2 else chance.randrange(11)
        second = chance.randrange(first + 1, 12)
        chosen = (tokens[first], tokens[second])
        off = 10_000 + chance.randint(-50, 50)
        size = chance.randint(10**20, 10**22)
        if number % 4 < 2:
            reserves = (size * worth[second] * 10_000 // worth[first], size * off)
            states.append(pair(1_000 + number, *reserves, chosen))
        else:
            price = (worth[first] * off, worth[second] * 10_000)
            states.append(pool(1_000 + number, price, 100, size, chosen))
    return states


def cycles(states: Sequence[PoolState], count: int, seed: int = 1) -> list[Route]:
    """That many different cycles of two and three legs from WETH."""
    chance = random.Random(seed)
    found: dict[tuple[str, ...], Route] = {}
    pools = [state.pool for state in states]
    starts = [each for each in pools if WETH in (each.token0, each.token1)]
    while len(found) < count:
        first, last = chance.sample(starts, 2)
        length = chance.choice((2, 3))
        between = [chance.choice(pools)] if length == 3 else []
        for chosen in permutations((first, *between, last)):
            route = _route(chosen)
            if route is not None:
                found.setdefault(tuple(each.key for each in chosen), route)
    return list(found.values())[:count]


def _route(pools: Sequence[Pool]) -> Route | None:
    legs, held = [], WETH
    for each in pools:
        if held not in (each.token0, each.token1):
            return None
        legs.append(Leg(each, held))
        held = each.other(held)
    return Route(tuple(legs)) if held == WETH and len(set(pools)) == len(pools) else None
