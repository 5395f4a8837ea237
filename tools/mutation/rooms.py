"""The rooms that are mutated, the tests that guard each, and the mutants that are no faults."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import yaml

from tools.forging import CHECKOUT

EQUIVALENT = Path(__file__).with_name("equivalent.yaml")


@dataclass(frozen=True)
class Room:
    """Source units of contracts/, and which files of tests/ are run for them, as patterns, in order."""

    units: tuple[str, ...]
    tests: tuple[str, ...]

    def files(self) -> tuple[str, ...]:
        """The test files, by their paths from the checkout; each once."""
        found = [file for pattern in self.tests for file in sorted((CHECKOUT / "tests").glob(pattern))]
        return tuple(dict.fromkeys(file.relative_to(CHECKOUT).as_posix() for file in found))


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
COMMON = tuple(f"contracts/test_{name}.py" for name in ("rules", "execution", "batch", "simulate"))
ROOMS = {
    "guard": Room(
        ("base/CallbackGuard.sol",),
        (
            *COMMON,
            "contracts/test_contracts_as_callers.py",
            "contracts/test_running_alone.py",
            "attacks/test_a0*.py",
            "attacks/test_a10*.py",
            "attacks/test_a4[13]*.py",
            "contracts/lenders/test_*.py",
        ),
    ),
    "profit": Room(
        ("base/ProfitRule.sol", "base/Trading.sol", "base/TrackedTokens.sol"),
        (
            *COMMON,
            "contracts/test_running_alone.py",
            "contracts/test_unreadable_balances.py",
            "contracts/test_edges_of_a_trade.py",
            "contracts/venues/test_measuring.py",
            "contracts/test_stolen_operator_key.py",
            "contracts/test_attack_arrivals.py",
            "contracts/venues/test_guards.py",
            "contracts/test_plan_format_on_chain.py",
            "attacks/test_a1[89]*.py",
            "attacks/test_a2*.py",
        ),
    ),
    "roles": Room(
        ("base/Gate.sol", "base/Roles.sol", "base/SettlementTokens.sol", "base/Rescue.sol"),
        (
            "contracts/test_roles.py",
            "contracts/test_contracts_as_callers.py",
            "contracts/test_role_events.py",
            "contracts/test_settlement_tokens.py",
            "contracts/test_edges_of_roles.py",
            "attacks/test_a3[4-9]*.py",
            "contracts/test_batch.py",
            "contracts/test_rules.py",
        ),
    ),
    "payment": Room(
        ("base/Payments.sol", "base/Settle.sol"),
        (
            "contracts/test_unreadable_balances.py",
            "contracts/test_edges_of_a_trade.py",
            *COMMON,
            "contracts/test_roles.py",
            "attacks/test_a1[1-9]*.py",
            "attacks/test_a29*.py",
            "attacks/test_a27*.py",
            "contracts/venues/test_odd*.py",
            "contracts/venues/test_recipients.py",
            "attacks/test_a07*.py",
        ),
    ),
    "batch": Room(
        ("base/Batch.sol", "base/Tip.sol"),
        (
            "contracts/test_batch.py",
            "contracts/test_edges_of_a_batch.py",
            "attacks/test_a22*.py",
            "attacks/test_a42*.py",
            *COMMON,
            "contracts/venues/test_guards.py",
        ),
    ),
}


def equivalents(file: Path = EQUIVALENT) -> dict[str, str]:
    """Why each mutant listed, by its name behind its unit's, behaves as the original does."""
    entries = yaml.safe_load(file.read_text(encoding="utf-8")) or []
    return {f"{entry['unit']} {entry['mutant']}": entry["reason"] for entry in entries}
