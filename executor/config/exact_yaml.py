"""YAML in which a number is the text that was written: no binary float, no octal surprise, no address read as
an int.
"""

from collections.abc import Hashable
from pathlib import Path
from typing import Any

import yaml

from executor.domain.errors import ConfigError

_KEPT = ("tag:yaml.org,2002:bool", "tag:yaml.org,2002:null", "tag:yaml.org,2002:merge")


class _ExactLoader(yaml.SafeLoader):
    """Resolves true/false and null only; every other scalar stays text. A key that stands twice is
    refused.
    """

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            name = str(key.value)
            if name in seen and name != "<<":
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {name!r} stands twice", key.start_mark
                )
            seen.add(name)
        return super().construct_mapping(node, deep)


_ExactLoader.yaml_implicit_resolvers = {
    first: kept
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    if (kept := [(tag, pattern) for tag, pattern in resolvers if tag in _KEPT])
}


def load_yaml(path: Path) -> dict[str, object]:
    """The mapping in the YAML file at `path`, numbers as text. Raises ConfigError when it cannot be read or
    is no mapping.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError(
            str(path), f"the file cannot be read ({error.strerror})", fix="check the path given"
        ) from None
    except UnicodeDecodeError:
        raise ConfigError(str(path), "the file is not UTF-8 text", fix="save it as UTF-8") from None
    return parse_yaml(text, name=str(path))


def parse_yaml(text: str, *, name: str) -> dict[str, object]:
    """As `load_yaml`, from text; `name` stands for the file in errors."""
    try:
        loaded = yaml.load(text, Loader=_ExactLoader)  # noqa: S506 - a subclass of SafeLoader
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" in line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        problem = getattr(error, "problem", None) or "it cannot be parsed"
        raise ConfigError(
            name, f"the file is not valid YAML{where}: {problem}", fix="correct that line"
        ) from None
    if loaded is None:
        return {}
    if not isinstance(loaded, dict) or not all(isinstance(key, str) for key in loaded):
        raise ConfigError(
            name, "the file must hold a mapping of names to values", fix="see examples/config.yaml"
        )
    return loaded
