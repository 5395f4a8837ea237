"""Gas of the router over the floor, beside a peer: same pools, same state, same block time, same run.

`python -m benchmarks.gas` prints tables and, last, one JSON object; with --update it also writes the snapshot
that a test compares. With --quick it only measures the loops, for whoever works on the hot path.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, dataclass
from typing import Any

from benchmarks import tables
from benchmarks.building import lender_market, loop_market
from benchmarks.code_size import CodeSize, code_sizes
from benchmarks.funding import FundingFigure, funding_figures
from benchmarks.loops import V2_V2, V2_V3
from benchmarks.overhead import Overhead, extra_hop, overheads
from benchmarks.universal_router import PeerFigure, peer_figures
from devnet.compiler import PROJECT

SNAPSHOT = PROJECT / "benchmarks" / "gas.json"
HEADLINES = (V2_V3.name, V2_V2.name)


@dataclass(frozen=True)
class Figures:
    """Everything that is measured: gas used, and sizes in bytes."""

    loops: tuple[Overhead, ...]
    extra_hop: dict[str, int]
    peers: tuple[PeerFigure, ...]
    funding: tuple[FundingFigure, ...]
    code: dict[str, CodeSize]


def measure() -> Figures:
    """Run every case."""
    with loop_market() as market:
        loops = overheads(market)
        peers = peer_figures(market)
    with lender_market() as market:
        funding = funding_figures(market)
    return Figures(loops, extra_hop(loops), peers, funding, code_sizes())


def snapshot(figures: Figures) -> dict[str, Any]:
    """The figures as the committed snapshot has them."""
    return {
        "loops": {f"{row.loop} {row.custody}": _numbers(row) for row in figures.loops},
        "extra_hop": figures.extra_hop,
        "universal_router": {f"{row.loop} {row.payment}": _numbers(row) for row in figures.peers},
        "funding": {f"{row.loop} {row.funding}": _numbers(row) for row in figures.funding},
        "code": {name: asdict(size) for name, size in figures.code.items()},
    }


def result(figures: Figures) -> dict[str, Any]:
    """The headline figures: pools pay each other directly, V2 outputs are literal, the peer pulls from the
    trader through Permit2.
    """
    direct = {row.loop: row for row in figures.loops if row.custody == "pool_to_pool"}
    peer = {row.loop: row.gas for row in figures.peers if row.payment == "permit2"}
    loops = {
        name: {
            "bare": direct[name].bare,
            "router": direct[name].router,
            "over": direct[name].over,
            "universal_router": peer[name],
            "calldata_bytes": direct[name].calldata_bytes,
        }
        for name in HEADLINES
    }
    funding = {row.funding: row.over for row in figures.funding if row.loop == V2_V3.name and row.borrowed}
    return {**loops, "extra_hop": figures.extra_hop, "loan_over_inventory": funding}


def _numbers(row: Overhead | PeerFigure | FundingFigure) -> dict[str, int]:
    derived = {"over": row.over, "computed_over": row.computed_over} if isinstance(row, Overhead) else {}
    return {name: value for name, value in {**asdict(row), **derived}.items() if isinstance(value, int)}


def main() -> None:
    """Print the tables and, last, the JSON line; see above for the options."""
    if "--quick" in sys.argv[1:]:
        with loop_market() as market:
            loops = overheads(market)
        tables.print_loops(loops, extra_hop(loops))
        return
    figures = measure()
    tables.print_loops(figures.loops, figures.extra_hop)
    tables.print_peers(figures.peers, figures.loops)
    tables.print_funding(figures.funding)
    tables.print_code(figures.code)
    if "--update" in sys.argv[1:]:
        SNAPSHOT.write_text(json.dumps(snapshot(figures), indent=2) + "\n")
        print(f"\nwrote {SNAPSHOT.relative_to(PROJECT)}")
    print(f"\n{json.dumps(result(figures))}")


if __name__ == "__main__":
    main()
