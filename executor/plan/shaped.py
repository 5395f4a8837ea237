"""Layouts carried out fast.

Which flags and fields a step has depends on few of its attributes: for each combination of those it is worked
out once, by the table, and remembered as a shape. What a shape cannot write goes through the table, which
names what is wrong.
"""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter
from typing import Any

from executor.domain.errors import PlanError
from executor.plan import format as f
from executor.plan.layout import Flags, Layout

_ABSENT = (None, ())

_Piece = tuple[bytes, Callable[[Any, int], bytes], int, int]
"""Bytes as they stand, and the field behind them: its writer, its place among the attributes, its width."""


class Shaped:
    """Writes what one layout describes: byte for byte what `layout.encode` writes."""

    __slots__ = ("_attributes", "_choices", "_directed", "_direction", "_layout", "_optional", "_shapes")

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._directed = layout.directed
        self._direction = layout.direction
        names = layout.attributes
        bits = [one for part in layout.parts if isinstance(part, Flags) for one in part.bits]
        self._attributes = _getter(names)
        self._choices = tuple(names.index(one.name) for one in bits if one.is_attribute)
        self._optional = tuple(names.index(one.of) for one in bits if one.of)
        self._shapes: dict[tuple[object, ...], tuple[_Piece, ...]] = {}

    def __call__(self, source: object) -> bytes:
        """The bytes of `source`. Raises PlanError as `layout.encode` does."""
        values = self._attributes(source)
        key = (
            self._directed and getattr(source, self._direction, False),
            *[values[at] for at in self._choices],
            *[values[at] in _ABSENT for at in self._optional],
        )
        pieces = self._shapes.get(key)
        if pieces is None:
            whole = self._layout.encode(source)
            self._shapes[key] = _pieces(self._layout, source)
            return whole
        try:
            return b"".join([fixed + write(values[at], width) for fixed, write, at, width in pieces])
        except PlanError:
            raise
        except (ValueError, OverflowError, TypeError, AttributeError):
            return self._layout.encode(source)


def _getter(names: tuple[str, ...]) -> Callable[[object], tuple[Any, ...]]:
    if len(names) > 1:
        return attrgetter(*names)
    return lambda source: tuple(getattr(source, name) for name in names)


def _pieces(layout: Layout, source: object) -> tuple[_Piece, ...]:
    """The shape of `source`, which the table has found good."""
    values = {name: getattr(source, name) for name in layout.attributes}
    direction = f.ZERO_FOR_ONE if layout.directed and getattr(source, layout.direction, False) else 0
    found: list[_Piece] = []
    fixed = bytes([layout.number | direction])
    for part in layout.parts:
        if isinstance(part, Flags):
            fixed += bytes([sum(bits.write(values) for bits in part.bits)])
        elif part.there(values):
            found.append((fixed, _WRITERS[part.kind], layout.attributes.index(part.name), part.width))
            fixed = b""
    return (*found, (fixed, _nothing, 0, 0)) if fixed else tuple(found)


def _nothing(_value: object, _width: int) -> bytes:
    return b""


def _uint(value: int, width: int) -> bytes:
    return value.to_bytes(width, "big")


def _hex(value: str, width: int) -> bytes:
    raw = bytes.fromhex(value[2:])
    if len(raw) != width or value[:2] != "0x":
        raise ValueError(value)
    return raw


def _steps(value: Any, width: int) -> bytes:
    body = b"".join([step.encode() for step in value])
    return len(body).to_bytes(f.LENGTH_BYTES, "big") + body


_WRITERS: dict[str, Callable[[Any, int], bytes]] = {
    "uint": _uint,
    "address": _hex,
    "hex": _hex,
    "steps": _steps,
}
