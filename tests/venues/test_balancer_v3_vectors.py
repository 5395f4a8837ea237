"""Results of Balancer V3's first pools, recorded by Balancer's own maths library; absent, the tests skip."""

from __future__ import annotations

import json
from typing import Any

import pytest

from executor.domain.address import to_address
from executor.domain.pool import Pool, VenueKind
from executor.domain.pool_details import BalancerV3Details
from executor.domain.token import Token
from executor.venues import balancer_v3
from executor.venues.balancer_curves import BalancerCurve, StableCurve, WeightedCurve
from executor.venues.balancer_v3_state import BalancerV3State, Loaded
from tests.support.recorded import NOT_RECORDED, RECORDED

POOLS = ("11155111-7439300-Stable-stataUSDC-stataUSDT", "11155111-7439300-Weighted-USDC-DAI")
GIVEN_IN = 0
VECTORS = RECORDED / "vectors" / "balancer-v3-maths.json"
pytestmark = [
    pytest.mark.recorded,
    pytest.mark.skipif(not VECTORS.is_file(), reason=NOT_RECORDED),
]


def numbers(texts: list[str]) -> tuple[int, ...]:
    """Amounts, which the recording has as text."""
    return tuple(int(text) for text in texts)


def curve(recorded: dict[str, Any]) -> BalancerCurve:
    """The curve of the first pools of V3: no least balances, no limit of imbalance."""
    if recorded["poolType"] == "WEIGHTED":
        return WeightedCurve(numbers(recorded["weights"]))
    return StableCurve(int(recorded["amp"]))


def state_of(recorded: dict[str, Any]) -> BalancerV3State:
    """The recorded pool, loaded with the live balances that were recorded."""
    tokens = tuple(to_address(token) for token in recorded["tokens"])
    token0, token1 = (Token(1, token, f"token {place}", 18) for place, token in enumerate(tokens))
    address = to_address(recorded["poolAddress"])
    details = BalancerV3Details(address, tokens)
    state = BalancerV3State(
        Pool("balancer_v3", VenueKind.BALANCER_V3, address, token0, token1, 0, details=details),
        curve(recorded),
        balances := (2**100, 2**100),
        numbers(recorded["scalingFactors"]),
        numbers(recorded["tokenRates"]),
        (0, 0),
        int(recorded["swapFee"]),
        int(recorded["aggregateSwapFee"]),
        0,
        (0, 1),
        (False, False),
    )
    live = numbers(recorded["balancesLiveScaled18"])
    object.__setattr__(state, "_loaded", Loaded(balances, live, state.curve.constant(live)))
    return state


@pytest.mark.parametrize("name", POOLS)
def test_swaps_come_out_as_recorded(name: str) -> None:
    recorded = json.loads(VECTORS.read_text())["pools"][name]
    state = state_of(recorded["pool"])
    assert len(recorded["swaps"]) >= 2
    for swap in recorded["swaps"]:
        zero_for_one = to_address(swap["tokenIn"]) == state.pool.token0.address
        work_out = balancer_v3.amount_out if swap["swapKind"] == GIVEN_IN else balancer_v3.exact_out
        assert work_out(state, zero_for_one, int(swap["amountRaw"])) == int(swap["outputRaw"])
