"""Validation errors as one ConfigError that names the key and what to do."""

import difflib
from collections.abc import Iterator
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from executor.config.fields import first_problem
from executor.domain.errors import ConfigError


def config_error(error: ValidationError, model: type[BaseModel], *, prefix: str = "") -> ConfigError:
    """The first problem of `error` in words. Never carries the value, which may be a secret."""
    path, problem, kind = first_problem(error)
    field = f"{prefix}{path}"
    if kind == "extra_forbidden":
        return ConfigError(
            field, "no such key", fix=_spelling(path.rsplit(".", 1)[-1], set(_keys(model, set())))
        )
    if kind == "missing":
        return ConfigError(field, "this key is missing", fix="add it")
    more = error.error_count() - 1
    return ConfigError(
        field, problem, fix="correct this value" + (f" ({more} more to correct)" if more else "")
    )


def _spelling(key: str, known: set[str]) -> str:
    close = difflib.get_close_matches(key, known, n=1)
    return f"did you mean {close[0]}?" if close else "remove it, or see examples/config.yaml for the keys"


def _keys(annotation: Any, seen: set[Any]) -> Iterator[str]:
    """Every key that stands anywhere in a tree of models."""
    for part in get_args(annotation):
        yield from _keys(part, seen)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel) and annotation not in seen:
        seen.add(annotation)
        for name, field in annotation.model_fields.items():
            yield name
            yield from _keys(field.annotation, seen)
