"""Gas is deterministic: what the router costs is what the committed snapshot says, to the unit."""

import json

from benchmarks.gas import SNAPSHOT, deployed_size, measure, snapshot


def test_gas_and_code_size_are_those_of_the_snapshot() -> None:
    """After a change that is meant: `.venv/bin/python -m benchmarks.gas --update`."""
    assert snapshot(measure(), deployed_size()) == json.loads(SNAPSHOT.read_text())


def test_the_router_fits_under_the_code_size_limit() -> None:
    assert deployed_size() < 24_576
