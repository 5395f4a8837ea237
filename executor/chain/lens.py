"""The state of any mix of pools in one round trip: a lens reads them all in one call.

The lens (contracts/lens) is never deployed. Its code is lent to an address for the length of the call; nodes
that do not lend create it in the call instead; on others the calls of the pools' readings go through
Multicall3, and where there is none, as a batch. How a node is served is found out once.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeVar

from executor import venues
from executor.chain.blocks import block_param, refuses_block_hash
from executor.chain.calls import reverted
from executor.chain.lens_code import lens_code
from executor.chain.multicall import call_together
from executor.chain.quantities import answer_error, hex_data, to_data
from executor.chain.reading import read_all
from executor.chain.rpc import NodeRefusedError, Rpc, throttled
from executor.domain.abi import CODEC, decoded, selector
from executor.domain.address import to_address
from executor.domain.errors import MathsError, PoolNotFoundError
from executor.domain.market import BlockHead, PoolState
from executor.domain.pool import Pool, VenueKind

State = TypeVar("State", bound=PoolState)
Reach = tuple[int, int]
"""The largest amounts of token0 and of token1 that may go into a pool, in smallest units."""

LENS_KINDS: Mapping[VenueKind, int] = {
    VenueKind.UNISWAP_V2: 1,
    VenueKind.UNISWAP_V3: 2,
    VenueKind.UNISWAP_V4: 3,
    VenueKind.SOLIDLY: 4,
    VenueKind.CURVE: 5,
    VenueKind.BALANCER_V2: 6,
    VenueKind.BALANCER_V3: 7,
    VenueKind.ERC4626: 8,
}
"""The numbers of the kinds in contracts/lens/MarketLens.sol."""

MOST_LENT = 100
MOST_CREATED = 20
"""Pools in one call. What a created lens answers counts as code, which has a limit and costs gas."""

MOST_BYTES = 2**16 - 1
"""The longest request that its header can tell."""

_ADDRESS = to_address("0x4c656e73206f6620746865206d61726b65742e2e")
_READ = selector("read(bytes)")


@dataclass(frozen=True, slots=True)
class _Request:
    """One pool's request with its header, by the pool's key."""

    key: str
    packed: bytes


_Form = Callable[[bytes, object], tuple[object, ...]]
"""The parameters of an `eth_call` for packed requests at a block."""


async def read_market(
    rpc: Rpc, pools: Iterable[Pool], head: BlockHead, reach: Mapping[str, Reach] | None = None
) -> dict[str, PoolState]:
    """The states of all `pools` in the state of `head`, by the pools' keys.

    `reach` by key: how far ticks are read; of pools without an entry, some around the price. More are read by
    `read_further`. Raises PoolNotFoundError naming a pool that does not answer as one, NodeError.
    """
    wanted = {pool.key: pool for pool in pools}
    asked = [
        _packed(pool, venues.lens_request(pool, (reach or {}).get(key, (0, 0))))
        for key, pool in wanted.items()
    ]
    requests = [request for request in asked if request is not None]
    answers = await _ask(rpc, requests, head) if requests else {}
    states: dict[str, PoolState] = {}
    for key, answer in (answers or {}).items():
        # An answer that is no state of this kind of pool is as good as none.
        with suppress(PoolNotFoundError, MathsError):
            if answer is not None:
                states[key] = venues.lens_state(wanted[key], answer)
    # What did not answer, perhaps for want of gas, is asked on its own: that says what is the matter.
    rest = [pool for key, pool in wanted.items() if key not in states]
    alone = await read_all(rpc, [venues.read(pool) for pool in rest], head, call_together)
    if answers is None:
        rpc.lends_code = rpc.creates_in_calls = False
    states.update(zip((pool.key for pool in rest), alone, strict=True))
    return {key: states[key] for key in wanted}


async def read_further(rpc: Rpc, state: State, toward_low: bool, head: BlockHead) -> PoolState:
    """The pool of `state` with more of its ticks known on one side, in the state of the same `head`; as it is
    where the prices end. Raises NodeError, PoolNotFoundError.
    """
    request = _packed(state.pool, venues.lens_further(state, toward_low))
    if request is not None:
        answers = await _ask(rpc, [request], head)
        answer = answers.get(request.key) if answers is not None else None
        wider = venues.lens_state(state.pool, answer) if answer is not None else state
        if wider != state:
            return wider
    return (await read_all(rpc, [venues.extend(state, toward_low)], head, call_together))[0]


def _packed(pool: Pool, request: bytes | None) -> _Request | None:
    """The request with its header: kind and length. None where no lens can be asked it."""
    if request is None or pool.kind not in LENS_KINDS or len(request) > MOST_BYTES:
        return None
    return _Request(pool.key, bytes([LENS_KINDS[pool.kind]]) + len(request).to_bytes(2, "big") + request)


async def _ask(rpc: Rpc, requests: Sequence[_Request], head: BlockHead) -> dict[str, bytes | None] | None:
    """The lens's answers by key, None for a pool that gave none; None for all where the node serves no lens.

    What the node does not serve is noted once another form of the call was served, not for a bad day's sake.
    """
    if rpc.lends_code:
        answers = await _ask_as(rpc, _lent, MOST_LENT, requests, head)
        if answers is not None:
            return answers
    if rpc.creates_in_calls:
        answers = await _ask_as(rpc, _created, MOST_CREATED, requests, head)
        if answers is not None:
            rpc.lends_code = False
            return answers
    return None


async def _ask_as(
    rpc: Rpc, form: _Form, most: int, requests: Sequence[_Request], head: BlockHead
) -> dict[str, bytes | None] | None:
    """The answers to calls of one form, all in one batch; a call that is too much for the node is halved."""
    pending = [requests[start : start + most] for start in range(0, len(requests), most)]
    found: dict[str, bytes | None] = {}
    while pending:
        param = block_param(rpc, head)
        calls = [("eth_call", form(b"".join(one.packed for one in part), param)) for part in pending]
        answers = await rpc.batch(calls)
        if any(refuses_block_hash(rpc, param, answer) for answer in answers):
            continue
        parts, pending = pending, []
        for part, answer in zip(parts, answers, strict=True):
            if isinstance(answer, NodeRefusedError):
                if not _too_much(answer):
                    return None
                half = len(part) // 2
                pending += [part[:half], part[half:]] if half else []
                found.update(dict.fromkeys((one.key for one in part), None) if not half else {})
                continue
            data = hex_data(answer, "eth_call")
            if not data:
                return None
            found.update(zip((one.key for one in part), _unpacked(data, len(part)), strict=True))
    return found


def _lent(requests: bytes, block: object) -> tuple[object, ...]:
    code = {_ADDRESS: {"code": to_data(lens_code().runtime)}}
    return {"to": _ADDRESS, "data": to_data(_READ + CODEC.encode(("bytes",), (requests,)))}, block, code


def _created(requests: bytes, block: object) -> tuple[object, ...]:
    return {"data": to_data(lens_code().creation + CODEC.encode(("bytes",), (requests,)))}, block


def _too_much(refusal: NodeRefusedError) -> bool:
    """True if fewer pools may do; a refusal for asking too often is raised as it is."""
    if throttled(refusal):
        raise refusal
    return reverted(refusal) or "code size" in refusal.rpc_message.lower()


def _unpacked(data: bytes, count: int) -> list[bytes | None]:
    """The answers in what the lens returned. Raises NodeError if these are not `count` answers."""
    values = decoded(data, "bytes")
    packed = values[0] if values is not None else None
    found: list[bytes | None] = []
    at = 0
    while isinstance(packed, bytes) and at < len(packed):
        end = at + 4 + int.from_bytes(packed[at + 1 : at + 4], "big")
        found.append(packed[at + 4 : end] if packed[at] else None)
        at = end
    if len(found) != count or not isinstance(packed, bytes) or at != len(packed):
        raise answer_error("eth_call of the lens", "is not one answer for each pool")
    return found
