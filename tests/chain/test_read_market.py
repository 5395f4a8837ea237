"""States of many pools in one round trip, by every way that a node can be served."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from devnet import BASE_FULL, ETHEREUM_FULL, Node
from devnet.artifacts import load
from devnet.book import AddressBook
from devnet.manifest import UNISWAP_V3_PERIPHERY
from executor import venues
from executor.chain.head import head
from executor.chain.lens import read_further, read_market
from executor.chain.lens_code import FILE, lens_text
from executor.chain.multicall import MULTICALL3
from executor.chain.reading import read_all
from executor.chain.rpc import NodeRefusedError, Rpc
from executor.domain.address import to_address
from executor.domain.errors import NodeError, PoolNotFoundError, TicksUnknownError
from executor.domain.market import PoolState, V3State
from executor.domain.pool import Pool, VenueKind
from executor.domain.pool_details import BalancerV2Details
from executor.venues import uniswap_v3
from executor.venues.tick_lens import TICK_LENSES
from executor.venues.uniswap_v3_maths import MAX_TICK, MIN_TICK
from tests.chain.test_lens import V2_SHAPE, V3_SHAPE, pools
from tests.support.lens import multicall_code
from tests.support.market import USDC, WETH
from tests.support.misbehaving_node import Behaviour, MisbehavingNode
from tests.support.traffic import comparable, pools_of, wrappers_of
from tools.generate import compiled_lens

LENT: dict[str, Any] = {"method": "eth_call", "params": [{"to": "0x"}, "latest", {}]}
POOLS = pools(ETHEREUM_FULL, *V2_SHAPE, *V3_SHAPE)
Refusal = Callable[[dict[str, Any]], object]


@pytest.fixture
async def full(ethereum_full_node: Node) -> AsyncIterator[Rpc]:
    async with Rpc(ethereum_full_node.url) as connection:
        yield connection


async def read_alone(rpc: Rpc) -> dict[str, PoolState]:
    """The pools as their own readings find them."""
    states = await read_all(rpc, [venues.read(pool) for pool in POOLS], await head(rpc))
    return {pool.key: state for pool, state in zip(POOLS, states, strict=True)}


def relay(node: Node, refuse: Refusal) -> Behaviour:
    """A node that hands requests on to `node`, but for those that `refuse` has an error for."""

    async def behave(_request: web.Request, body: Any) -> web.StreamResponse:
        requests = body if isinstance(body, list) else [body]
        answers = []
        async with aiohttp.ClientSession() as session:
            for request in requests:
                refusal = refuse(request)
                if refusal is None:
                    async with session.post(node.url, json=request) as response:
                        answers.append(await response.json())
                else:
                    answers.append({"jsonrpc": "2.0", "id": request["id"], **refusal})  # type: ignore[dict-item]
        return web.json_response(answers if isinstance(body, list) else answers[0])

    return behave


def no_overrides(request: dict[str, Any]) -> object:
    """As nodes say it that know no third parameter."""
    if len(request["params"]) == 3:
        return {"error": {"code": -32602, "message": "too many arguments, want at most 2"}}
    return None


def deaf_to_overrides(request: dict[str, Any]) -> object:
    """As nodes do that ignore the third parameter: nothing stands at the address."""
    return {"result": "0x"} if len(request["params"]) == 3 else None


def neither(request: dict[str, Any]) -> object:
    """A gateway that demands a target, too."""
    if request["method"] == "eth_call" and "to" not in request["params"][0]:
        return {"error": {"code": -32602, "message": "missing field `to`"}}
    return no_overrides(request)


async def test_pools_of_any_mix_are_read_by_one_request(full: Rpc, ethereum_full_node: Node) -> None:
    expected = await read_alone(full)
    async with MisbehavingNode(relay(ethereum_full_node, lambda _: None)) as node, Rpc(node.url()) as rpc:
        found = await read_market(rpc, POOLS, await head(full))
        assert found == expected
        assert node.methods() == ["eth_call"]
    assert len({state.pool.kind for state in found.values()}) > 1


@pytest.mark.parametrize("refuse", [lambda _: None, no_overrides, neither])
@pytest.mark.parametrize(
    ("name", "book"), [("ethereum_full_node", ETHEREUM_FULL), ("base_full_node", BASE_FULL)]
)
async def test_every_pool_of_every_venue_is_read_alike_by_every_form_of_call(
    request: pytest.FixtureRequest, name: str, book: AddressBook, refuse: Refusal
) -> None:
    node = request.getfixturevalue(name)
    chosen = [pool for record in book.pools for pool in pools_of(node, book, record)]
    chosen += wrappers_of(node, book)
    async with Rpc(node.url) as rpc:
        pinned = await head(rpc)
        expected = await read_all(rpc, [venues.read(pool) for pool in chosen], pinned)
    async with MisbehavingNode(relay(node, refuse)) as between, Rpc(between.url()) as rpc:
        found = await read_market(rpc, chosen, pinned)
        if refuse(LENT) is None:
            assert between.methods() == ["eth_call"]
    for pool, alone in zip(chosen, expected, strict=True):
        one, other = comparable(found[pool.key], alone)
        assert one == other


@pytest.mark.parametrize("refuse", [no_overrides, deaf_to_overrides])
async def test_a_node_that_lends_no_code_is_recognised_once(
    refuse: Refusal, full: Rpc, ethereum_full_node: Node
) -> None:
    async with MisbehavingNode(relay(ethereum_full_node, refuse)) as node, Rpc(node.url()) as rpc:
        pinned = await head(full)
        assert await read_market(rpc, POOLS, pinned) == await read_alone(full)
        assert not rpc.lends_code and rpc.creates_in_calls
        before = len(node.seen)
        await read_market(rpc, POOLS, pinned)
        assert len(node.seen) == before + 1


async def test_a_node_without_any_lens_is_asked_through_multicall_in_two_trips(
    full: Rpc, ethereum_full: Node
) -> None:
    ethereum_full.set_code(MULTICALL3, multicall_code())
    ethereum_full.set_code(TICK_LENSES[1], tick_lens())
    async with MisbehavingNode(relay(ethereum_full, neither)) as node, Rpc(node.url()) as rpc:
        pinned = await head(full)
        assert await read_market(rpc, POOLS, pinned) == await read_alone(full)
        assert not rpc.lends_code and not rpc.creates_in_calls and rpc.has_multicall
        before = len(node.seen)
        assert await read_market(rpc, POOLS, pinned) == await read_alone(full)
        assert len(node.seen) == before + 2


async def test_a_chain_without_multicall_is_asked_in_batches(full: Rpc, ethereum_full: Node) -> None:
    ethereum_full.set_code(MULTICALL3, b"")
    async with MisbehavingNode(relay(ethereum_full, neither)) as node, Rpc(node.url()) as rpc:
        assert await read_market(rpc, POOLS, await head(full)) == await read_alone(full)
        assert not rpc.has_multicall


@pytest.mark.parametrize(
    ("code", "message"),
    [(-32000, "out of gas"), (3, "execution reverted"), (-32000, "max code size exceeded")],
)
@pytest.mark.parametrize("most", [0, 1, 4])
async def test_a_call_that_is_too_much_for_the_node_is_halved_until_it_is_not(
    full: Rpc, ethereum_full_node: Node, most: int, code: int, message: str
) -> None:
    some = pools(ETHEREUM_FULL, *V2_SHAPE)[:6]
    # Head and length of the argument, then 23 bytes a pair, filled up to whole words.
    longest = 4 + 64 + -(-23 * most // 32) * 32

    def small(request: dict[str, Any]) -> object:
        if len(request["params"]) != 3 or len(request["params"][0]["data"]) // 2 - 1 <= longest:
            return None
        return {"error": {"code": code, "message": message}}

    async with MisbehavingNode(relay(ethereum_full_node, small)) as node, Rpc(node.url()) as rpc:
        found = await read_market(rpc, some, await head(full))
        assert rpc.lends_code
        assert len(node.methods()) > 2
    expected = await read_alone(full)
    assert found == {pool.key: expected[pool.key] for pool in some}


async def test_a_throttled_lens_is_an_error_and_no_reason_to_give_it_up(
    full: Rpc, ethereum_full_node: Node
) -> None:
    def busy(request: dict[str, Any]) -> object:
        return {"error": {"code": -32005, "message": "limit exceeded"}}

    async with (
        MisbehavingNode(relay(ethereum_full_node, busy)) as node,
        Rpc(node.url(), read_retries=0) as rpc,
    ):
        with pytest.raises(NodeRefusedError):
            await read_market(rpc, POOLS, await head(full))
        assert rpc.lends_code and rpc.creates_in_calls


async def test_a_block_that_is_gone_is_an_error_and_never_another_block(ethereum_full: Node) -> None:
    async with Rpc(ethereum_full.url) as rpc:
        snapshot = ethereum_full.snapshot()
        ethereum_full.mine()
        pinned = await head(rpc)
        ethereum_full.revert(snapshot)
        ethereum_full.increase_time(100)
        ethereum_full.mine(2)
        with pytest.raises(NodeError):
            await read_market(rpc, POOLS, pinned)
        assert rpc.lends_code and rpc.creates_in_calls


async def test_a_pool_that_names_more_tokens_than_a_lens_can_be_asked_about_is_asked_alone(full: Rpc) -> None:
    tokens = tuple(to_address(f"0x{number:040x}") for number in range(1, 602))
    details = BalancerV2Details(to_address("0x" + "77" * 20), "0x" + "66" * 32, tokens)
    pool = Pool(
        "unnamed", VenueKind.BALANCER_V2, to_address("0x" + "66" * 20), WETH, USDC, 0, details=details
    )
    with pytest.raises(PoolNotFoundError):
        await read_market(full, [pool], await head(full))


async def test_a_pool_that_does_not_answer_is_named(full: Rpc) -> None:
    token = POOLS[0].token0
    absent = Pool("uniswap_v2", POOLS[0].kind, to_address("0x" + "77" * 20), token, POOLS[0].token1, 3_000)
    with pytest.raises(PoolNotFoundError) as caught:
        await read_market(full, [*POOLS, absent], await head(full))
    assert caught.value.facts["pool"] == absent.address


@pytest.mark.parametrize("answer", ["0x" + "ff" * 96, "0x" + "00" * 31 + "20" + "00" * 32, "0x1234"])
async def test_nonsense_is_an_error_of_the_node(full: Rpc, ethereum_full_node: Node, answer: str) -> None:
    def nonsense(request: dict[str, Any]) -> object:
        return {"result": answer} if len(request["params"]) == 3 else None

    async with MisbehavingNode(relay(ethereum_full_node, nonsense)) as node, Rpc(node.url()) as rpc:
        with pytest.raises(NodeError, match="lens"):
            await read_market(rpc, POOLS, await head(full))


@pytest.mark.parametrize("refuse", [no_overrides, neither, lambda _: None])
async def test_a_size_that_runs_out_of_known_ticks_is_read_further(
    full: Rpc, ethereum_full_node: Node, refuse: Refusal
) -> None:
    pinned = await head(full)
    async with MisbehavingNode(relay(ethereum_full_node, refuse)) as node, Rpc(node.url()) as rpc:
        for pool in pools(ETHEREUM_FULL, "uniswap_v3")[:3]:
            state = (await read_market(rpc, [pool], pinned, {pool.key: (1, 1)}))[pool.key]
            for zero_for_one in (True, False):
                for _ in range(20):
                    try:
                        done = uniswap_v3.quote(_v3(state), zero_for_one, 2**120)
                        break
                    except TicksUnknownError as error:
                        state = await read_further(rpc, state, bool(error.facts["toward_low"]), pinned)
                assert done.amount_in > 0
            assert _v3(state).known_low <= MIN_TICK and _v3(state).known_high >= MAX_TICK


def _v3(state: PoolState) -> V3State:
    assert isinstance(state, V3State)
    return state


def test_the_packaged_code_is_what_the_sources_compile_to() -> None:
    assert FILE.read_text() == lens_text(compiled_lens())


def test_the_code_fits_the_limits_of_the_chain() -> None:
    code = compiled_lens()
    assert 0 < len(code.runtime) <= 24_576
    assert 0 < len(code.creation) <= 49_152 - 10_000


def tick_lens() -> bytes:
    """The runtime code of Uniswap's TickLens."""
    package = replace(UNISWAP_V3_PERIPHERY, parts=("artifacts/contracts/lens/TickLens.sol/",))
    return load(package, f"{package.parts[0]}TickLens.json").deployed_bytecode
