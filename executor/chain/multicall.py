"""Many calls in one, through Multicall3, which stands at one address on nearly every chain.

Source: mds1/multicall3, `aggregate3`.
"""

import asyncio
from collections.abc import Sequence

from executor.chain.blocks import Block
from executor.chain.calls import call_many
from executor.chain.quantities import answer_error
from executor.chain.rpc import Rpc
from executor.domain.abi import CODEC, decoded, selector
from executor.domain.address import to_address
from executor.domain.call import EthCall

MULTICALL3 = to_address("0xcA11bde05977b3631167028862bE2a173976CA11")
MOST_CALLS = 200
"""Calls that share one: few enough for every node's limit of gas in a call."""
MOST_PARTS = 8
"""Such calls in one request: its body stays below the megabyte that gateways take."""

_AGGREGATE = selector("aggregate3((address,bool,bytes)[])")


async def call_together(
    rpc: Rpc, calls: Sequence[EthCall], block: Block = "latest"
) -> tuple[bytes | None, ...]:
    """As `call_many`, with one call of Multicall3 in the place of many, as long as the chain has one.

    What fails in it is asked again alone: there, want of gas looks like a revert. Raises NodeError.
    """
    if not rpc.has_multicall or len(calls) < 2:
        return await call_many(rpc, calls, block)
    parts = [calls[start : start + MOST_CALLS] for start in range(0, len(calls), MOST_CALLS)]
    batches = [parts[start : start + MOST_PARTS] for start in range(0, len(parts), MOST_PARTS)]
    exchanges = await asyncio.gather(
        *(call_many(rpc, [_together(part) for part in batch], block) for batch in batches)
    )
    answers = [answer for exchange in exchanges for answer in exchange]
    if None in answers:
        rpc.has_multicall = False
        return await call_many(rpc, calls, block)
    found = [value for part, answer in zip(parts, answers, strict=True) for value in _apart(part, answer)]
    failed = [index for index, value in enumerate(found) if value is None]
    for index, answer in zip(
        failed, await call_many(rpc, [calls[index] for index in failed], block), strict=True
    ):
        found[index] = answer
    return tuple(found)


def _together(calls: Sequence[EthCall]) -> EthCall:
    listed = [(call.to, True, call.data) for call in calls]
    return EthCall(MULTICALL3, _AGGREGATE + CODEC.encode(("(address,bool,bytes)[]",), (listed,)))


def _apart(calls: Sequence[EthCall], answer: bytes | None) -> list[bytes | None]:
    values = decoded(answer, "(bool,bytes)[]")
    results = values[0] if values is not None else None
    if not isinstance(results, tuple) or len(results) != len(calls):
        raise answer_error("eth_call of Multicall3", "is not one result for each call")
    return [data if done and data else None for done, data in results]
