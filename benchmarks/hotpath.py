"""`make bench BENCH=hotpath`: from arguments to signed bytes, from a decision to the node's answer, and from
the intake to that answer with every durable write, beside web3.py and Ape in the same run.

The last line is one JSON object: `signed_us` and `web3_us` for a route of three hops, the same bytes on both
sides; `ratio` is our time over web3.py's; `broadcast_ms` without and `durable_ms` with the durable writes,
both over the node's local socket; the table tells the same over HTTP, and what the node and the disk take.
Microseconds are the least of all rounds, milliseconds the median.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory

from benchmarks.hotpath_bytes import measured
from benchmarks.hotpath_sends import LaneTimes, SendTimes, send_times
from benchmarks.tables import print_table

SENDS = 200
_PERCENT = 100


def main() -> int:
    """Measures, prints the tables and the JSON line; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sends", type=int, default=SENDS, help="transactions of each kind")
    count: int = parser.parse_args().sends
    timings = measured()
    print_table(
        "A route of three hops to signed bytes, in microseconds: the least of all rounds, and the median",
        ("", "least", "median"),
        ((name, f"{one.least:.1f}", f"{one.middle:.1f}") for name, one in timings.items()),
    )
    with TemporaryDirectory(prefix="hotpath-") as folder:
        times = send_times(Path(folder), count)
    _print_sends(times)
    ours, web3 = timings["ours"].least, timings["web3"].least
    figures = {
        "signed_us": round(ours, 1),
        "web3_us": round(web3, 1),
        "ratio": round(ours / web3, 4),
        "broadcast_ms": round(median(times.socket.broadcast), 3),
        "durable_ms": round(median(times.socket.durable), 3),
    }
    print(json.dumps(figures))
    return 0


def _print_sends(times: SendTimes) -> None:
    rows = {**_of_the_lane("socket", times.socket), **_of_the_lane("HTTP", times.http)}
    rows["floor: both exchanges over a bare socket"] = times.floor.node
    rows["floor: three bare commits to the disk"] = times.floor.disk
    rows["web3.py: nonce, gas and fees asked, signed, sent"] = times.web3
    rows["Ape: prepared, signed, sent"] = times.ape
    print_table(
        f"{len(times.web3)} transactions to a local node's answer, in milliseconds",
        ("", "least", "median", "p99"),
        (
            (name, *(f"{one:.2f}" for one in (min(ms), median(ms), quantiles(ms, n=_PERCENT)[-1])))
            for name, ms in rows.items()
        ),
    )


def _of_the_lane(way: str, ours: LaneTimes) -> dict[str, list[float]]:
    return {
        f"{way}: decision to answer, less durable writes": ours.broadcast,
        f"{way}: the durable writes of that": ours.writes,
        f"{way}: this process's own processor time for both": ours.own,
        f"{way}: intake to answer, with all durable writes": ours.durable,
        f"{way}: then the start of the durable work": ours.entrusted,
    }


if __name__ == "__main__":
    sys.exit(main())
