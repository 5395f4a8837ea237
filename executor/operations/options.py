"""Options that several commands share, and what they stand for."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from executor.domain.errors import ConfigError

if TYPE_CHECKING:
    from executor.config.settings import Settings

DEFAULT_CONFIG = Path("config.yaml")

ConfigOption = Annotated[
    Path | None,
    typer.Option(
        "--config",
        "-c",
        envvar="EXECUTOR_CONFIG",
        help=f"Settings file. Default: {DEFAULT_CONFIG} where it is there, else the environment alone.",
    ),
]
DebugOption = Annotated[
    bool, typer.Option("--debug", help="Log every step and show tracebacks on standard error.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]


def settings_of(path: Path | None) -> "Settings":
    """The settings at `path`, or where they are looked for without one. Raises ConfigError."""
    from executor.config.settings import load_settings

    chosen = path or (DEFAULT_CONFIG if DEFAULT_CONFIG.exists() else None)
    settings = load_settings(chosen)
    if not settings.chains:
        raise ConfigError(
            "chains",
            "no chain is configured",
            fix=f"give --config, or write {DEFAULT_CONFIG} after examples/config.yaml",
        )
    return settings
