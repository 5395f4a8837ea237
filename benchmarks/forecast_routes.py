"""Random routes, sizes and means of payment: what a forecast is made of."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from random import Random

from benchmarks.forecast_scene import Scene
from executor.chain.reading import read
from executor.domain.address import Address
from executor.domain.errors import MathsError, PlanError, TicksUnknownError
from executor.domain.lender import LenderTerms
from executor.domain.market import PoolState, V3State
from executor.domain.pool import Pool, V3Callback, VenueKind
from executor.domain.route import Funding, Leg, Route, SecondLoan, SizedRoute
from executor.domain.split import Sized
from executor.domain.token import Token
from executor.lenders import premium, uniswap_v2_flash, uniswap_v3_flash
from executor.lenders.locks import Holder, clash, is_free, lender_lock
from executor.plan import encode
from executor.routing.sizing import best_size
from executor.venues import marginal

LENGTHS = (2, 2, 3, 3, 4)
TRIES = 3_000
FOREVER = 4_000_000_000
SHARE_BPS = 9_500
SHARED_LOANS = 0.25
"""How many of the loans two lenders share."""
ALGEBRA_LOAN_FEE = 100
"""In millionths, whatever a swap costs there: Algebra Integral, `AlgebraPool.flash`."""

POOL_KINDS = {
    Funding.UNISWAP_V2_FLASH: VenueKind.UNISWAP_V2,
    Funding.UNISWAP_V3_FLASH: VenueKind.UNISWAP_V3,
}


@dataclass(frozen=True)
class Forecast:
    """A sized trade, what it should earn, and the call."""

    sized: Sized
    profit: int
    calldata: bytes


class Roads:
    """Which pools lead from each token."""

    def __init__(self, pools: Mapping[str, Pool]) -> None:
        self._from: dict[Address, dict[VenueKind, list[Leg]]] = defaultdict(lambda: defaultdict(list))
        for pool in pools.values():
            for token in (pool.token0, pool.token1):
                leg = Leg(pool, token, taxed=token.transfer_fee is not None)
                self._from[token.address][pool.kind].append(leg)

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

    def beside(self, leg: Leg) -> list[Leg]:
        """The legs over other pools that take and give the same tokens."""
        ways = self._from[leg.token_in.address].values()
        same = (other for legs in ways for other in legs if other.token_out == leg.token_out)
        return [other for other in same if other.pool.identity != leg.pool.identity]

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


@dataclass(frozen=True)
class Lender:
    """Who lends, on which terms; `pool` where pools lend."""

    terms: LenderTerms
    pool: Pool | None = None

    def may_lend(self, route: Route, amount: int) -> bool:
        """Whether it has so much and the route leaves it alone."""
        able = self.terms.enabled and self.terms.available >= amount
        return able and is_free(self.terms.funding, route.legs, self.pool)


@dataclass(frozen=True)
class Means:
    """Where the money comes from."""

    funding: Funding
    premium: int = 0
    pool: Pool | None = None
    second: SecondLoan | None = None

    def sized(self, route: Route, amounts: tuple[int, ...]) -> SizedRoute:
        """The route paid so."""
        return SizedRoute(route, amounts, self.funding, self.premium, self.pool, self.second)


async def means_of(scene: Scene, route: Route, amount: int, random: Random) -> list[Means]:
    """Every way to pay the first leg, in random order; some loans are shared between two lenders."""
    found = [Means(Funding.INVENTORY), Means(Funding.CALLBACK_CHAIN)]
    lenders = [lender for lender in await _lenders(scene, route, random) if lender.may_lend(route, amount)]
    for lender in lenders:
        funding, pool = lender.terms.funding, lender.pool
        others = [other for other in lenders if not clash(_lock(lender), _lock(other)) and other != lender]
        if others and amount > 1 and random.random() < SHARED_LOANS:
            other, part = random.choice(others), random.randint(1, amount - 1)
            inner = SecondLoan(other.terms.funding, part, premium(part, other.terms), other.pool)
            found.append(Means(funding, premium(amount - part, lender.terms), pool, inner))
        else:
            found.append(Means(funding, premium(amount, lender.terms), pool))
    return random.sample(found, len(found))


def _lock(lender: Lender) -> Holder:
    return lender_lock(lender.terms.funding, lender.pool)


async def _lenders(scene: Scene, route: Route, random: Random) -> list[Lender]:
    """The chain's lenders, and one pool of each kind that lends."""
    found = [Lender(terms) for terms in scene.terms[route.settlement.address]]
    for funding in POOL_KINDS:
        pool = _lending_pool(scene, route, funding, random)
        if pool is not None:
            found.append(Lender(await _pool_terms(scene, funding, pool, route.settlement), pool))
    return found


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
    lender = replace(pool, fee=_loan_fee(scene, pool))
    return await read(scene.rpc, uniswap_v3_flash.read_terms(lender, token.address), scene.newest)


def _loan_fee(scene: Scene, pool: Pool) -> int:
    """What a pool of the V3 shape takes for a loan, in millionths."""
    if pool.callback is V3Callback.ALGEBRA:
        return ALGEBRA_LOAN_FEE
    state = scene.states[pool.key]
    assert isinstance(state, V3State)
    return state.fee(True)


async def next_forecast(scene: Scene, roads: Roads, random: Random) -> Forecast | None:
    """A random route that should earn something, sized, paid and encoded; None where none is found."""
    for _ in range(TRIES):
        route = roads.route(random, random.choice(scene.settlements))
        if route is None or not gains(route, scene.states):
            continue
        amounts = await amounts_of(scene, route, random)
        if amounts is None or amounts[-1] <= amounts[0]:
            continue
        for means in await means_of(scene, route, amounts[0], random):
            sized = means.sized(route, amounts)
            calldata = _encoded(scene, sized) if sized.gross_profit > 0 else None
            if calldata is not None:
                return Forecast(sized, sized.gross_profit, calldata)
    return None


def _encoded(scene: Scene, sized: SizedRoute) -> bytes | None:
    """The call, None where the route cannot be paid in this way or with a token that keeps a part."""
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
        if error.facts.get("field") not in ("funding", "taxed"):
            raise
        return None
