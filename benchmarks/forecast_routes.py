"""Random routes, sizes and means of payment: what a forecast is made of."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random

from benchmarks.forecast_scene import Scene
from executor.chain.reading import read
from executor.domain.address import Address
from executor.domain.errors import MathsError, PlanError, TicksUnknownError
from executor.domain.lender import LenderTerms
from executor.domain.market import PoolState
from executor.domain.pool import Pool, V3Callback, VenueKind
from executor.domain.route import Funding, Leg, Route, SizedRoute
from executor.domain.token import Token
from executor.lenders import premium, uniswap_v2_flash, uniswap_v3_flash
from executor.lenders.locks import is_free
from executor.plan import encode
from executor.routing.sizing import best_size
from executor.venues import marginal

LENGTHS = (2, 2, 3, 3, 4)
TRIES = 3_000
FOREVER = 4_000_000_000
SHARE_BPS = 9_500
POOL_KINDS = {
    Funding.UNISWAP_V2_FLASH: VenueKind.UNISWAP_V2,
    Funding.UNISWAP_V3_FLASH: VenueKind.UNISWAP_V3,
}


@dataclass(frozen=True)
class Forecast:
    """A sized route, what it should earn, and the call."""

    sized: SizedRoute
    profit: int
    calldata: bytes


class Roads:
    """Which pools lead from each token."""

    def __init__(self, pools: Mapping[str, Pool]) -> None:
        self._from: dict[Address, dict[VenueKind, list[Leg]]] = defaultdict(lambda: defaultdict(list))
        for pool in pools.values():
            for token in (pool.token0, pool.token1):
                self._from[token.address][pool.kind].append(Leg(pool, token))

    def route(self, random: Random, start: Token) -> Route | None:
        """A random closed walk from `start`; each kind of venue is as likely as any other."""
        legs: list[Leg] = []
        at, length = start, random.choice(LENGTHS)
        for left in reversed(range(length)):
            used = {leg.pool.identity for leg in legs}
            seen = {leg.token_in.address for leg in legs}
            ways = {
                kind: fitting
                for kind, found in self._from[at.address].items()
                if (fitting := [leg for leg in found if self._fits(leg, start, used, seen, left)])
            }
            if not ways:
                return None
            legs.append(random.choice(ways[random.choice(sorted(ways))]))
            at = legs[-1].token_out
        return Route(tuple(legs))

    @staticmethod
    def _fits(leg: Leg, start: Token, used: set[str], seen: set[Address], left: int) -> bool:
        out = leg.token_out.address
        if leg.pool.identity in used or (leg.pool.kind is VenueKind.WRAPPED_NATIVE and not (used or left)):
            return False
        return out == start.address if not left else out != start.address and out not in seen


def gains(route: Route, states: Mapping[str, PoolState]) -> bool:
    """Whether the very first unit comes back as more than one."""
    num = den = 1
    try:
        for leg in route.legs:
            given, taken = marginal(states[leg.pool.key], leg.zero_for_one)
            num, den = num * given, den * taken
    except MathsError:
        return False
    return num > den


async def amounts_of(scene: Scene, route: Route, random: Random) -> tuple[int, ...] | None:
    """The amounts along the route at a random size up to its best; None where nothing is to be earned."""
    while True:
        try:
            best = best_size(route, scene.states)
            if best is None or random.random() < 0.25:
                return best
            share = 10 ** random.uniform(-3, 0)
            return best_size(route, scene.states, cap=max(1, int(best[0] * share)))
        except TicksUnknownError as error:
            await scene.further(error)
        except MathsError:
            return None


Means = tuple[Funding, int, Pool | None]
"""Where the money comes from, the premium, and the pool where pools lend."""


async def means_of(
    scene: Scene, route: Route, amounts: Sequence[int], random: Random
) -> AsyncIterator[Means]:
    """Every way to pay the route that leaves a profit, in random order."""
    settlement = route.settlement.address
    lenders = {terms.funding: terms for terms in scene.terms[settlement]}
    own = [Funding.INVENTORY, Funding.CALLBACK_CHAIN]
    choices = [*own, *POOL_KINDS, *lenders]
    for funding in random.sample(choices, len(choices)):
        pool = None
        if funding in own:
            yield funding, 0, None
            continue
        if funding in POOL_KINDS:
            pool = _lending_pool(scene, route, funding, random)
            if pool is None:
                continue
            terms = await _pool_terms(scene, funding, pool, route.settlement)
        else:
            terms = lenders[funding]
        asked = premium(amounts[0], terms) if terms.enabled else 0
        free = is_free(funding, route.legs, pool)
        if terms.enabled and free and terms.available >= amounts[0] and asked < amounts[-1] - amounts[0]:
            yield funding, asked, pool


def _lending_pool(scene: Scene, route: Route, funding: Funding, random: Random) -> Pool | None:
    """One that holds the settlement token, off the route; Solidly V3's pools lend in their own way."""
    used = {leg.pool.identity for leg in route.legs}
    able = [
        pool
        for pool in scene.pools.values()
        if pool.kind is POOL_KINDS[funding]
        and pool.identity not in used
        and pool.callback is not V3Callback.SOLIDLY
        and route.settlement.address in (pool.token0.address, pool.token1.address)
    ]
    return random.choice(able) if able else None


async def _pool_terms(scene: Scene, funding: Funding, pool: Pool, token: Token) -> LenderTerms:
    if funding is Funding.UNISWAP_V2_FLASH:
        return await read(scene.rpc, uniswap_v2_flash.read_terms(pool, token.address), scene.newest)
    return await read(scene.rpc, uniswap_v3_flash.read_terms(pool.address, token.address), scene.newest)


async def next_forecast(scene: Scene, roads: Roads, random: Random) -> Forecast | None:
    """A random route that should earn something, sized, paid and encoded; None where none is found."""
    for _ in range(TRIES):
        route = roads.route(random, random.choice(scene.settlements))
        if route is None or not gains(route, scene.states):
            continue
        amounts = await amounts_of(scene, route, random)
        if amounts is None or amounts[-1] <= amounts[0]:
            continue
        async for funding, asked, pool in means_of(scene, route, amounts, random):
            sized = SizedRoute(route, amounts, funding, asked, pool)
            calldata = _encoded(scene, sized)
            if calldata is not None:
                return Forecast(sized, sized.gross_profit, calldata)
    return None


def _encoded(scene: Scene, sized: SizedRoute) -> bytes | None:
    """The call, None where the route cannot be paid in this way."""
    index = scene.settlements.index(sized.route.settlement)
    minimum = max(1, sized.gross_profit * SHARE_BPS // 10_000)
    whole = all(leg.pool.fee % 100 == 0 for leg in sized.route.legs if leg.pool.kind is VenueKind.UNISWAP_V2)
    try:
        return encode(
            sized,
            settlement_index=index,
            minimum_profit=minimum,
            deadline=FOREVER,
            outputs="computed" if whole else "literal",
        )
    except PlanError as error:
        if error.facts.get("field") != "funding":
            raise
        return None
