"""JSON texts from outside, of which nothing is known yet."""

import json
import re
from typing import Any

MOST_NESTED = 256
"""Arrays and objects within each other; what nodes and people send has a dozen at most."""

_ROUNDS = 24
_BRACKETS = b"[]{}"
_ALL_OTHERS = bytes(byte for byte in range(256) if byte not in _BRACKETS)
# Each text begins at a quote, and one without an end takes in all that is left: nothing is looked at twice.
_TEXT = re.compile(rb'"(?:[^"\\]++|\\.)*+"?', re.DOTALL)


def load_json(text: str | bytes | bytearray, **parsers: Any) -> Any:
    """The values in a JSON text; `parsers` as those of `json.loads`. Bytes are UTF-8 and nothing else.

    Raises ValueError as that does, and RecursionError for more than MOST_NESTED within each other. Python's
    own limit is not enough: libraries raise it for the whole process (py_ecc to 100,000), and a text that is
    nested so deep then ends the process itself.
    """
    # Python would also read UTF-16 and UTF-32, whose bytes are other characters to whoever counts brackets.
    characters = text if isinstance(text, str) else str(text, "utf-8-sig")
    if is_too_deep(text.encode(errors="replace") if isinstance(text, str) else text):
        raise RecursionError(f"more than {MOST_NESTED} arrays and objects within each other")
    return json.loads(characters, **parsers)


def is_too_deep(text: bytes | bytearray) -> bool:
    """Whether more than MOST_NESTED brackets are open at once, also in a text that is no JSON."""
    brackets = text.translate(None, _ALL_OTHERS)
    for _ in range(_ROUNDS):
        if len(brackets) <= MOST_NESTED // 2:
            return False
        brackets = brackets.replace(b"[]", b"").replace(b"{}", b"")
    opened = 0
    for bracket in _TEXT.sub(b"", text).translate(None, _ALL_OTHERS):
        opened += 1 if bracket in b"[{" else -1
        if opened > MOST_NESTED:
            return True
    return False
