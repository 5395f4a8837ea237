"""Many calls in one, through Multicall3, which stands at one address on nearly every chain.

Source: mds1/multicall3, `aggregate3`.
"""

import asyncio
from collections.abc import Sequence

from executor.chain.blocks import Block
from executor.chain.calls import call_many, code_at
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

_ENOUGH_GAS = 1_000_000
# The last call takes just that much gas, by BLAKE2b's rounds (EIP-152). Where it goes through, each call
# before it had as much, and what failed did not fail for want of gas.
_GAS_LEFT = EthCall(to_address("0x" + "09".rjust(40, "0")), _ENOUGH_GAS.to_bytes(4, "big") + bytes(209))
_AGGREGATE = selector("aggregate3((address,bool,bytes)[])")


async def call_together(
    rpc: Rpc, calls: Sequence[EthCall], block: Block = "latest"
) -> tuple[bytes | None, ...]:
    """As `call_many`, with one call of Multicall3 in the place of many, as long as the chain has one.

    Where the gas ran low, what failed is asked again alone. Raises NodeError.
    """
    if not rpc.has_multicall or len(calls) < 2:
        return await call_many(rpc, calls, block)
    parts = [calls[start : start + MOST_CALLS] for start in range(0, len(calls), MOST_CALLS)]
    batches = [parts[start : start + MOST_PARTS] for start in range(0, len(parts), MOST_PARTS)]
    exchanges = await asyncio.gather(
        *(call_many(rpc, [together(part) for part in batch], block) for batch in batches)
    )
    answers = [answer for exchange in exchanges for answer in exchange]
    if None in answers:
        rpc.has_multicall = bool(await code_at(rpc, MULTICALL3, block))
        return await call_many(rpc, calls, block)
    found: list[bytes | None] = []
    doubtful: list[int] = []
    for part, answer in zip(parts, answers, strict=True):
        values, enough_gas = apart(answer, len(part))
        if not enough_gas:
            doubtful += [len(found) + index for index, value in enumerate(values) if value is None]
        found += values
    again = await call_many(rpc, [calls[index] for index in doubtful], block)
    for index, answer in zip(doubtful, again, strict=True):
        found[index] = answer
    return tuple(found)


def together(calls: Sequence[EthCall]) -> EthCall:
    """One call of Multicall3 in the place of `calls`, at most `MOST_CALLS`; `apart` takes its answer."""
    listed = [(call.to, True, call.data) for call in (*calls, _GAS_LEFT)]
    return EthCall(MULTICALL3, _AGGREGATE + CODEC.encode(("(address,bool,bytes)[]",), (listed,)))


def apart(answer: bytes | None, count: int) -> tuple[list[bytes | None], bool]:
    """The answers to the `count` calls of `together`, None for one that failed, and whether there was gas
    enough for all of them. Raises NodeError.
    """
    *answers, gas_left = _apart(answer, count + 1)
    return answers, gas_left is not None


def _apart(answer: bytes | None, count: int) -> list[bytes | None]:
    values = decoded(answer, "(bool,bytes)[]")
    results = values[0] if values is not None else None
    if not isinstance(results, tuple) or len(results) != count:
        raise answer_error("eth_call of Multicall3", "is not one result for each call")
    return [data if done and data else None for done, data in results]
