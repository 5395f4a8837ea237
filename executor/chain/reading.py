"""Drives readings: each round of calls is one batch, every round in the state of the same block."""

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from executor.chain.blocks import Block
from executor.chain.calls import call_many
from executor.chain.rpc import Rpc
from executor.domain.call import EthCall, Reading

T = TypeVar("T")
Ask = Callable[[Rpc, Sequence[EthCall], Block], Awaitable[tuple[bytes | None, ...]]]
"""How one round of calls is answered."""


async def read(rpc: Rpc, reading: Reading[T], block: Block = "latest") -> T:
    """The value that `reading` reads at `block`. Pass a BlockHead to pin several rounds to one state. Raises
    NodeError.
    """
    return (await read_all(rpc, [reading], block))[0]


async def read_all(
    rpc: Rpc, readings: Sequence[Reading[T]], block: Block = "latest", ask: Ask = call_many
) -> list[T]:
    """The values of many readings in order; their calls share one batch a round. Raises NodeError, or what a
    reading raises.
    """
    values: dict[int, T] = {}
    pending: dict[int, tuple[EthCall, ...]] = {}
    for index, reading in enumerate(readings):
        _step(index, reading, None, pending, values)
    while pending:
        asked = list(pending.items())
        answers = await ask(rpc, [item for _, calls in asked for item in calls], block)
        pending.clear()
        position = 0
        for index, calls in asked:
            share = answers[position : position + len(calls)]
            position += len(calls)
            _step(index, readings[index], share, pending, values)
    return [values[index] for index in range(len(readings))]


def _step(
    index: int,
    reading: Reading[T],
    answers: tuple[bytes | None, ...] | None,
    pending: dict[int, tuple[EthCall, ...]],
    values: dict[int, T],
) -> None:
    """Hand `answers` to one reading; note what it asks next, or the value it ends with."""
    try:
        pending[index] = next(reading) if answers is None else reading.send(answers)
    except StopIteration as stop:
        values[index] = stop.value
