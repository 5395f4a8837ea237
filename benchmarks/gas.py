"""Gas of the router over the floor: a bare contract without any checks, same loop, same state, same custody.

`python -m benchmarks.gas` prints a table and, last, one JSON object. `measure()` is also what the snapshot
test compares.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from benchmarks.loop_market import AMOUNT_IN, OPERATOR, PROJECT, START, TRADER, LoopMarket, loop_market
from devnet.compiler import compile_files
from executor.domain.pool import Pool
from executor.domain.route import Funding, Leg, Route, SizedRoute
from executor.plan import encode
from executor.plan.compile import Custody
from executor.routing.sizing import forward

Loop = Literal["v2_v3", "v2_v2"]
SNAPSHOT = PROJECT / "benchmarks" / "gas.json"
LOOPS: tuple[Loop, ...] = ("v2_v3", "v2_v2")
CUSTODIES: tuple[Custody, ...] = ("pool_to_pool", "through_router")
BARE_NAMES = {
    ("v2_v3", "pool_to_pool"): "BareV2V3PoolToPool",
    ("v2_v3", "through_router"): "BareV2V3ThroughRouter",
    ("v2_v2", "pool_to_pool"): "BareV2V2PoolToPool",
    ("v2_v2", "through_router"): "BareV2V2ThroughRouter",
}


@dataclass(frozen=True)
class Measured:
    """Gas used by the bare contract and by the router, with literal and with computed V2 outputs; calldata of
    the literal form.
    """

    bare: int
    router: int
    router_computed: int
    calldata_bytes: int

    @property
    def over(self) -> int:
        """What the router's checks and generality cost."""
        return self.router - self.bare


def sized_loop(market: LoopMarket, second: Pool, funding: Funding) -> SizedRoute:
    """One WETH over the cheap pair and back over `second`, with the amounts that the pools give now."""
    route = Route((Leg(market.cheap_pair, market.weth), Leg(second, market.token)))
    states = {pool.address: market.state(pool) for pool in (market.cheap_pair, second)}
    return SizedRoute(route, forward(route, states, AMOUNT_IN), funding)


def measure_loop(market: LoopMarket, loop: Loop, custody: Custody) -> Measured:
    """Run one loop both ways from the same state."""
    second = market.pool if loop == "v2_v3" else market.even_pair
    sized = sized_loop(market, second, Funding.INVENTORY)
    amounts = sized.amounts if loop == "v2_v2" else sized.amounts[:2]
    bare = market.run(
        TRADER, market.bare[BARE_NAMES[loop, custody]], b"".join(a.to_bytes(16, "big") for a in amounts)
    )
    gas: dict[str, int] = {}
    size = 0
    for outputs in ("literal", "computed"):
        calldata = encode(
            sized,
            settlement_index=0,
            minimum_profit=sized.gross_profit,
            deadline=START + 10**6,
            outputs="literal" if outputs == "literal" else "computed",
            custody=custody,
        )
        gas[outputs] = int(market.run(OPERATOR, market.router, calldata)["gasUsed"], 16)
        size = size or len(calldata)
    return Measured(int(bare["gasUsed"], 16), gas["literal"], gas["computed"], size)


def measure() -> Mapping[tuple[Loop, Custody], Measured]:
    """Every loop in every custody."""
    with loop_market() as market:
        return {
            (loop, custody): measure_loop(market, loop, custody) for loop in LOOPS for custody in CUSTODIES
        }


def snapshot(results: Mapping[tuple[Loop, Custody], Measured], code_size: int) -> dict[str, Any]:
    """The figures as the committed snapshot has them."""
    gas = {f"{loop} {custody}": {**asdict(row), "over": row.over} for (loop, custody), row in results.items()}
    return {"deployed_bytes": code_size, "gas": gas}


def deployed_size() -> int:
    """Bytes of the router's runtime code; the limit is 24,576."""
    return len(compile_files(["contracts/ArbRouter.sol"])["ArbRouter"].deployed_bytecode)


def main() -> None:
    """Print the table and, last, the JSON line; with --update also write the snapshot."""
    results = measure()
    print(f"{'loop':8}{'custody':16}{'bare':>9}{'router':>9}{'over':>7}{'computed':>10}{'calldata':>10}")
    for (loop, custody), row in results.items():
        print(
            f"{loop:8}{custody:16}{row.bare:9}{row.router:9}{row.over:7}"
            f"{row.router_computed - row.bare:10}{row.calldata_bytes:10}"
        )
    if "--update" in sys.argv[1:]:
        SNAPSHOT.write_text(json.dumps(snapshot(results, deployed_size()), indent=2) + "\n")
        print(f"wrote {SNAPSHOT.relative_to(PROJECT)}")
    best = {loop: results[loop, "pool_to_pool"] for loop in LOOPS}
    print(
        json.dumps(
            {loop: {"bare": row.bare, "router": row.router, "over": row.over} for loop, row in best.items()}
        )
    )


if __name__ == "__main__":
    main()
