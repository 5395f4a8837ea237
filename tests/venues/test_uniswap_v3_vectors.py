"""What swaps gave, or why they reverted, in v3-core's own test: recorded for fifteen pools."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from executor.domain.errors import MathsError
from executor.domain.market import V3State
from executor.domain.pool import Pool
from executor.venues import uniswap_v3
from executor.venues.uniswap_v3_maths import tick_at_sqrt_ratio
from tests.support.market import FEE_TIERS, Position, v3_pool, v3_state
from tests.support.recorded import NOT_RECORDED, RECORDED

VECTORS = RECORDED / "vectors" / "uniswap-v3-core-pool-swaps.json"
UP_TO_THE_LIMIT = 2**255 - 1

pytestmark = [
    pytest.mark.recorded,
    pytest.mark.skipif(not VECTORS.exists(), reason=NOT_RECORDED),
]


def recorded_swaps() -> Iterator[Any]:
    if not VECTORS.exists():
        yield pytest.param({}, {}, id="none recorded")
        return
    for pool in json.loads(VECTORS.read_text())["pools"]:
        for number, swap in enumerate(pool["swaps"]):
            yield pytest.param(pool, swap, id=f"{pool['pool']} #{number}")


def as_state(recorded: dict[str, Any]) -> V3State:
    pool: Pool = v3_pool(fee=recorded["fee"])
    assert FEE_TIERS[pool.fee] == recorded["tickSpacing"]
    positions = [Position(p["tickLower"], p["tickUpper"], int(p["liquidity"])) for p in recorded["positions"]]
    return v3_state(int(recorded["initialSqrtPriceX96"]), positions, pool)


@pytest.mark.parametrize(("pool", "swap"), list(recorded_swaps()))
def test_a_recorded_swap_is_quoted_to_the_wei(pool: dict[str, Any], swap: dict[str, Any]) -> None:
    state, limit, down = as_state(pool), int(swap["sqrtPriceLimitX96"]), swap["zeroForOne"]
    specified = swap["amountSpecified"]
    amount = UP_TO_THE_LIMIT if specified.startswith("max") else int(specified)
    assert state.tick == pool["initialTick"] == tick_at_sqrt_ratio(state.sqrt_price_x96)

    if "expectedRevert" in swap:
        with pytest.raises(MathsError):
            uniswap_v3.quote(state, down, amount, limit)
        return

    expected, quote = swap["expected"], uniswap_v3.quote(state, down, amount, limit)
    paid, received = ("amount0Delta", "amount1Delta") if down else ("amount1Delta", "amount0Delta")
    assert quote.amount_in == int(expected[paid])
    assert quote.amount_out == -int(expected[received])
    assert quote.tick == expected["tickAfter"]
    assert quote.sqrt_price_x96 == int(swap["sqrtPriceX96AfterByOurRecomputation"])
