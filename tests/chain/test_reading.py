"""Readings are driven with batches pinned to one block."""

from collections.abc import AsyncIterator

import pytest

from devnet import Node
from executor.chain.calls import call
from executor.chain.head import head
from executor.chain.reading import read, read_all
from executor.chain.rpc import NodeRefusedError, Rpc
from executor.domain.abi import decoded_int, eth_call
from executor.domain.address import Address
from executor.domain.call import EthCall, Reading
from executor.domain.chain import ChainData
from executor.domain.errors import NodeError, RevertError
from tests.support.misbehaving_node import MisbehavingNode, each, error, result

HOLDER = Address("0x00000000000000000000000000000000000000A1")
NOBODY = Address("0x00000000000000000000000000000000000000B2")


def balance(token: Address, owner: Address = HOLDER) -> EthCall:
    return eth_call(token, "balanceOf(address)", owner)


def two_rounds(token: Address) -> Reading[tuple[int | None, int | None]]:
    """The same balance asked twice, in two rounds."""
    (first,) = yield (balance(token),)
    (second,) = yield (balance(token),)
    return decoded_int(first), decoded_int(second)


def no_rounds(value: int) -> Reading[int]:
    """Knows its answer without asking."""
    yield from ()
    return value


def one_round(*calls: EthCall) -> Reading[tuple[bytes | None, ...]]:
    answers = yield calls
    return answers


@pytest.fixture
async def counting(ethereum: Node) -> AsyncIterator[Rpc]:
    async with Rpc(ethereum.url) as rpc:
        yield rpc


async def test_every_round_sees_the_pinned_block_though_the_chain_moves_on(
    rpc: Rpc, ethereum: Node, chain: ChainData
) -> None:
    token = chain.wrapped_native.address
    ethereum.set_erc20_balance(token, HOLDER, 5)
    ethereum.mine()
    pinned = await head(rpc)
    ethereum.set_erc20_balance(token, HOLDER, 9)
    ethereum.mine()
    assert await read(rpc, two_rounds(token), pinned) == (5, 5)
    assert await read(rpc, two_rounds(token), pinned.number) == (5, 5)
    assert await read(rpc, two_rounds(token)) == (9, 9)


async def test_a_revert_an_empty_address_and_a_halt_are_none(
    rpc: Rpc, ethereum: Node, chain: ChainData
) -> None:
    halting = Address("0x00000000000000000000000000000000000000C3")
    ethereum.set_code(halting, bytes.fromhex("fe"))
    usdc = chain.token("USDC").address
    calls = (
        balance(usdc),
        eth_call(usdc, "transfer(address,uint256)", NOBODY, 10**30),
        balance(NOBODY),
        balance(halting),
        EthCall(usdc, b"\x01\x02\x03\x04"),
    )
    first, *others = await read(rpc, one_round(*calls))
    assert decoded_int(first) == 0
    assert others == [None] * 4


async def test_many_readings_share_one_batch_a_round(chain: ChainData) -> None:
    word = "0x" + "00" * 31 + "07"
    token = chain.wrapped_native.address
    async with MisbehavingNode(result(word)) as node, Rpc(node.url()) as rpc:
        values = await read_all(rpc, [two_rounds(token), no_rounds(3), two_rounds(token)])
        assert values == [(7, 7), 3, (7, 7)]
        assert [len(body) for body in node.seen] == [2, 2]


async def test_a_reading_that_raises_is_not_swallowed(rpc: Rpc) -> None:
    def broken() -> Reading[int]:
        yield (balance(NOBODY),)
        raise KeyError("what the reading says")

    with pytest.raises(KeyError, match="what the reading says"):
        await read(rpc, broken())


async def test_a_node_that_does_not_take_block_hashes_is_told_numbers(
    chain: ChainData, ethereum_node: Node
) -> None:
    word = "0x" + "00" * 31 + "07"

    def old_node(request: dict[str, list[object]]) -> object:
        if isinstance(request["params"][1], dict):
            told = {"code": -32602, "message": "invalid argument 1: hex string expected"}
            return {"id": request["id"], "error": told}
        return {"id": request["id"], "result": word}

    async with (
        Rpc(ethereum_node.url) as real,
        MisbehavingNode(each(old_node)) as node,
        Rpc(node.url()) as rpc,
    ):
        pinned = await head(real)
        assert await read(rpc, two_rounds(chain.wrapped_native.address), pinned) == (7, 7)
        asked = [body["params"][1] for body in node.seen]
        assert asked == [{"blockHash": pinned.hash}, hex(pinned.number), hex(pinned.number)]


async def test_a_block_that_is_gone_is_an_error_and_never_another_block(
    rpc: Rpc, ethereum: Node, chain: ChainData
) -> None:
    snapshot = ethereum.snapshot()
    ethereum.mine()
    pinned = await head(rpc)
    ethereum.revert(snapshot)
    ethereum.increase_time(100)
    ethereum.mine(2)
    with pytest.raises(NodeError):
        await read(rpc, two_rounds(chain.wrapped_native.address), pinned)


@pytest.mark.parametrize("refusal", [error(-32000, "missing trie node"), error(-32005, "limit exceeded")])
async def test_a_node_without_the_state_is_an_error_not_an_empty_answer(
    refusal: object, chain: ChainData
) -> None:
    async with MisbehavingNode(refusal) as node, Rpc(node.url()) as rpc:  # type: ignore[arg-type]
        with pytest.raises(NodeRefusedError):
            await read(rpc, two_rounds(chain.wrapped_native.address))


@pytest.mark.parametrize(
    "refusal",
    [
        error(3, "execution reverted: nope", "0x08c379a0"),
        error(-32000, "execution reverted"),
        error(-32015, "VM execution error.", "Reverted 0x"),
        error(-32000, "out of gas"),
        error(-32000, "invalid opcode: INVALID"),
        error(-32603, "EVM error InvalidFEOpcode"),
    ],
)
async def test_every_clients_word_for_a_revert_is_none(refusal: object, chain: ChainData) -> None:
    async with MisbehavingNode(refusal) as node, Rpc(node.url()) as rpc:  # type: ignore[arg-type]
        assert await read(rpc, two_rounds(chain.wrapped_native.address)) == (None, None)


@pytest.mark.parametrize("answer", [None, 7, "0xabc", {"data": "0x"}])
async def test_an_answer_that_is_no_data_is_named(answer: object, chain: ChainData) -> None:
    async with MisbehavingNode(result(answer)) as node, Rpc(node.url()) as rpc:
        with pytest.raises(NodeError, match="eth_call"):
            await read(rpc, two_rounds(chain.wrapped_native.address))


async def test_a_reverting_call_gives_its_bytes_to_the_decoder(rpc: Rpc, chain: ChainData) -> None:
    seen: list[bytes] = []

    def decode(data: bytes) -> tuple[str, dict[str, object]]:
        seen.append(data)
        return "TooMuch", {"wanted": 10**30}

    request = eth_call(chain.token("USDC").address, "transfer(address,uint256)", NOBODY, 10**30)
    with pytest.raises(RevertError, match=r"TooMuch\(wanted=1000000000000000000000000000000\)") as caught:
        await call(rpc, to=request.to, calldata=request.data, sender=HOLDER, decode=decode)
    assert seen[0][:4] == bytes.fromhex("08c379a0")
    assert caught.value.facts["error"] == "TooMuch"
    assert caught.value.facts["data"] == "0x" + seen[0].hex()


async def test_a_call_comes_from_the_sender_it_names(rpc: Rpc, ethereum: Node, chain: ChainData) -> None:
    token = chain.wrapped_native.address
    ethereum.set_erc20_balance(token, HOLDER, 5)
    request = eth_call(token, "transfer(address,uint256)", NOBODY, 5)
    assert decoded_int(await call(rpc, to=token, calldata=request.data, sender=HOLDER)) == 1
    with pytest.raises(RevertError):
        await call(rpc, to=token, calldata=request.data, sender=NOBODY)
