"""A node's local socket: the same face as HTTP, whatever pieces the answers come in."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from devnet import Node
from executor.chain.ipc import MOST_CONNECTIONS
from executor.chain.nodes import open_nodes
from executor.chain.rpc import NodeRefusedError, Rpc
from executor.domain.errors import NodeError

Answer = Callable[[asyncio.StreamWriter, bytes], Awaitable[None]]


class Seen(list[bytes]):
    """The requests that came, and how many connections are open."""

    connections = 0


@asynccontextmanager
async def fake_socket(path: Path, answer: Answer) -> AsyncIterator[Seen]:
    """A socket that answers as a test orders, for what real nodes do only on a bad day. The requests."""
    seen = Seen()
    writers: list[asyncio.StreamWriter] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        seen.connections += 1
        try:
            while request := await reader.readline():
                seen.append(request)
                await answer(writer, request)
        finally:
            seen.connections -= 1

    server = await asyncio.start_unix_server(serve, path)
    try:
        yield seen
    finally:
        server.close()
        for writer in writers:
            writer.close()
        await asyncio.gather(*(writer.wait_closed() for writer in writers), return_exceptions=True)


def result(request: bytes, value: object) -> bytes:
    return json.dumps({"jsonrpc": "2.0", "id": json.loads(request)["id"], "result": value}).encode()


async def hang_up(writer: asyncio.StreamWriter, _request: bytes) -> None:
    writer.close()


async def silence(_writer: asyncio.StreamWriter, _request: bytes) -> None:
    """Nothing."""


async def test_a_real_node_is_asked_and_acts_over_its_socket(tmp_path: Path) -> None:
    path = tmp_path / "a node.ipc"
    with Node.empty(extra=("--ipc", str(path))) as node:
        async with open_nodes([f"ipc://{path}".replace(" ", "%20")]) as nodes:
            assert nodes.name == str(path)
            assert await nodes.call("eth_chainId") == hex(node.chain_id)
            chain, refused = await nodes.batch([("eth_chainId", ()), ("no_such_method", ())])
            assert chain == hex(node.chain_id)
            assert isinstance(refused, NodeRefusedError)
            await nodes.call("anvil_setBalance", "0x" + "11" * 20, "0x5")
        assert int(node.rpc("eth_getBalance", "0x" + "11" * 20, "latest"), 16) == 5


async def test_many_at_once_get_each_its_own_answer(tmp_path: Path) -> None:
    path = tmp_path / "node.ipc"
    with Node.empty(extra=("--ipc", str(path))) as node:
        accounts = ["0x" + f"{number:02x}" * 20 for number in range(1, 30)]
        for number, account in enumerate(accounts):
            node.set_balance(account, number)
        async with Rpc(f"ipc://{path}") as rpc:
            asked = (rpc.call("eth_getBalance", account, "latest") for account in accounts)
            assert await asyncio.gather(*asked) == [hex(number) for number in range(len(accounts))]


async def test_more_than_a_socket_takes_at_once_wait_for_their_turn(tmp_path: Path) -> None:
    most = 0

    async def slow(writer: asyncio.StreamWriter, request: bytes) -> None:
        nonlocal most
        most = max(most, seen.connections)
        await asyncio.sleep(0.02)
        writer.write(result(request, json.loads(request)["params"][0]) + b"\n")

    async with fake_socket(tmp_path / "s", slow) as seen, Rpc(f"ipc://{tmp_path}/s", read_retries=0) as rpc:
        asked = range(300)
        answers = await asyncio.gather(*(rpc.call("eth_call", number) for number in asked))
        assert answers == list(asked)
        assert most <= MOST_CONNECTIONS


async def test_closing_ends_what_is_under_way_and_leaves_no_connection_open(tmp_path: Path) -> None:
    async def hold(writer: asyncio.StreamWriter, request: bytes) -> None:
        if json.loads(request)["method"] == "slow":
            held.set()
            await release.wait()
        writer.write(result(request, "0x1") + b"\n")

    held, release = asyncio.Event(), asyncio.Event()
    async with fake_socket(tmp_path / "s", hold) as seen:
        async with Rpc(f"ipc://{tmp_path}/s", read_retries=0) as rpc:
            await asyncio.gather(rpc.call("fast"), rpc.call("fast"))
            asked = [asyncio.create_task(rpc.call("slow")) for _ in range(2 * MOST_CONNECTIONS)]
            await held.wait()
        ends = await asyncio.gather(*asked, return_exceptions=True)
        assert {type(end) for end in ends} == {NodeError}
        release.set()
        async with asyncio.timeout(5):
            while seen.connections:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        assert len(seen) <= 2 + MOST_CONNECTIONS


@pytest.mark.parametrize("end", [b"\n", b""], ids=["with a line break", "without"])
async def test_an_answer_in_pieces_is_put_together(tmp_path: Path, end: bytes) -> None:
    told = {"deep": [{}, []], "much": "x" * 400_000}

    async def in_pieces(writer: asyncio.StreamWriter, request: bytes) -> None:
        text = result(request, told)
        cut = text.index(b"[]") + 2
        for piece in (text[:5], text[5:cut], text[cut:], end):
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0.01)

    async with fake_socket(tmp_path / "s", in_pieces), Rpc(f"ipc://{tmp_path}/s") as rpc:
        assert await rpc.call("debug_traceTransaction") == told
        assert await rpc.call("debug_traceTransaction") == told
        await asyncio.sleep(0.03)
        assert await rpc.call("debug_traceTransaction") == told


async def test_a_node_that_talks_unasked_is_not_believed(tmp_path: Path) -> None:
    async def twice(writer: asyncio.StreamWriter, request: bytes) -> None:
        writer.write(result(request, "0x1") + b"\n")
        await writer.drain()
        await asyncio.sleep(0.01)
        writer.write(b'{"jsonrpc": "2.0", "id": 2, "result": "0xbad"}\n')

    async with fake_socket(tmp_path / "s", twice), Rpc(f"ipc://{tmp_path}/s") as rpc:
        assert await rpc.call("eth_blockNumber") == "0x1"
        await asyncio.sleep(0.03)
        assert await rpc.call("eth_blockNumber") == "0x1"


async def test_the_answer_of_one_who_gave_up_is_nobody_elses(tmp_path: Path) -> None:
    waits = asyncio.Event()

    async def late(writer: asyncio.StreamWriter, request: bytes) -> None:
        method = json.loads(request)["method"]
        if method == "slow":
            await waits.wait()
        writer.write(result(request, method) + b"\n")

    async with (
        fake_socket(tmp_path / "s", late),
        Rpc(f"ipc://{tmp_path}/s", timeout_seconds=0.2, read_retries=0) as rpc,
    ):
        with pytest.raises(NodeError, match=r"did not answer within 0\.2 seconds"):
            await rpc.call("slow")
        waits.set()
        assert await rpc.call("fast") == "fast"


@pytest.mark.parametrize(("behaviour", "told"), [(hang_up, "broke"), (silence, "did not answer")])
async def test_a_transaction_goes_over_the_socket_once(tmp_path: Path, behaviour: Answer, told: str) -> None:
    async with (
        fake_socket(tmp_path / "s", behaviour) as seen,
        Rpc(f"ipc://{tmp_path}/s", timeout_seconds=0.2) as rpc,
    ):
        with pytest.raises(NodeError, match=told) as caught:
            await rpc.call("eth_sendRawTransaction", "0x02")
        assert len(seen) == 1
        assert not isinstance(caught.value, NodeRefusedError)


async def test_a_node_that_was_started_again_is_found_again(tmp_path: Path) -> None:
    path = tmp_path / "node.ipc"
    async with Rpc(f"ipc://{path}", read_retries=0) as rpc:
        for _ in range(2):
            with Node.empty(extra=("--ipc", str(path))):
                assert await rpc.call("eth_blockNumber") == "0x0"
            await asyncio.sleep(0.05)


async def test_a_socket_that_is_not_there_is_told_by_its_path(tmp_path: Path) -> None:
    async with Rpc(f"ipc://{tmp_path}/none.ipc", read_retries=0) as rpc:
        with pytest.raises(NodeError, match=r"none\.ipc cannot be reached \(No such file"):
            await rpc.call("eth_chainId")
    with pytest.raises(NodeError, match="is not open"):
        await rpc.call("eth_chainId")
