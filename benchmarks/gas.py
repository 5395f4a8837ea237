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
from benchmarks.options import OptionFigure, option_figures
from benchmarks.overhead import Overhead, extra_hop, overheads
from benchmarks.stale import StaleFigure, stale_figures
from benchmarks.universal_router import PeerFigure, peer_figures
from devnet.compiler import PROJECT

SNAPSHOT = PROJECT / "benchmarks" / "gas.json"
HEADLINES = (V2_V3.name, V2_V2.name)
SOURCES = ("callback_chain", "morpho", "uniswap_v4", "balancer_v3", "balancer_v2", "aave_v3")
BLOCK_GUARDS = ("past_block", "other_block", "wrong_parent", "base_fee")
LIMITS = {
    "v2_v3 over": 7_000,
    "v2_v2 over": 6_000,
    "v2_v3 calldata bytes": 140,
    "further v2 hop": 1_200,
    "further v3 hop": 2_000,
    "callback_chain over inventory": 0,
    "morpho over inventory": 27_000,
    "uniswap_v4 over inventory": 26_000,
    "balancer_v3 over inventory": 26_000,
    "aave_v3 over inventory": 122_000,
    **{f"reverted by {guard}": 27_000 for guard in BLOCK_GUARDS},
    "reverted by first_pool": 32_500,
    "reverted by second_pool": 37_500,
}
"""What the router may cost at most, in gas unless said."""


@dataclass(frozen=True)
class Figures:
    """Everything that is measured: gas used, and sizes in bytes."""

    loops: tuple[Overhead, ...]
    extra_hop: dict[str, int]
    peers: tuple[PeerFigure, ...]
    funding: tuple[FundingFigure, ...]
    stale: tuple[StaleFigure, ...]
    options: tuple[OptionFigure, ...]
    code: dict[str, CodeSize]


def measure() -> Figures:
    """Run every case."""
    with loop_market() as market:
        loops = overheads(market)
        stale = stale_figures(market)
        options = option_figures(market)
        peers = peer_figures(market)
    with lender_market() as market:
        funding = funding_figures(market)
    return Figures(loops, extra_hop(loops), peers, funding, stale, options, code_sizes())


def snapshot(figures: Figures) -> dict[str, Any]:
    """The figures as the committed snapshot has them."""
    return {
        "loops": {f"{row.loop} {row.custody}": _numbers(row) for row in figures.loops},
        "extra_hop": figures.extra_hop,
        "universal_router": {f"{row.loop} {row.payment}": _numbers(row) for row in figures.peers},
        "funding": {f"{row.loop} {row.funding}": _numbers(row) for row in figures.funding},
        "stale_revert": {row.guard: _numbers(row) for row in figures.stale},
        "options": {row.option: row.gas for row in figures.options},
        "code": {name: asdict(size) for name, size in figures.code.items()},
    }


def result(figures: Figures) -> dict[str, Any]:
    """The headline figures: pools pay each other directly, V2 outputs are literal, the peer pulls from the
    trader through Permit2, and the dearest of the guards on the block is the one that reverts.
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
    over = {row.funding: row.over for row in figures.funding if row.loop == V2_V3.name}
    return {
        **loops,
        "extra_hop": figures.extra_hop,
        "loan_over_inventory": {name: over[name] for name in SOURCES},
        "stale_revert": max(row.gas for row in figures.stale if row.guard in BLOCK_GUARDS),
    }


def within(figures: Figures) -> dict[str, tuple[int, int]]:
    """Each bounded figure with its limit."""
    headline = result(figures)
    stale = {row.guard: row.gas for row in figures.stale}
    measured = {
        **{f"{loop} over": headline[loop]["over"] for loop in HEADLINES},
        "v2_v3 calldata bytes": headline["v2_v3"]["calldata_bytes"],
        **{f"further {kind} hop": gas for kind, gas in figures.extra_hop.items()},
        **{f"{name} over inventory": gas for name, gas in headline["loan_over_inventory"].items()},
        **{f"reverted by {guard}": gas for guard, gas in stale.items()},
    }
    return {name: (value, LIMITS[name]) for name, value in measured.items() if name in LIMITS}


def _numbers(row: Overhead | PeerFigure | FundingFigure | StaleFigure) -> dict[str, int]:
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
    tables.print_stale(figures.stale)
    tables.print_options(figures.options)
    tables.print_code(figures.code)
    if "--update" in sys.argv[1:]:
        SNAPSHOT.write_text(json.dumps(snapshot(figures), indent=2) + "\n")
        print(f"\nwrote {SNAPSHOT.relative_to(PROJECT)}")
    tables.print_limits(within(figures))
    print(f"\n{json.dumps(result(figures))}")


if __name__ == "__main__":
    main()
