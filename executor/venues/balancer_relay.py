"""How Balancer's lenses are asked (contracts/lens/Relay.sol): calls one after another, answers likewise."""

from collections.abc import Iterable

from executor.domain.call import EthCall

LENGTH_BYTES = 3
REFUSED = 2 ** (8 * LENGTH_BYTES) - 1
"""Stands for the length of an answer that there is not."""


def relay_request(calls: Iterable[EthCall]) -> bytes:
    """The calls, each as its target, the length of its data in two bytes, and its data."""
    return b"".join(
        bytes.fromhex(call.to[2:]) + len(call.data).to_bytes(2, "big") + call.data for call in calls
    )


def relayed(answer: bytes) -> tuple[bytes | None, ...] | None:
    """The answers in the order of the calls, then what the lens asked by itself; None if it is malformed."""
    found: list[bytes | None] = []
    while answer:
        length = int.from_bytes(answer[:LENGTH_BYTES])
        if length == REFUSED:
            found.append(None)
            answer = answer[LENGTH_BYTES:]
            continue
        end = LENGTH_BYTES + length
        if end > len(answer):
            return None
        found.append(answer[LENGTH_BYTES:end])
        answer = answer[end:]
    return tuple(found)
