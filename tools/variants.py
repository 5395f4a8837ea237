"""The router's code with something in it changed: what tests that must notice a fault are tried on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from devnet import compiler
from devnet.artifacts import Artifact
from tools.forging import CHECKOUT

PARTS = ("ArbRouter", "RouterControl", "RouterExtension", "RouterSimulator")


def sources() -> dict[str, str]:
    """The text of every source unit that the router's parts are made of, by its name."""
    return dict(sorted(compiler.gather(targets(), CHECKOUT).items()))


# Just enough for the parts to stay below the size limit, and for the stack to hold all variables of assembly.
DETAILS = {
    "peephole": True,
    "jumpdestRemover": True,
    "inliner": True,
    "deduplicate": True,
    "cse": False,
    "constantOptimizer": False,
    "yul": True,
}


def settings() -> tuple[str, dict[str, Any]]:
    """Compiler version and settings by which variants are compiled: the quick way, ten times faster."""
    version, project = compiler.project_settings()
    return version, {**project, "viaIR": False, "optimizer": {"enabled": False, "details": DETAILS}}


def targets() -> list[str]:
    """The source units whose contracts are deployed."""
    return [f"contracts/{part}.sol" for part in PARTS]


def compiled(unit: str, old: str, new: str) -> Mapping[str, Artifact]:
    """The router's parts with `old` replaced by `new`, once, in the source `unit`.

    Raises ValueError when `old` does not stand there exactly once, CompileError.
    """
    texts = sources()
    if texts[unit].count(old) != 1:
        raise ValueError(f"{old!r} stands {texts[unit].count(old)} times in {unit}; name a place")
    texts[unit] = texts[unit].replace(old, new)
    version, chosen = settings()
    return compiler.compile(texts, version=version, settings=chosen, targets=targets())
