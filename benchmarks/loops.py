"""The measured routes: which pools they cross, and the bare contracts that do the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from executor.plan import Custody

PoolName = Literal["cheap", "even", "v3", "a_b", "b_weth", "v3_a_b", "v3_b_weth"]


@dataclass(frozen=True)
class Loop:
    """One route from WETH to WETH.

    `bare` names the contract of `benchmarks/contracts` that does the same in each custody; `bare_amounts` is
    how many of the route's amounts it takes: V3 pools find their output themselves.
    """

    name: str
    pools: tuple[PoolName, ...]
    bare_amounts: int
    bare: Mapping[Custody, str]


V2_V3 = Loop(
    "v2_v3",
    ("cheap", "v3"),
    2,
    {"pool_to_pool": "BareV2V3PoolToPool", "through_router": "BareV2V3ThroughRouter"},
)
V2_V2 = Loop(
    "v2_v2",
    ("cheap", "even"),
    3,
    {"pool_to_pool": "BareV2V2PoolToPool", "through_router": "BareV2V2ThroughRouter"},
)
V2_V2_V2 = Loop("v2_v2_v2", ("cheap", "a_b", "b_weth"), 4, {"pool_to_pool": "BareV2V2V2PoolToPool"})
V2_V3_V3 = Loop("v2_v3_v3", ("cheap", "v3_a_b", "v3_b_weth"), 3, {"pool_to_pool": "BareV2V3V3PoolToPool"})

LOOPS = (V2_V3, V2_V2, V2_V2_V2, V2_V3_V3)
FURTHER_HOP = {"v2": (V2_V2, V2_V2_V2), "v3": (V2_V3, V2_V3_V3)}
"""The loop with two hops and that with one more hop of the kind."""
