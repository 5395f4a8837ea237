"""A slow encoder of plans that knows nothing but the published page, docs/plan-format.md, and `eth_abi`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum
from functools import cache
from pathlib import Path
from typing import Any

from eth_abi.packed import encode_packed
from eth_utils.crypto import keccak

from executor.plan.guards import Guard
from executor.plan.header import DecodedPlan, Header
from executor.plan.steps import Step

PAGE = Path(__file__).resolve().parents[2] / "docs" / "plan-format.md"
_HEADING = re.compile(
    r"^### 0x(?P<number>[0-9a-f]{2}) \w+(?: \(0x(?P<turned>[0-9a-f]{2}): (?P<meaning>[^)]+)\))?$"
)
_ROW = re.compile(r"^\| \w+ \| (?P<width>\d+)(?: \+ length)? \| (?P<what>.*) \|$")
_FIELD = re.compile(r"^`(?P<name>\w+)`: [^(]*(?:\((?P<when>[^)]*)\))?")
_NUMBERED = re.compile(r"(\d+) ([A-Z0-9_]+)")
_ATTRIBUTES = {
    "the input is what really arrived at the pair": "measured",
    "who pays the input": "payer",
    "who receives the output": "recipient",
    "how the output is known": "output",
    "which callback the pair calls": "callback",
    "which callback the pool calls": "callback",
    "what the amount is": "kind",
    "what is measured": "kind",
    "indexes are uint256, not int128": "uint256_indexes",
    "the input is the chain's own coin": "native_in",
    "the gem is bought, not sold": "buy",
    "which market": "variant",
    "token1 is borrowed, else token0": "token1",
}
"""The page speaks of flags in words; which attribute of a step each of them is."""
_DIRECTIONS = {"token0 goes in": "zero_for_one", "the base goes in": "sells_base"}
_FOLLOWS = {
    "of a tracked token, which follows": "token",
    "a price limit follows": "price_limit",
    "a continuation follows": "continuation",
}


@dataclass(frozen=True)
class Chapter:
    """One table of the page: its number, that of the other direction, the attribute that says which, and its
    rows (bytes, words).
    """

    number: int
    turned: int
    direction: str
    rows: tuple[tuple[int, str], ...]


@cache
def chapters() -> Mapping[tuple[str, str], Chapter]:
    """The tables by part of the page ("Guards", "Steps") and by the class that they describe, once more by
    class and number.
    """
    found: dict[tuple[str, str], Chapter] = {}
    part, lines = "", PAGE.read_text().splitlines()
    for at, line in enumerate(lines):
        if line.startswith("## "):
            part = line[3:]
        heading = _HEADING.match(line)
        if heading is None:
            continue
        described = lines[at + 2].split("`")[1]
        rows = tuple(_rows(lines, at + 4))
        number = int(heading["number"], 16)
        direction = _DIRECTIONS.get(heading["meaning"], "")
        chapter = Chapter(number, int(heading["turned"] or heading["number"], 16), direction, rows)
        found[part, described] = found[part, f"{described} {number}"] = chapter
    return found


def page_encoded(plan: DecodedPlan) -> bytes:
    """The calldata of a plan by the page."""
    body = keccak(text="execute()")[:4] + _header(plan.header)
    return body + b"".join(_step(step) for step in plan.steps)


def _rows(lines: list[str], at: int) -> Iterator[tuple[int, str]]:
    while at < len(lines) and lines[at].startswith("|"):
        row = _ROW.match(lines[at])
        if row is not None:
            yield int(row["width"]), row["what"]
        at += 1


def _header(header: Header) -> bytes:
    tip = header.tip
    flags = header.settlement_index | (0x08 if header.guards else 0) | (0x10 if tip else 0)
    out: bytes = encode_packed(["uint8", "uint32", "uint96"], [flags, header.deadline, header.minimum_profit])
    if tip is not None:
        given = int(tip.receiver is not None)
        out += encode_packed(["uint8", "uint16", "uint96"], [given, tip.share_bps, tip.fixed])
        out += b"" if tip.receiver is None else encode_packed(["address"], [tip.receiver])
    if header.guards:
        guards = b"".join(_guard(guard) for guard in header.guards)
        out += encode_packed(["uint16", "bytes"], [len(guards), guards])
    return out


def _guard(guard: Guard) -> bytes:
    return _written(guard, chapters()["Guards", type(guard).__name__], turned=False)


def _step(step: Step) -> bytes:
    number = getattr(step, "opcode", None)
    name = type(step).__name__
    chapter = chapters()["Steps", name if number is None else f"{name} {int(number)}"]
    return _written(step, chapter, turned=bool(getattr(step, chapter.direction, False)))


def _written(source: object, chapter: Chapter, *, turned: bool) -> bytes:
    out: bytes = encode_packed(["uint8"], [chapter.turned if turned else chapter.number])
    for width, what in chapter.rows[1:]:
        named = _FIELD.match(what)
        out += _flags(source, chapter, what) if named is None else _field(source, named, width)
    return out


def _field(source: object, named: re.Match[str], width: int) -> bytes:
    value: Any = getattr(source, named["name"])
    if named["when"] and value in (None, ()):
        return b""
    if isinstance(value, tuple):
        body = b"".join(_step(step) for step in value)
        return bytes(encode_packed(["uint16", "bytes"], [len(body), body]))
    if isinstance(value, str):
        return bytes(encode_packed([f"bytes{width}"], [bytes.fromhex(value[2:])]))
    return bytes(encode_packed([f"uint{8 * width}"], [value]))


def _flags(source: object, chapter: Chapter, what: str) -> bytes:
    _, _, words = what.partition(": ")
    byte = 0
    for part in () if words == "must be 0" else words.split("; "):
        mask, _, meaning = (
            part.removeprefix("all bits ").partition(" ") if part[:2] == "0x" else ("0xff", "", part)
        )
        byte |= _bits(source, chapter, meaning.removeprefix("all bits ")) * (int(mask, 16) & -int(mask, 16))
    return bytes([byte])


def _bits(source: object, chapter: Chapter, meaning: str) -> int:
    if meaning.startswith("LAST"):
        amount = next(what for _, what in chapter.rows if "(unless LAST)" in what).split("`")[1]
        return int(getattr(source, amount) is None)
    if meaning in _FOLLOWS:
        return int(getattr(source, _FOLLOWS[meaning]) not in (None, ()))
    words, _, choices = meaning.partition(": ")
    if choices.startswith("always"):
        return int(choices.split()[1])
    value = getattr(source, _ATTRIBUTES[words])
    if isinstance(value, IntEnum):
        return next(int(number) for number, name in _NUMBERED.findall(choices) if name == value.name)
    return int(value)
