"""Multicall3: the runtime code that Ape carries, at the address it has on every chain."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

from devnet.addresses import AddressBook
from devnet.artifacts import code_hash
from devnet.errors import BuildError
from devnet.place import Placer

CODE_HASH_PREFIX = "0xd5c15df6"
FIX = "install the pinned eth-ape"


def build(place: Placer, book: AddressBook) -> None:
    """Put the code in place. Raises BuildError when Ape carries another build."""
    code = runtime_code()
    if not code_hash(code).startswith(CODE_HASH_PREFIX):
        raise BuildError(f"Ape's Multicall3 has code hash {code_hash(code)}", FIX)
    place.node.set_code(book.contracts["multicall3"], code)


def runtime_code() -> bytes:
    """Multicall3's runtime code out of Ape's source. Raises BuildError when it is not there.

    Read as text: importing Ape takes longer than building half the chain.
    """
    spec = importlib.util.find_spec("ape_ethereum")
    if spec is None or spec.origin is None:
        raise BuildError("Ape is not installed", FIX)
    text = (Path(spec.origin).parent / "multicall" / "constants.py").read_text()
    expression = re.search(r"^MULTICALL3_CODE = HexBytes\((.*?)\)$", text, re.DOTALL | re.MULTILINE)
    if expression is None:
        raise BuildError("Ape carries no Multicall3 where it used to", FIX)
    parts = re.findall(r'"(?:0x)?([0-9a-f]*)"', expression.group(1))
    return bytes.fromhex("".join(parts))
