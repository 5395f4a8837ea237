"""Contract calls and their answers as plain values, for reads that others carry out."""

from functools import cache

from eth_abi.codec import ABICodec
from eth_abi.decoding import UnsignedIntegerDecoder
from eth_abi.encoding import UnsignedIntegerEncoder
from eth_abi.exceptions import DecodingError
from eth_abi.registry import BaseEquals, registry
from eth_hash.auto import keccak

from executor.domain.address import ZERO_ADDRESS, Address, to_address
from executor.domain.call import EthCall


def _strict_codec() -> ABICodec:
    """A codec of our own: importing Ape makes eth_abi's shared one fill up answers that are cut short."""
    own = registry.copy()  # type: ignore[no-untyped-call]
    own.unregister("uint")
    uint = BaseEquals("uint")  # type: ignore[no-untyped-call]
    own.register(uint, UnsignedIntegerEncoder, UnsignedIntegerDecoder, label="uint")
    return ABICodec(own)


CODEC = _strict_codec()
"""Encodes and decodes ABI values; refuses answers that are too short."""


@cache
def selector(signature: str) -> bytes:
    """The four bytes that name a function: `selector("token0()")`."""
    return keccak(signature.encode())[:4]


@cache
def _argument_types(signature: str) -> tuple[str, ...]:
    inner = signature[signature.index("(") + 1 : -1]
    return tuple(inner.split(",")) if inner else ()


def eth_call(to: Address, signature: str, *arguments: object) -> EthCall:
    """A call of `signature` (elementary types only) at `to`."""
    return EthCall(to, selector(signature) + CODEC.encode(_argument_types(signature), arguments))


def decoded(answer: bytes | None, *types: str) -> tuple[object, ...] | None:
    """The first values of an answer, or None where the call reverted, nothing stands there, or the answer is
    not of these types.

    What follows the asked types is ignored: forks of a protocol lengthen their answers.
    """
    if answer is None:
        return None
    try:
        return CODEC.decode(types, answer)
    except (DecodingError, OverflowError):
        return None


def decoded_int(answer: bytes | None, kind: str = "uint256") -> int | None:
    """One integer of the ABI type `kind`, or None as for `decoded`."""
    values = decoded(answer, kind)
    return values[0] if values is not None and isinstance(values[0], int) else None


def decoded_address(answer: bytes | None) -> Address | None:
    """One address other than zero, or None as for `decoded`."""
    values = decoded(answer, "address")
    if values is None:
        return None
    address = to_address(values[0])
    return address if address != ZERO_ADDRESS else None
