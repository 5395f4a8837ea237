"""One trade over several pools side by side, where that nets more than the best of them alone.

The pools of a stage share its amount by equal marginal price (`parallel`), so that a stage is one curve of
pieces and the route is sized like any other. Gas is paid for every part: parts are left out, the least useful
first, as long as that leaves more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from executor.domain.errors import MathsError, PlanError, TicksUnknownError
from executor.domain.route import Leg
from executor.domain.split import Part, SplitRoute
from executor.routing.candidates import ROUTER_GAS
from executor.routing.cycle import MAX_AMOUNT
from executor.routing.gas import beside_parts
from executor.routing.hops import Hop
from executor.routing.parallel import ParallelHop, moved
from executor.routing.piecewise import GasCost, solve_pieces
from executor.routing.premium import no_premium
from executor.routing.sampled import SampledHop
from executor.routing.sides import Side, Sides
from executor.routing.spent import spent
from executor.routing.states import States
from executor.routing.straight import StraightHop
from executor.routing.stretches import segment_at
from executor.routing.trying import Amounts
from executor.routing.tuning import tuned

Stages = tuple[tuple[Leg, ...], ...]
GasPrice = Callable[[int], int]
"""Turns gas units into the settlement token's smallest unit."""


@dataclass(frozen=True, slots=True)
class SplitSize:
    """A split route at its best size. `gas` is an estimate in gas units, `net` what is left after gas in the
    settlement token's smallest unit.
    """

    route: SplitRoute
    gas: int
    net: int


def best_split(
    stages: Sequence[Sequence[Leg]],
    states: States,
    *,
    gas_cost: GasPrice,
    cap: int | None = None,
    overhead_gas: int = ROUTER_GAS,
) -> SplitSize | None:
    """The route through `stages`, each with one or more pools to choose from, that nets most; None if none
    earns anything before gas, or none of a stage's pools can take what another leaves of its part (`spent`).

    Pools with curves of pieces (pairs, pools with ticks) share exactly; beside pools of other shapes (Curve,
    Balancer) the shares are fitted, then moved to and fro as long as more comes out, and at last moved with
    the input to where exact quotes say that most is earned. A tick that a size crosses is paid for. `cap`
    bounds the input. Raises PlanError where a pool stands in it twice, TicksUnknownError as `best_size` does.
    """
    _require_once([leg for stage in stages for leg in stage])
    sides = _Curves(states)
    chosen: Stages = tuple(tuple(leg for leg in stage if _trades(sides.of(leg))) for stage in stages)
    if not all(chosen):
        return None
    best = _sized(chosen, sides, gas_cost, cap, overhead_gas)
    if best is None:
        return None
    found, kept = best
    improved = True
    while improved:
        improved = False
        for fewer in _without_one(kept):
            tried = _sized(fewer, sides, gas_cost, cap, overhead_gas)
            if tried is not None and tried[0].net > found.net:
                (found, kept), improved = tried, True
                break
    if sides.fitted:
        found = _tuned(found, sides, gas_cost, cap, overhead_gas)
    route = spent(found.route, states)
    if route is None:
        return None
    return found if route is found.route else _netted(route, sides, gas_cost, overhead_gas)


class _Curves(Sides):
    """The sides of all pools, and their curves in pieces, each fitted once for all tries."""

    def __init__(self, states: States) -> None:
        super().__init__(states)
        self._fitted: dict[str, SampledHop] = {}
        self._straight: dict[str, StraightHop] = {}

    def pieces(self, leg: Leg, *, bent: bool = False) -> Hop:
        """A hop that has pieces: its own, or fitted ones; `bent`: a straight line will not do."""
        own = self.of(leg).hop
        first = own.stretch(0)
        if first is not None and (first.c or not first.a or not bent):
            return own
        if first is not None and not first.b:
            return self._straight.setdefault(leg.pool.key, StraightHop(own, first))
        return self._fitted.setdefault(leg.pool.key, SampledHop(own))

    @property
    def fitted(self) -> bool:
        """Whether any curve was fitted."""
        return bool(self._fitted)


def _require_once(legs: Sequence[Leg]) -> None:
    """Two legs over one pool would each be sized as if the other did not trade."""
    seen: set[str] = set()
    for leg in legs:
        if leg.pool.identity in seen:
            raise PlanError(
                f"The pool {leg.pool.identity} would be traded twice.",
                fix="name each pool once; to trade more in it, divide its leg with other pools",
                field="pool",
                pool=leg.pool.identity,
            )
        seen.add(leg.pool.identity)


def _sized(
    stages: Stages, sides: _Curves, gas_cost: GasPrice, cap: int | None, overhead_gas: int
) -> tuple[SplitSize, Stages] | None:
    """The best size of these stages, and what of them it uses."""
    hops = [_stage_hop(stage, sides) for stage in stages]
    amounts = _solved(
        hops, MAX_AMOUNT if cap is None else min(cap, MAX_AMOUNT), _legs_cost(stages, hops, sides, gas_cost)
    )
    if amounts is None:
        return None
    used: list[tuple[Part, ...]] = []
    amount = amounts[0]
    for stage, hop in zip(stages, hops, strict=True):
        parts = _used(stage, _parts(stage, hop, sides, amount), sides)
        if not parts:
            return None
        used.append(parts)
        amount = sum(part.amount_out for part in parts)
    kept = tuple(tuple(part.leg for part in stage) for stage in used)
    return _netted(SplitRoute(tuple(used)), sides, gas_cost, overhead_gas), kept


def _netted(route: SplitRoute, sides: _Curves, gas_cost: GasPrice, overhead_gas: int) -> SplitSize:
    """The route with its gas, and what is left after it."""
    parts = [part for stage in route.stages for part in stage]
    gas = overhead_gas + sum(sides.of(part.leg).gas(part.amount_in) for part in parts)
    gas += beside_parts(tuple(tuple(part.leg for part in stage) for stage in route.stages))
    return SplitSize(route, gas, route.gross_profit - gas_cost(gas))


def _tuned(
    found: SplitSize, sides: _Curves, gas_cost: GasPrice, cap: int | None, overhead_gas: int
) -> SplitSize:
    """The size, moved to where exact quotes say that more is earned, if that nets more."""
    states = {part.leg.pool.key: sides.of(part.leg).state for stage in found.route.stages for part in stage}
    route = tuned(found.route, states, MAX_AMOUNT if cap is None else min(cap, MAX_AMOUNT))
    moved = _netted(route, sides, gas_cost, overhead_gas)
    return moved if moved.net > found.net else found


def _used(stage: Sequence[Leg], amounts: Sequence[int], sides: _Curves) -> tuple[Part, ...]:
    """The parts that give anything. Dust that a pool would swallow goes into the last part, as plans do with
    what is left at the end of a stage.
    """
    parts, dust = [], 0
    for leg, amount in zip(stage, amounts, strict=True):
        given = sides.of(leg).hop.out(amount) if amount > 0 else 0
        if given:
            parts.append(Part(leg, amount, given))
        else:
            dust += amount
    if parts and dust:
        last = parts[-1]
        amount = last.amount_in + dust
        parts[-1] = Part(last.leg, amount, sides.of(last.leg).hop.out(amount))
    return tuple(parts)


def _stage_hop(stage: Sequence[Leg], sides: _Curves) -> Hop:
    if len(stage) == 1:
        return sides.pieces(stage[0])
    return ParallelHop([sides.pieces(leg, bent=True) for leg in stage])


def _trades(side: Side) -> bool:
    """Whether a pool trades at all."""
    try:
        side.hop.stretch(0)
    except MathsError:
        return False
    return side.price[0] > 0


def _parts(stage: Sequence[Leg], hop: Hop, sides: _Curves, amount: int) -> tuple[int, ...]:
    """How a stage divides an amount."""
    if not isinstance(hop, ParallelHop):
        return (amount,)
    own = [sides.of(leg).hop for leg in stage]
    parts = hop.parts(amount)
    return parts if all(each in own for each in hop.hops) else moved(own, parts)


def _legs_cost(stages: Stages, hops: Sequence[Hop], sides: _Curves, gas_cost: GasPrice) -> GasCost:
    """What the gas of all parts costs at the amounts into each stage."""

    def of(amounts: Amounts) -> int:
        units = 0
        try:
            for stage, hop, amount in zip(stages, hops, amounts, strict=False):
                parts = hop.parts(amount) if isinstance(hop, ParallelHop) else (amount,)
                units += sum(
                    sides.of(leg).gas(part) for leg, part in zip(stage, parts, strict=True) if part > 0
                )
        except (MathsError, TicksUnknownError):
            return 0
        return gas_cost(units)

    return of


def _solved(hops: Sequence[Hop], cap: int, gas_cost: GasCost) -> Amounts | None:
    try:
        start = segment_at(hops, 0)
    except MathsError:
        return None
    assert start is not None
    return solve_pieces(hops, start, cap=cap, premium=no_premium, repaid=(1, 1), gas_cost=gas_cost)


def _without_one(stages: Stages) -> Iterator[Stages]:
    """The stages without one of their pools, where one more is left."""
    for index, stage in enumerate(stages):
        if len(stage) > 1:
            for leg in stage:
                fewer = tuple(each for each in stage if each is not leg)
                yield (*stages[:index], fewer, *stages[index + 1 :])
