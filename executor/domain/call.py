"""Reads described without doing them.

A `Reading` is a generator: it yields batches of calls and is sent their answers, in order, all from one
block; it returns the value read. The shell drives it over any transport; tests drive it with a dictionary. An
answer of None means the call reverted or there is no code.
"""

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import TypeVar, cast

from executor.domain.address import Address


@dataclass(frozen=True, slots=True)
class EthCall:
    """One `eth_call`: `data` is the full calldata."""

    to: Address
    data: bytes


T = TypeVar("T")
Reading = Generator[tuple[EthCall, ...], tuple[bytes | None, ...], T]


def drive(reading: Reading[T], answer: Callable[[EthCall], bytes | None]) -> T:
    """Run `reading` to its end, asking `answer` for each call in turn; returns what the reading returns and
    raises what it raises.
    """
    try:
        calls = next(reading)
        while True:
            calls = reading.send(tuple(answer(call) for call in calls))
    except StopIteration as end:
        return cast(T, end.value)
