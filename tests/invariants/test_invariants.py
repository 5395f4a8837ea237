"""Whatever anybody does in whatever order, the standing invariants of the router hold: Forge searches."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping

import pytest

from devnet import Node, toolchain
from devnet.artifacts import Artifact
from tests.invariants.scene import build
from tools import forging, variants

LIMITS = {"RUNS": 500, "DEPTH": 100}
FAULTS = {
    "the profit rule lets less than the minimum pass": (
        "contracts/base/ProfitRule.sol",
        "if (profit < minimum)",
        "if (false)",
        "3: less than the minimum was earned",
    ),
    "the guard takes any callback": (
        "contracts/base/CallbackGuard.sol",
        "if (!_isExpected(commitment)) _refuseCallback();",
        "",
        "2: a stranger",
    ),
    "a pause stops nobody": (
        "contracts/base/Gate.sol",
        "if (gate & _PAUSED != 0) revert Paused();",
        "",
        "6: a plan ran while the router was paused",
    ),
    "the tip is ten times as large": (
        "contracts/base/Tip.sol",
        "_BASIS = 10_000",
        "_BASIS = 1_000",
        "4: the tip is more than was offered",
    ),
}


def search(
    node: Node, *, runs: int, depth: int, code: Mapping[str, Artifact] | None = None
) -> subprocess.CompletedProcess[str]:
    """Forge's search against a router on `node`."""
    _, variables = build(node, code)
    settings = {"FOUNDRY_INVARIANT_RUNS": str(runs), "FOUNDRY_INVARIANT_DEPTH": str(depth)}
    command = [str(toolchain.forge_path()), "test", "--root", ".", "--fork-url", node.url]
    return subprocess.run(
        [*command, "--no-storage-caching"],
        cwd=forging.CHECKOUT,
        env=forging.environment("invariants", {**variables, **settings}),
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.slow
@pytest.mark.timeout(int(os.environ.get("INVARIANT_SECONDS", "1200")))
def test_no_sequence_of_calls_breaks_an_invariant(ethereum_full: Node) -> None:
    runs, depth = (int(os.environ.get(f"INVARIANT_{name}", value)) for name, value in LIMITS.items())
    done = search(ethereum_full, runs=runs, depth=depth)
    print(done.stdout)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-3000:]


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("fault", FAULTS)
def test_the_search_finds_a_planted_fault(ethereum_full: Node, fault: str) -> None:
    unit, old, new, noticed = FAULTS[fault]
    done = search(ethereum_full, runs=200, depth=100, code=variants.compiled(unit, old, new))
    assert done.returncode != 0
    assert noticed in done.stdout
