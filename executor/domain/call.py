"""Reads described without doing them.

A `Reading` is a generator: it yields batches of calls and is sent their answers, in order, all from one block; it returns the value read.
The shell drives it over any transport; tests drive it with a dictionary. An answer of None means the call reverted or there is no code.
"""

from collections.abc import Generator
from dataclasses import dataclass
from typing import TypeVar

from executor.domain.address import Address


@dataclass(frozen=True, slots=True)
class EthCall:
    """One `eth_call`: `data` is the full calldata."""

    to: Address
    data: bytes


T = TypeVar("T")
Reading = Generator[tuple[EthCall, ...], tuple[bytes | None, ...], T]
