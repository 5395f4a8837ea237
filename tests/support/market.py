"""Tokens, pools and states for tests of the pure core: made up, but of the shapes that the chain gives."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from hypothesis import strategies as st

from executor.domain.address import Address, to_address
from executor.domain.market import PoolState, V2State, V3State
from executor.domain.pool import Pool, VenueKind
from executor.domain.route import Leg, Route
from executor.domain.token import Token
from executor.venues.uniswap_v3_maths import MAX_TICK, MIN_TICK, sqrt_ratio_at_tick, tick_at_sqrt_ratio

FEE_TIERS = {100: 1, 500: 10, 2_500: 50, 3_000: 60, 10_000: 200}


def address(number: int) -> Address:
    """The address with that number."""
    return to_address(f"0x{number:040x}")


def token(number: int, symbol: str, decimals: int = 18) -> Token:
    """A token whose address has that number, so that their order is plain."""
    return Token(1, address(number), symbol, decimals)


WETH = token(1, "WETH")
USDC = token(2, "USDC", 6)
DAI = token(3, "DAI")


def v2_pool(number: int = 100, token0: Token = WETH, token1: Token = USDC, fee: int = 3_000) -> Pool:
    """A pair; `fee` in millionths."""
    return Pool("uniswap_v2", VenueKind.UNISWAP_V2, address(number), token0, token1, fee)


def v2_state(reserve0: int, reserve1: int, pool: Pool | None = None) -> V2State:
    """A pair with these reserves."""
    return V2State(pool or v2_pool(), reserve0, reserve1)


def v3_pool(number: int = 200, token0: Token = WETH, token1: Token = USDC, fee: int = 3_000) -> Pool:
    """A pool of the V3 shape in one of the usual fee tiers."""
    return Pool("uniswap_v3", VenueKind.UNISWAP_V3, address(number), token0, token1, fee, FEE_TIERS[fee])


@dataclass(frozen=True)
class Position:
    """Liquidity between two ticks."""

    lower: int
    upper: int
    liquidity: int


def v3_state(
    sqrt_price_x96: int,
    positions: Iterable[Position],
    pool: Pool | None = None,
    known: tuple[int, int] = (MIN_TICK, MAX_TICK),
) -> V3State:
    """A pool with these positions, as a reading of the whole of it would find it."""
    tick = tick_at_sqrt_ratio(sqrt_price_x96)
    ticks: dict[int, int] = {}
    liquidity = 0
    for position in positions:
        ticks[position.lower] = ticks.get(position.lower, 0) + position.liquidity
        ticks[position.upper] = ticks.get(position.upper, 0) - position.liquidity
        if position.lower <= tick < position.upper:
            liquidity += position.liquidity
    return V3State(pool or v3_pool(), sqrt_price_x96, tick, liquidity, ticks, *known)


def two_legs(first: Pool, second: Pool, start: Token = WETH) -> Route:
    """`start` into the first pool, what comes out into the second."""
    return Route((Leg(first, start), Leg(second, first.other(start))))


def states_of(*states: PoolState) -> Mapping[str, PoolState]:
    """States by the address of their pool."""
    return {state.pool.key: state for state in states}


def v2_states(
    pool: Pool | None = None, smallest: int = 1_000, largest: int = 10**30
) -> st.SearchStrategy[V2State]:
    """Pairs with any reserves in between."""
    reserves = st.integers(smallest, largest)
    return st.builds(lambda a, b: v2_state(a, b, pool), reserves, reserves)


@st.composite
def v3_states(draw: st.DrawFn, pool: Pool | None = None, near: int | None = None) -> V3State:
    """Pools with one to five overlapping positions around a price; `near` a tick where one is given."""
    chosen = pool or v3_pool(fee=draw(st.sampled_from(sorted(FEE_TIERS))))
    spacing = chosen.tick_spacing
    centre = near if near is not None else draw(st.integers(-200_000, 200_000))
    base = sqrt_ratio_at_tick(centre)
    price = draw(st.integers(base, sqrt_ratio_at_tick(centre + 1) - 1))
    compressed = centre // spacing
    positions = [
        Position(
            -(MAX_TICK // spacing) * spacing, MAX_TICK // spacing * spacing, draw(st.integers(10**9, 10**18))
        )
    ]
    for _ in range(draw(st.integers(0, 4))):
        below, above = draw(st.integers(-400, 40)), draw(st.integers(41, 400))
        positions.append(
            Position(
                (compressed + below) * spacing,
                (compressed + above) * spacing,
                draw(st.integers(10**6, 10**24)),
            )
        )
    return v3_state(price, positions, chosen)
