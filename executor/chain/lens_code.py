"""The compiled lens (contracts/lens), as `make generate` wrote it."""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FILE = Path(__file__).with_name("lens_code.json")


@dataclass(frozen=True, slots=True)
class LensCode:
    """`runtime`: MarketLens, to lend to an address. `creation`: MarketLensOnce, to create in a call, with the
    requests behind it.
    """

    runtime: bytes
    creation: bytes


@cache
def lens_code() -> LensCode:
    """The lens, read from the package once."""
    texts = json.loads(FILE.read_text(encoding="utf-8"))
    return LensCode(bytes.fromhex(texts["runtime"]), bytes.fromhex(texts["creation"]))


def lens_text(code: LensCode) -> str:
    """The text of the file that holds `code`."""
    return json.dumps({"creation": code.creation.hex(), "runtime": code.runtime.hex()}, indent=2) + "\n"
