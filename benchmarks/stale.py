"""What a plan costs that comes too late: gas used by a transaction that a guard reverts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.building import MAKER, SIDE, call
from benchmarks.loops import V2_V3
from benchmarks.market import BASE_FEE, OPERATOR, Market
from benchmarks.overhead import plan
from devnet import abi
from executor.domain.market import V2State, V3State
from executor.plan import format as f

TOLERANCE = 1_000
"""In millionths: a tenth of a percent."""
WRONG_HASH = bytes(range(1, 33))
ERRORS = {
    name: abi.selector(f"{name}({types})")
    for name, types in {
        "BlockPassed": "uint256,uint256",
        "WrongBlock": "uint256,uint256",
        "WrongParent": "bytes32,bytes32",
        "BaseFeeTooHigh": "uint256,uint256",
        "PoolStateMoved": "address,uint256,uint256,uint256",
    }.items()
}


@dataclass(frozen=True)
class StaleFigure:
    """Gas used by a plan of one V2 and one V3 hop that `guard` reverts, and the bytes of its calldata."""

    guard: str
    gas: int
    calldata_bytes: int


def stale_figures(market: Market) -> tuple[StaleFigure, ...]:
    """Each kind of guard failing; the two pools moved one at a time, with a guard for both."""
    pools = _reserves(market) + _price(market)
    past = (market.node.block_number, f.BLOCK_BYTES)
    wrong_parent = bytes([f.Guard.PARENT_HASH]) + WRONG_HASH
    low_fee = _guard(f.Guard.BASE_FEE, (BASE_FEE - 1, f.BASE_FEE_BYTES))
    return (
        _figure(market, "past_block", "BlockPassed", _guard(f.Guard.MAX_BLOCK, past)),
        _figure(market, "other_block", "WrongBlock", _guard(f.Guard.EXACT_BLOCK, past)),
        _figure(market, "wrong_parent", "WrongParent", wrong_parent),
        _figure(market, "base_fee", "BaseFeeTooHigh", low_fee),
        _figure(market, "first_pool", "PoolStateMoved", pools, _move_pair),
        _figure(market, "second_pool", "PoolStateMoved", pools, _move_pool),
    )


def _figure(
    market: Market, name: str, error: str, guards: bytes, move: Callable[[Market], None] | None = None
) -> StaleFigure:
    """Raises AssertionError when the plan reverts for another reason than `error`."""
    calldata = _guarded(plan(market.sized(V2_V3)), guards)
    with market.node.isolated():
        if move:
            move(market)
        gas, data = market.reverted(OPERATOR, market.router, calldata)
    if ERRORS[error] != data[:4]:
        raise AssertionError(f"{name} was to revert with {error}, not with 0x{data.hex()}")
    return StaleFigure(name, gas, len(calldata))


def _guarded(calldata: bytes, guards: bytes) -> bytes:
    """The plan with `guards` behind its header."""
    flags_at, steps_at = len(f.SELECTOR), len(f.SELECTOR) + f.HEADER_BYTES
    header = bytes([calldata[flags_at] | f.HEADER_GUARDED]) + calldata[flags_at + 1 : steps_at]
    return f.SELECTOR + header + len(guards).to_bytes(f.LENGTH_BYTES, "big") + guards + calldata[steps_at:]


def _guard(kind: f.Guard, *fields: tuple[int, int]) -> bytes:
    """A guard of integer fields, each with its width in bytes."""
    return bytes([kind]) + b"".join(value.to_bytes(width, "big") for value, width in fields)


def _reserves(market: Market) -> bytes:
    state = market.state(market.pools["cheap"])
    assert isinstance(state, V2State)
    pair = (int(state.pool.address, 16), f.ADDRESS_BYTES)
    reserves = [(reserve, f.V2_OUTPUT_BYTES) for reserve in (state.reserve0, state.reserve1)]
    return _guard(f.Guard.V2_RESERVES, pair, *reserves, (TOLERANCE, f.TOLERANCE_BYTES))


def _price(market: Market) -> bytes:
    state = market.state(market.pools["v3"])
    assert isinstance(state, V3State)
    pool, price = (int(state.pool.address, 16), f.ADDRESS_BYTES), (state.sqrt_price_x96, f.ADDRESS_BYTES)
    return _guard(f.Guard.V3_PRICE, pool, price, (TOLERANCE, f.TOLERANCE_BYTES))


def _move_pair(market: Market) -> None:
    """A hundredth more WETH in the first pool."""
    pair = market.pools["cheap"].address
    call(market.node, market.weth.address, "transfer(address,uint256)", pair, SIDE // 100)
    call(market.node, pair, "sync()")


def _move_pool(market: Market) -> None:
    """Somebody's trade of a hundredth of the second pool."""
    swap = "swap(address,address,bool,int256)"
    call(market.node, market.provider, swap, market.pools["v3"].address, MAKER, True, SIDE // 100)
