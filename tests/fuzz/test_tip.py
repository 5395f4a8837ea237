"""The product of the tip is beyond what the prover takes: it is compared with the exact formula at random."""

from __future__ import annotations

import json
import subprocess
from typing import Any

import pytest

from devnet import toolchain
from tools import forging

RUNS = 20_000


def ended(contract: str) -> dict[str, str]:
    """How each fuzz test of `contract` ended, by its name."""
    done = subprocess.run(
        [str(toolchain.forge_path()), "test", "--root", ".", "--json", "--match-contract", f"^{contract}$"],
        cwd=forging.CHECKOUT,
        env=forging.environment("fuzz", {"FOUNDRY_FUZZ_RUNS": str(RUNS)}),
        capture_output=True,
        text=True,
        check=False,
    )
    suites: dict[str, Any] = json.loads(done.stdout)
    results = [entry for suite in suites.values() for entry in suite["test_results"].items()]
    return {name.partition("(")[0].removeprefix("testFuzz_"): result["status"] for name, result in results}


@pytest.mark.timeout(300)
def test_the_tip_is_the_exact_share_and_fixed_part_clamped() -> None:
    assert ended("TipFuzz") == {
        "theTipIsTheShareAndTheFixedPartAndLeavesTheMinimum": "Success",
        "theSameForProfitsOfTheFixedPartsSize": "Success",
        "aProductThatFitsIntoNoWordReverts": "Success",
    }


@pytest.mark.timeout(300)
def test_a_formula_that_is_one_off_is_told_from_the_right_one() -> None:
    assert ended("TipCanary") == {"theShareIsRoundedUp": "Failure"}
