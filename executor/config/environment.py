"""Environment variables over the settings file, and the per-user folders."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, EnvSettingsSource
from pydantic_settings.sources.utils import parse_env_vars

from executor.domain.errors import ConfigError

ENVIRONMENT_PREFIX = "EXECUTOR__"


def process_environment() -> Mapping[str, str]:
    """The environment of this process."""
    return os.environ


def data_folder(environ: Mapping[str, str]) -> Path:
    """The per-user folder for durable data: $XDG_DATA_HOME or ~/.local/share, then arbitrage-executor."""
    base = environ.get("XDG_DATA_HOME")
    home = Path(environ["HOME"]) if environ.get("HOME") else Path.home()
    return (Path(base) if base else home / ".local" / "share") / "arbitrage-executor"


class EnvironmentSource(EnvSettingsSource):
    """EXECUTOR__A__B=value as {a: {b: value}}; numbers inside JSON values are kept as text, as in the YAML
    file.
    """

    def __init__(self, settings_cls: type[BaseSettings], environ: Mapping[str, str]) -> None:
        self._environ = environ
        super().__init__(settings_cls)

    def _load_env_vars(self) -> Mapping[str, str | None]:
        return parse_env_vars(
            self._environ, self.case_sensitive, self.env_ignore_empty, self.env_parse_none_str
        )

    def decode_complex_value(self, field_name: str, field: FieldInfo, value: Any) -> Any:
        """JSON with exact numbers; anything else stays text, so that validation can name the key."""
        if not isinstance(value, str) or not value.lstrip().startswith(("{", "[")):
            return value
        try:
            return json.loads(value, parse_float=str, parse_int=str)
        except ValueError:
            return value

    def over(self, written: Mapping[str, object]) -> dict[str, object]:
        """`written` with the variables laid over it, key by key. Raises ConfigError for a variable that names
        no setting.
        """
        self._refuse_strangers()
        return _laid_over(written, self())

    def _refuse_strangers(self) -> None:
        for name in self._environ:
            upper = name.upper()
            if not upper.startswith(ENVIRONMENT_PREFIX):
                continue
            first = upper[len(ENVIRONMENT_PREFIX) :].split("__")[0].lower()
            if first not in self.settings_cls.model_fields:
                known = ", ".join(self.settings_cls.model_fields)
                raise ConfigError(
                    name,
                    "this environment variable names no setting",
                    fix=f"unset it, or name one of: {known}",
                )


def _laid_over(below: Mapping[str, object], above: Mapping[str, object]) -> dict[str, object]:
    """Mappings merged key by key; anything else in `above` wins."""
    merged = dict(below)
    for key, value in above.items():
        under = merged.get(key)
        merged[key] = (
            _laid_over(under, value) if isinstance(under, Mapping) and isinstance(value, Mapping) else value
        )
    return merged
