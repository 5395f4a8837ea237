"""What a plan costs that comes too late: gas used by a transaction that a guard reverts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.building import MAKER, SIDE, call
from benchmarks.loops import V2_V3
from benchmarks.market import BASE_FEE, OPERATOR, Market
from benchmarks.overhead import plan
from executor.domain.market import V2State, V3State
from executor.plan import Guard, decode_revert
from executor.plan.guards import BaseFeeCeiling, ExactBlock, MaxBlock, ParentHash, V2Reserves, V3Price

TOLERANCE = 1_000
"""In millionths: a tenth of a percent."""
WRONG_HASH = "0x" + bytes(range(1, 33)).hex()


@dataclass(frozen=True)
class StaleFigure:
    """Gas used by a plan of one V2 and one V3 hop that `guard` reverts, and the bytes of its calldata."""

    guard: str
    gas: int
    calldata_bytes: int


def stale_figures(market: Market) -> tuple[StaleFigure, ...]:
    """Each kind of guard failing; the two pools moved one at a time, with a guard for both."""
    past = market.node.block_number
    pools = pool_guards(market)
    return (
        _figure(market, "past_block", "BlockPassed", (MaxBlock(past),)),
        _figure(market, "other_block", "WrongBlock", (ExactBlock(past),)),
        _figure(market, "wrong_parent", "WrongParent", (ParentHash(WRONG_HASH),)),
        _figure(market, "base_fee", "BaseFeeTooHigh", (BaseFeeCeiling(BASE_FEE - 1),)),
        _figure(market, "first_pool", "PoolStateMoved", pools, _move_pair),
        _figure(market, "second_pool", "PoolStateMoved", pools, _move_pool),
    )


def pool_guards(market: Market) -> tuple[Guard, ...]:
    """Both pools of the route as they are now."""
    pair, pool = (market.state(market.pools[name]) for name in V2_V3.pools)
    assert isinstance(pair, V2State) and isinstance(pool, V3State)
    return (
        V2Reserves(pair.pool.address, pair.reserve0, pair.reserve1, TOLERANCE),
        V3Price(pool.pool.address, pool.sqrt_price_x96, TOLERANCE),
    )


def _figure(
    market: Market,
    name: str,
    error: str,
    guards: tuple[Guard, ...],
    move: Callable[[Market], None] | None = None,
) -> StaleFigure:
    """Raises AssertionError when the plan reverts for another reason than `error`."""
    calldata = plan(market.sized(V2_V3), guards=guards)
    with market.node.isolated():
        if move:
            move(market)
        gas, data = market.reverted(OPERATOR, market.router, calldata)
    reason = decode_revert(data)
    if reason.name != error:
        raise AssertionError(f"{name} was to revert with {error}, not with {reason}")
    return StaleFigure(name, gas, len(calldata))


def _move_pair(market: Market) -> None:
    """A hundredth more WETH in the first pool."""
    pair = market.pools["cheap"].address
    call(market.node, market.weth.address, "transfer(address,uint256)", pair, SIDE // 100)
    call(market.node, pair, "sync()")


def _move_pool(market: Market) -> None:
    """Somebody's trade of a hundredth of the second pool."""
    swap = "swap(address,address,bool,int256)"
    call(market.node, market.provider, swap, market.pools["v3"].address, MAKER, True, SIDE // 100)
