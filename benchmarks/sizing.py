"""`make bench BENCH=sizing`: quotes and best sizes, beside degenbot 0.3.0 on the same pools in the same run.

Both sides answer the same questions about the same pools, ours in this process, the peer's in one of its own,
in turns. Of the rounds of each the least is compared (what the machine can do) and the median shown. Every
quote must be the same integer on both sides, and no size of the peer may earn more than ours and its bound.
"""

from __future__ import annotations

import json
import sys
from statistics import median

from benchmarks.sizing_blocks import EVALUATIONS, POOLS, ROUTES, TOUCHED, blocks, growth
from benchmarks.sizing_cases import Timing, check, our_turn, peer_turn
from benchmarks.tables import print_table

TURNS = 4


def main() -> int:
    """Measures, prints the tables and the JSON line; returns the exit code."""
    ours: dict[str, Timing] = {}
    peer: dict[str, Timing] = {}
    for _ in range(TURNS):
        for total, turn in ((ours, our_turn()), (peer, peer_turn())):
            for name, timing in turn.items():
                total.setdefault(name, Timing(answer=timing.answer)).us.extend(timing.us)
    check(ours, peer)
    print_table(
        "One call, in microseconds: the least of all rounds, and the median",
        ("", "ours", "median", "degenbot", "median", "times faster"),
        (
            (
                name,
                f"{min(timing.us):.2f}",
                f"{median(timing.us):.2f}",
                f"{min(peer[name].us):.2f}",
                f"{median(peer[name].us):.2f}",
                f"{min(peer[name].us) / min(timing.us):.1f}",
            )
            for name, timing in ours.items()
        ),
    )
    print_table(
        "What the best size of a cycle earns, in wei",
        ("", "ours", "degenbot", "more"),
        (
            (name, timing.answer[1], peer[name].answer[1], timing.answer[1] - peer[name].answer[1])
            for name, timing in ours.items()
            if len(timing.answer) > 1
        ),
    )
    figures = blocks()
    print_table(
        f"{ROUTES:,} cycles of 2 and 3 legs over {POOLS} pools, sized again after a block, in milliseconds",
        ("pools touched", "least", "median", "most"),
        (
            (count, *(f"{value:.2f}" for value in (min(times), median(times), max(times))))
            for count, times in ((TOUCHED, figures.some), (POOLS, figures.everything))
        ),
    )
    print(
        f"  {figures.solved:.0f} cycles were solved after {TOUCHED} pools; {figures.earning} earn in the end"
    )
    print(f"\nMemory grew by {growth()} KiB over {EVALUATIONS:,} evaluations at as many states.")
    print(
        json.dumps(
            {
                **{name: _figure(min(timing.us), min(peer[name].us)) for name, timing in ours.items()},
                "block_update_ms": round(median(figures.some), 2),
            }
        )
    )
    return 0


def _figure(ours: float, peer: float) -> dict[str, float]:
    """`ratio` is our time over the peer's."""
    return {"us": round(ours, 3), "peer_us": round(peer, 3), "ratio": round(ours / peer, 5)}


if __name__ == "__main__":
    sys.exit(main())
