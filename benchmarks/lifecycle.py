"""`make bench BENCH=lifecycle`: 1,000 transactions on blocks of one second, through one lane and through
four, from the decision to the confirmation, beside web3.py and Ape in the same run.

The last line is one JSON object: throughput and latency of four lanes with the default 16 in flight, nonces
left open in any run, and the throughput of web3.py's ordinary path, which waits for each receipt.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import uvloop

from benchmarks.lifecycle_lanes import BLOCK_SECONDS, Lives, ordinary_lives, our_lives
from benchmarks.ordinary import Web3Way, ape_way
from benchmarks.tables import print_table
from devnet import Node

COUNT, ORDINARY = 1000, 12
SHAPES = ((1, 16), (4, 16), (1, 100), (4, 100))
"""Lanes, and transactions in flight of each; the second is the one in the last line."""
_WEB3, _APE = 8, 9


def main() -> int:
    """Measures, prints the table and the JSON line; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=COUNT, help="transactions of each shape")
    count: int = parser.parse_args().count
    runs = [_ours(lanes, in_flight, count) for lanes, in_flight in SHAPES]
    with Node.empty(chain_id=1, block_time=BLOCK_SECONDS) as node:
        web3 = ordinary_lives("web3.py, send and wait for the receipt", Web3Way(node, _WEB3), ORDINARY)
        with ape_way(node, _APE) as way:
            ape = ordinary_lives("Ape, send and wait for the receipt", way, ORDINARY)
    print_table(
        f"Transactions on blocks of {BLOCK_SECONDS} s, from the decision to the confirmation in milliseconds",
        ("", "transactions", "a second", "median", "p99", "nonce gaps"),
        (
            (
                one.name,
                one.count,
                f"{one.per_second:.1f}",
                f"{one.middle:.0f}",
                f"{one.p99:.0f}",
                one.nonce_gaps,
            )
            for one in (*runs, web3, ape)
        ),
    )
    chosen = runs[1]
    figures = {
        "tx_per_s": round(chosen.per_second, 1),
        "decision_to_confirmed_ms": {"p50": round(chosen.middle), "p99": round(chosen.p99)},
        "nonce_gaps": sum(one.nonce_gaps for one in runs),
        "web3_tx_per_s": round(web3.per_second, 2),
    }
    print(json.dumps(figures))
    return 0


def _ours(lanes: int, in_flight: int, count: int) -> Lives:
    """On a chain and with a record of its own."""
    with (
        Node.empty(chain_id=1, block_time=BLOCK_SECONDS) as node,
        TemporaryDirectory(prefix="lifecycle-") as folder,
    ):
        return uvloop.run(our_lives(node, Path(folder), lanes=lanes, in_flight=in_flight, count=count))


if __name__ == "__main__":
    sys.exit(main())
