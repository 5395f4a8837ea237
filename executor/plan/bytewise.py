"""Single fields: integers, addresses and hashes to bytes and back. A value that does not fit is an error,
never cut off; a read past the end is an error, never zeros.
"""

from __future__ import annotations

from collections.abc import Callable

from executor.domain.address import Address, to_address
from executor.domain.errors import PlanError
from executor.plan.format import ADDRESS_BYTES, LENGTH_BYTES, POOL_STEP_BYTES


def put_uint(value: int, width: int, name: str) -> bytes:
    """`value` in `width` bytes, the highest first. Raises PlanError naming the field."""
    if value < 0 or value >= 1 << (8 * width):
        raise PlanError(
            f"{name} {value} does not fit in {width} bytes.",
            fix="make the trade smaller or split it",
            field=name,
        )
    return value.to_bytes(width, "big")


def put_hex(value: str, width: int, name: str) -> bytes:
    """The `width` bytes that 0x-prefixed hexadecimal digits write. Raises PlanError naming the field."""
    try:
        raw = bytes.fromhex(value.removeprefix("0x"))
    except ValueError:
        raw = b""
    if len(raw) != width:
        raise PlanError(
            f"{name} {value[:80]!r} is not {width} bytes of hexadecimal digits.",
            fix=f"give {2 * width} digits behind 0x",
            field=name,
        )
    return raw


MOST_NESTED = 48
"""Steps within steps, deeper than the router's stack allows."""


class Reader:
    """Walks bytes and refuses to walk past `end`. `step` reads the next step of a continuation."""

    def __init__(
        self, data: bytes, at: int, end: int, step: Callable[[Reader], object], depth: int = 0
    ) -> None:
        self.data, self.at, self.end, self._step, self._depth = data, at, end, step, depth

    def take(self, width: int) -> bytes:
        """The next `width` bytes. Raises PlanError where fewer are left."""
        self.require(self.at, width, "a field")
        self.at += width
        return self.data[self.at - width : self.at]

    def uint(self, width: int) -> int:
        """The next `width` bytes as an integer."""
        return int.from_bytes(self.take(width), "big")

    def address(self) -> Address:
        """The next 20 bytes as an address."""
        return to_address("0x" + self.take(ADDRESS_BYTES).hex())

    def peek_pool_step(self, at: int) -> None:
        """A hop that sends to the next pool reads it out of the step at `at`: it must be there."""
        self.require(at, POOL_STEP_BYTES, "the next pool")

    def inner(self) -> Reader:
        """The bytes behind a length, as a reader of their own; this one goes on behind them."""
        length = self.uint(LENGTH_BYTES)
        self.require(self.at, length, "what its length announces")
        if self._depth == MOST_NESTED:
            raise PlanError(
                f"The plan nests more than {MOST_NESTED} steps within each other.",
                fix="check where these bytes come from",
                depth=self._depth,
            )
        inside = Reader(self.data, self.at, self.at + length, self._step, self._depth + 1)
        self.at += length
        return inside

    def steps(self) -> tuple[object, ...]:
        """All steps up to the end."""
        found: list[object] = []
        while self.at < self.end:
            found.append(self._step(self))
        return tuple(found)

    def require(self, at: int, width: int, what: str) -> None:
        """Raises PlanError unless `width` bytes stand at `at` before the end."""
        if at + width > self.end:
            raise PlanError(
                f"The plan ends at byte {self.end}, {what} reaches to byte {at + width}.",
                fix="copy the whole calldata",
                needed=at + width,
                available=self.end,
            )
