"""The rooms that are mutated, the tests that guard each, and the mutants that are no faults."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import yaml

EQUIVALENT = Path(__file__).with_name("equivalent.yaml")


@dataclass(frozen=True)
class Room:
    """Source units of contracts/, and the tests of tests/contracts that are run for them, in order."""

    units: tuple[str, ...]
    tests: tuple[str, ...]


# Searches at random take long and find late; the tests that name a rule find its mutants. Gas and size are
# another compiler pipeline's here.
LEFT_OUT = (
    "random",
    "one_byte_changed",
    "other_code_generator",
    "thief",
    "deployed_code",
    "every_opcode",
    "own_gas",
)
COMMON = ("test_callbacks.py", "test_rules.py", "test_execution.py", "test_batch.py", "test_simulate.py")
ROOMS = {
    "guard": Room(
        ("base/CallbackGuard.sol",),
        (
            *COMMON,
            "test_attack_reentry.py",
            "test_attack_change.py",
            "lenders",
            "test_plan_format_on_chain.py",
        ),
    ),
    "profit": Room(
        ("base/ProfitRule.sol", "base/Trading.sol", "base/TrackedTokens.sol"),
        (*COMMON, "test_stolen_operator_key.py", "test_attack_arrivals.py", "test_plan_format_on_chain.py"),
    ),
    "roles": Room(
        ("base/Gate.sol", "base/Roles.sol", "base/SettlementTokens.sol", "base/Rescue.sol"),
        ("test_roles.py", "../attacks/test_a34_role_matrix.py", *COMMON),
    ),
    "payment": Room(
        ("base/Payments.sol", "base/Settle.sol"),
        (
            *COMMON,
            "test_roles.py",
            "../attacks/test_a34_role_matrix.py",
            "../attacks/test_a27_boundary_amounts.py",
            "venues",
            "lenders",
        ),
    ),
    "batch": Room(("base/Batch.sol", "base/Tip.sol"), ("test_batch.py", *COMMON)),
}


def equivalents(file: Path = EQUIVALENT) -> dict[str, str]:
    """Why each mutant listed, by its name behind its unit's, behaves as the original does."""
    entries = yaml.safe_load(file.read_text(encoding="utf-8")) or []
    return {f"{entry['unit']} {entry['mutant']}": entry["reason"] for entry in entries}
