"""Executors that are killed among faults settle everything, once, and book it as the chain has it.

`make chaos N=200` does this for longer, with other seeds.
"""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.chaos.aiming import Aims
from tests.chaos.campaign import Report, on_a_file, on_a_server

SEED = 7
pytestmark = [pytest.mark.chaos, pytest.mark.slow, pytest.mark.timeout(900)]


def _is_right(report: Report, aims: Aims) -> None:
    assert report.sentences == [], f"seed {SEED}"
    assert report.transactions >= report.statuses["realised"] > 0
    assert aims.hit.total() > 0
    assert report.entries >= report.transactions
    assert report.faults.total() > 0


async def test_after_six_kills_the_books_of_one_executor_are_the_chains_history(tmp_path: Path) -> None:
    aims = Aims(random.Random(SEED))
    report = await on_a_file(tmp_path, 6, SEED, aims)
    assert report.kills >= 6
    _is_right(report, aims)


async def test_after_four_kills_two_executors_have_shared_their_work_and_done_it_once(tmp_path: Path) -> None:
    aims = Aims(random.Random(SEED + 1))
    report = await on_a_server(tmp_path, 4, SEED, aims)
    assert report.kills >= 4
    _is_right(report, aims)
