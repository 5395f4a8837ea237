"""Readings of the pure core, answered by a local node."""

from __future__ import annotations

from typing import TypeVar

from devnet import Node
from devnet.errors import RpcError
from executor.domain.call import EthCall, Reading, drive
from executor.domain.errors import TicksUnknownError
from executor.domain.market import V3State
from executor.venues import uniswap_v3

T = TypeVar("T")


def read_from(node: Node, reading: Reading[T]) -> T:
    """Carry a reading out, call by call; None stands for a call that reverted."""

    def answer(call: EthCall) -> bytes | None:
        try:
            return node.call(call.to, call.data)
        except RpcError:
            return None

    return drive(reading, answer)


def quote_reading_on(node: Node, state: V3State, zero_for_one: bool, amount: int) -> uniswap_v3.V3Quote:
    """The quote on as many ticks as it takes."""
    while True:
        try:
            return uniswap_v3.quote(state, zero_for_one, amount)
        except TicksUnknownError as error:
            wider = read_from(node, uniswap_v3.extend(state, error.facts["toward_low"] is True))
            assert (wider.known_low, wider.known_high) != (state.known_low, state.known_high)
            state = wider
