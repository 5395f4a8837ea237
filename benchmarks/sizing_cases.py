"""The questions that `benchmarks.sizing` asks both sides, and their answers."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from timeit import Timer
from typing import Any

from benchmarks.pools_in_memory import USDC, WETH, pair, pool
from executor.domain.market import PoolState, V2State, V3State
from executor.domain.route import Leg, Route
from executor.routing.cycle import Cycle, Terms, compiled
from executor.routing.shortfall import shortfall
from executor.routing.sides import Sides
from executor.venues import VENUES
from executor.venues.uniswap_v3 import quote
from tools.bootstrap.side import side_environment

PEER = Path(__file__).parent / "peers" / "degenbot_sizes.py"
ROUNDS, SECONDS = 30, 0.008
CAP = 10**21
"""The largest input that the peer searches; its own default is a tenth of it."""

STATES: Mapping[str, PoolState] = {
    "pair_low": pair(100, 20_000 * 10**18, 50_000_000 * 10**6),
    "pair_high": pair(101, 8_000 * 10**18, 20_400_000 * 10**6),
    "pool_low": pool(200, (2_500 * 10**6, 10**18), 200, 10**17),
    "pool_high": pool(201, (2_550 * 10**6, 10**18), 200, 10**17),
}
CYCLES = {
    "v2_v2": ("pair_high", "pair_low"),
    "v2_v3": ("pair_high", "pool_low"),
    "v3_v3": ("pool_high", "pool_low"),
}
"""WETH is sold in the first and bought back in the second."""


@dataclass
class Timing:
    """Microseconds of each round, and the answer: what comes out, or the best input and its profit."""

    us: list[float] = field(default_factory=list)
    answer: tuple[int, ...] = ()


def across(state: V3State, ticks: int) -> int:
    """About the least amount of token0 that moves the price of a pool by so many ticks."""
    amount = 10**15
    while state.tick - quote(state, True, amount).tick < ticks:
        amount += amount // 20
    return amount


def quotes() -> dict[str, tuple[str, int]]:
    """The quotes: the pool, and the amount of WETH that goes in."""
    state = STATES["pool_low"]
    assert isinstance(state, V3State)
    return {
        "v2_quote": ("pair_low", 10**18),
        "v3_quote": ("pool_low", 10**18),
        "v3_quote_1000_ticks": ("pool_low", across(state, 1_000)),
    }


def cycle_of(name: str) -> Cycle:
    """A cycle, compiled over the states of its pools."""
    first, second = (STATES[key] for key in CYCLES[name])
    route = Route((Leg(first.pool, WETH), Leg(second.pool, USDC)))
    return compiled(route, Sides({state.pool.key: state for state in (first, second)}), Terms(cap=CAP))


def our_turn() -> dict[str, Timing]:
    """What our own code takes, in rounds, and what it answers."""
    turn = {}
    for name, (key, amount) in quotes().items():
        state = STATES[key]
        ask = VENUES[state.pool.kind].amount_out
        names = {"ask": ask, "state": state, "amount": amount}
        turn[name] = Timing(_measured("ask(state, True, amount)", names), (ask(state, True, amount),))
    for name in CYCLES:
        solve = cycle_of(name).solve
        amounts = solve()
        assert amounts is not None
        turn[name] = Timing(_measured("solve()", {"solve": solve}), (amounts[0], amounts[-1] - amounts[0]))
    return turn


def peer_turn() -> dict[str, Timing]:
    """The same of degenbot, in a process of its own."""
    python = side_environment("degenbot") / "python"
    done = subprocess.run(
        [python, PEER], input=json.dumps(question()), capture_output=True, text=True, check=True
    )
    return {
        name: Timing(entry["us"], tuple(int(value) for value in entry["answer"]))
        for name, entry in json.loads(done.stdout).items()
    }


def check(ours: Mapping[str, Timing], peer: Mapping[str, Timing]) -> None:
    """Raises AssertionError unless every quote is the same on both sides, and no size of the peer earns more
    than ours beyond its bound.
    """
    for name in quotes():
        assert ours[name].answer == peer[name].answer, name
    for name in CYCLES:
        amounts = cycle_of(name).solve()
        assert amounts is not None
        assert peer[name].answer[1] <= ours[name].answer[1] + shortfall(amounts), name


def question() -> dict[str, Any]:
    """What the peer is asked, as JSON takes it."""
    cases: dict[str, Any] = {
        name: {"pool": key, "amount": str(amount)} for name, (key, amount) in quotes().items()
    }
    cases |= {name: {"cycle": keys, "cap": str(CAP)} for name, keys in CYCLES.items()}
    return {
        "tokens": [[number, each.symbol, each.decimals] for number, each in ((1, WETH), (2, USDC))],
        "pools": {name: _told(state) for name, state in STATES.items()},
        "cases": cases,
        "seconds": SECONDS,
        "rounds": ROUNDS,
    }


def _told(state: PoolState) -> dict[str, Any]:
    told: dict[str, Any] = {"kind": state.pool.kind, "address": state.pool.address, "fee": state.pool.fee}
    if isinstance(state, V2State):
        return told | {"reserve0": str(state.reserve0), "reserve1": str(state.reserve1)}
    assert isinstance(state, V3State)
    return told | {
        "tick_spacing": state.pool.tick_spacing,
        "tick": state.tick,
        "sqrt_price_x96": str(state.sqrt_price_x96),
        "liquidity": str(state.liquidity),
        "ticks": {str(tick): str(net) for tick, net in state.ticks.items()},
    }


def _measured(statement: str, names: dict[str, Any]) -> list[float]:
    timer = Timer(statement, globals=names)
    timer.timeit(20)
    count = max(20, int(SECONDS / max(timer.timeit(20) / 20, 1e-7)))
    return [timer.timeit(count) / count * 1e6 for _ in range(ROUNDS)]
