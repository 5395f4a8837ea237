"""JSON-RPC's own notations, read strictly: a wrong answer of a node is named, never guessed at."""

import re
from collections.abc import Mapping

from executor.domain.address import Address, to_address
from executor.domain.errors import AddressError, NodeError

_QUANTITY = re.compile(r"0x[0-9a-fA-F]{1,64}")
_DATA = re.compile(r"0x(?:[0-9a-fA-F]{2})*")


def answer_error(field: str, problem: str) -> NodeError:
    """The node answered, but `field` of the answer makes no sense."""
    return NodeError(
        f"The node's answer is wrong: {field} {problem}.",
        fix="use another node, or tell its provider",
        field=field,
    )


def quantity(value: object, field: str) -> int:
    """A hexadecimal quantity ("0x1b4") as an int of at most 256 bits. Raises NodeError naming `field`."""
    if not isinstance(value, str) or not _QUANTITY.fullmatch(value):
        raise answer_error(field, "is not a hexadecimal quantity")
    return int(value, 16)


def hex_data(value: object, field: str, length: int | None = None) -> bytes:
    """Hexadecimal data, of `length` bytes if given. Raises NodeError naming `field`."""
    if not isinstance(value, str) or not _DATA.fullmatch(value):
        raise answer_error(field, "is not hexadecimal data")
    data = bytes.fromhex(value[2:])
    if length is not None and len(data) != length:
        raise answer_error(field, f"has {len(data)} bytes instead of {length}")
    return data


def hash_text(value: object, field: str) -> str:
    """A 32-byte hash as lower-case text. Raises NodeError naming `field`."""
    return "0x" + hex_data(value, field, 32).hex()


def address_of(value: object, field: str) -> Address:
    """An address. Raises NodeError naming `field`."""
    try:
        return to_address("0x" + hex_data(value, field, 20).hex())
    except AddressError:
        raise answer_error(field, "is not an address") from None


def member(answer: object, key: str, field: str) -> object:
    """`answer[key]` of an object that must have it. Raises NodeError naming `field`.key."""
    if not isinstance(answer, Mapping):
        raise answer_error(field, "is not an object")
    if answer.get(key) is None:
        raise answer_error(f"{field}.{key}", "is missing")
    return answer[key]


def to_quantity(value: int) -> str:
    """An int as JSON-RPC writes it."""
    return hex(value)


def to_data(value: bytes) -> str:
    """Bytes as JSON-RPC writes them."""
    return "0x" + value.hex()
