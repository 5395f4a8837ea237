"""Addresses as EIP-55 checksummed text."""

from functools import lru_cache
from typing import NewType

from eth_utils.address import (
    is_checksum_address,
    is_checksum_formatted_address,
    is_hex_address,
    to_checksum_address,
)

from executor.domain.errors import AddressError

Address = NewType("Address", str)

ZERO_ADDRESS = Address("0x" + "00" * 20)


KEPT = 65_536
"""Addresses whose checksum is remembered: each takes a hash, and the same few come again and again."""


def to_address(value: object, field: str = "address") -> Address:
    """Return `value` as a checksummed address.

    All-lower-case and all-upper-case are accepted; mixed case must carry a right checksum, since a wrong one
    is a typing error. Raises AddressError naming `field`.
    """
    if not isinstance(value, str) or not is_hex_address(value) or not value.startswith("0x"):
        raise AddressError(
            field, f"{value!r} is not an address", fix="give 0x followed by 40 hexadecimal digits"
        )
    found = _checksummed(value)
    if found is None:
        raise AddressError(
            field, f"{value} has a wrong checksum", fix="copy the address again, or write it in lower case"
        )
    return found


@lru_cache(maxsize=KEPT)
def _checksummed(value: str) -> Address | None:
    """The address with its checksum; None where it carries a wrong one."""
    if is_checksum_formatted_address(value) and not is_checksum_address(value):
        return None
    return Address(to_checksum_address(value))
