"""Calldata and results by plain signatures: `encode_call("transfer(address,uint256)", to, 5)`."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from eth_abi.abi import decode as _decode
from eth_abi.abi import encode as _encode
from eth_abi.grammar import TupleType
from eth_abi.grammar import parse as _parse
from eth_utils.crypto import keccak


@lru_cache(maxsize=512)
def argument_types(signature: str) -> tuple[str, ...]:
    """The top-level argument types of "name(type,type)" or of a bare "(type,type)"."""
    text = signature[signature.index("(") :]
    if text == "()":
        return ()
    listing = _parse(text)
    assert isinstance(listing, TupleType)
    return tuple(part.to_type_str() for part in listing.components)


@lru_cache(maxsize=512)
def selector(signature: str) -> bytes:
    """The first four bytes of keccak256 of a function signature without spaces."""
    return keccak(text=signature)[:4]


@lru_cache(maxsize=512)
def topic(signature: str) -> str:
    """keccak256 of an event signature, 0x-prefixed."""
    return "0x" + keccak(text=signature).hex()


def encode_call(signature: str, *arguments: Any) -> bytes:
    """Selector and ABI-encoded arguments. Raises eth_abi's EncodingError when they do not fit."""
    return selector(signature) + encode(signature, *arguments)


def encode(signature: str, *arguments: Any) -> bytes:
    """ABI-encoded arguments alone, as constructors take them; `signature` may be a bare "(uint256)"."""
    return _encode(argument_types(signature), arguments)


def decode(signature: str, data: bytes) -> tuple[Any, ...]:
    """Values of ABI-encoded `data`; `signature` is "(type,type)". Raises eth_abi's DecodingError."""
    return tuple(_decode(argument_types(signature), data))


def storage_key(slot: int, *keys: bytes) -> str:
    """The storage slot of a value in (nested) mappings at `slot`; keys are 32 bytes each."""
    place = slot.to_bytes(32, "big")
    for key in keys:
        place = keccak(key.rjust(32, b"\0") + place)
    return "0x" + place.hex()
