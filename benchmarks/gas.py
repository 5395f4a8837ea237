"""Gas of the router over the floor, beside a peer: same pools, same state, same block time, same run.

`python -m benchmarks.gas` prints tables and, last, one JSON object; with --update it also writes the snapshot
that a test compares.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, dataclass
from typing import Any

from benchmarks.building import loop_market
from benchmarks.overhead import Overhead, extra_hop, overheads
from devnet.compiler import PROJECT, compile_files

SNAPSHOT = PROJECT / "benchmarks" / "gas.json"


@dataclass(frozen=True)
class Figures:
    """Everything that is measured."""

    loops: tuple[Overhead, ...]
    extra_hop: dict[str, int]
    deployed_bytes: int


def measure() -> Figures:
    """Run every case."""
    with loop_market() as market:
        loops = overheads(market)
    return Figures(loops, extra_hop(loops), deployed_size())


def snapshot(figures: Figures) -> dict[str, Any]:
    """The figures as the committed snapshot has them."""
    return {
        "loops": {f"{row.loop} {row.custody}": _row(row) for row in figures.loops},
        "extra_hop": figures.extra_hop,
        "deployed_bytes": figures.deployed_bytes,
    }


def result(figures: Figures) -> dict[str, Any]:
    """The headline figures: pools pay each other directly, V2 outputs are literal."""
    direct = {row.loop: row for row in figures.loops if row.custody == "pool_to_pool"}
    loops = {
        name: {
            "bare": direct[name].bare,
            "router": direct[name].router,
            "over": direct[name].over,
            "calldata_bytes": direct[name].calldata_bytes,
        }
        for name in ("v2_v3", "v2_v2")
    }
    return {**loops, "extra_hop": figures.extra_hop}


def deployed_size() -> int:
    """Bytes of the router's runtime code; the limit is 24,576."""
    return len(compile_files(["contracts/ArbRouter.sol"])["ArbRouter"].deployed_bytecode)


def _row(row: Overhead) -> dict[str, int]:
    figures = {"over": row.over, "computed_over": row.computed_over, **asdict(row)}
    return {name: value for name, value in figures.items() if isinstance(value, int)}


def print_loops(figures: Figures) -> None:
    """The router over the floor."""
    print(f"{'loop':10}{'custody':16}{'bare':>9}{'router':>9}{'over':>7}{'computed':>10}{'calldata':>10}")
    for row in figures.loops:
        print(
            f"{row.loop:10}{row.custody:16}{row.bare:9}{row.router:9}{row.over:7}"
            f"{row.computed_over:10}{row.calldata_bytes:10}"
        )
    for kind, gas in figures.extra_hop.items():
        print(f"a further {kind} hop costs the router {gas} more than the contract without checks")


def main() -> None:
    """Print the tables and, last, the JSON line; with --update also write the snapshot."""
    figures = measure()
    print_loops(figures)
    if "--update" in sys.argv[1:]:
        SNAPSHOT.write_text(json.dumps(snapshot(figures), indent=2) + "\n")
        print(f"wrote {SNAPSHOT.relative_to(PROJECT)}")
    print(json.dumps(result(figures)))


if __name__ == "__main__":
    main()
