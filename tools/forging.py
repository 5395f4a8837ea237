"""How Forge is run here: offline, with the pinned compiler, by the profiles of tools/foundry.toml."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from devnet import toolchain
from devnet.compiler import project_settings

CHECKOUT = toolchain.CHECKOUT


def environment(profile: str, more: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment of a Forge that works by `profile`. Raises ToolMissingError."""
    version, _ = project_settings()
    return {
        **toolchain.environment(),
        "FOUNDRY_CONFIG": "tools/foundry.toml",
        "FOUNDRY_PROFILE": profile,
        "FOUNDRY_SOLC": str(toolchain.solc_path(version)),
        "FOUNDRY_OFFLINE": "true",
        **(more or {}),
    }


def output(profile: str) -> Path:
    """Where `profile` leaves what it compiled, from the checkout's root."""
    return Path(".forge") / profile / "out"
