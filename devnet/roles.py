"""Accounts that only exist while building and testing: an address by role, no key behind it."""

from __future__ import annotations

from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak


def account(name: str) -> str:
    """The address of a build-time account without a key, named by role."""
    return to_checksum_address(keccak(text=f"devnet {name}")[-20:])
