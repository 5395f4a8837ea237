"""From symbols and addresses to tokens, also the odd ones."""

import pytest

from devnet import Node
from executor.chain.balances import balances
from executor.chain.head import head
from executor.chain.rpc import Rpc
from executor.chain.tokens import resolve_token
from executor.domain.address import Address
from executor.domain.chain import ChainData
from executor.domain.errors import NodeError, OpportunityError
from executor.domain.token import Token
from tests.support.misbehaving_node import MisbehavingNode, result

ODD = Address("0x00000000000000000000000000000000000000A1")
EMPTY = Address("0x00000000000000000000000000000000000000B2")
OWNER = Address("0x00000000000000000000000000000000000000c3")


def always(word: bytes) -> bytes:
    """Code that answers every call with one word."""
    return b"\x7f" + word.ljust(32, b"\0") + bytes.fromhex("5f5260205ff3")


@pytest.fixture
def unknown_weth(chain: ChainData, ethereum: Node) -> Address:
    """WETH's code at an address that the chain data do not know."""
    ethereum.set_code(ODD, ethereum.code(chain.wrapped_native.address))
    for slot in (0, 1, 2):
        ethereum.set_storage(ODD, slot, ethereum.storage(chain.wrapped_native.address, slot))
    return ODD


async def test_a_symbol_is_the_token_of_the_chain_data(rpc: Rpc, chain: ChainData) -> None:
    assert await resolve_token(rpc, chain, "WETH", field="token") == chain.wrapped_native


@pytest.mark.parametrize("change", [str, str.lower])
async def test_an_address_of_the_chain_data_needs_no_question(chain: ChainData, change: type[str]) -> None:
    async with MisbehavingNode(result(None)) as node, Rpc(node.url()) as rpc:
        address = change(chain.token("USDT").address)
        assert await resolve_token(rpc, chain, address, field="token") == chain.token("USDT")
        assert node.seen == []


async def test_an_unknown_token_is_asked_for_its_symbol_and_decimals(
    rpc: Rpc, chain: ChainData, unknown_weth: Address
) -> None:
    assert await resolve_token(rpc, chain, unknown_weth, field="token") == Token(1, unknown_weth, "WETH", 18)


async def test_an_early_token_tells_its_symbol_in_32_bytes(
    rpc: Rpc, chain: ChainData, ethereum: Node
) -> None:
    ethereum.set_code(ODD, always(b"MKR"))
    assert (await resolve_token(rpc, chain, ODD, field="token", display_only=True)).symbol == "MKR"


async def test_a_token_without_a_symbol_is_named_by_its_address(
    rpc: Rpc, chain: ChainData, ethereum: Node
) -> None:
    ethereum.set_code(ODD, always(b"\x1b[31m"))
    token = await resolve_token(rpc, chain, ODD, field="token", display_only=True)
    assert token.symbol == f"{ODD[:6]}..{ODD[-4:]}"


async def test_a_token_without_decimals_is_refused_where_they_count(
    rpc: Rpc, chain: ChainData, ethereum: Node
) -> None:
    ethereum.set_code(ODD, always(b"MKR"))
    with pytest.raises(OpportunityError, match="does not tell its decimals") as caught:
        await resolve_token(rpc, chain, ODD, field="quote_token")
    assert caught.value.field == "quote_token"


async def test_a_token_without_decimals_is_shown_in_its_smallest_unit(
    rpc: Rpc, chain: ChainData, ethereum: Node
) -> None:
    ethereum.set_code(ODD, always(b"MKR"))
    assert (await resolve_token(rpc, chain, ODD, field="token", display_only=True)).decimals == 0


async def test_an_address_without_a_token_is_refused(rpc: Rpc, chain: ChainData) -> None:
    with pytest.raises(OpportunityError, match="there is no token at") as caught:
        await resolve_token(rpc, chain, EMPTY, field="legs[1].token_in", display_only=True)
    assert caught.value.field == "legs[1].token_in"


@pytest.mark.parametrize("text", ["0x12", "0xc02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2", "0x", "DOGE", ""])
async def test_text_that_names_no_token_is_refused_by_its_field(
    rpc: Rpc, chain: ChainData, text: str
) -> None:
    with pytest.raises(OpportunityError) as caught:
        await resolve_token(rpc, chain, text, field="token")
    assert caught.value.field == "token"
    assert str(caught.value).count("token:") == 1


async def test_balances_are_of_one_block(rpc: Rpc, ethereum: Node, chain: ChainData) -> None:
    usdc, weth = chain.token("USDC").address, chain.wrapped_native.address
    ethereum.set_balance(OWNER, 3)
    ethereum.set_erc20_balance(usdc, OWNER, 5)
    ethereum.mine()
    pinned = await head(rpc)
    ethereum.set_erc20_balance(usdc, OWNER, 6)
    ethereum.mine()
    held = await balances(rpc, OWNER, [usdc, weth], pinned)
    assert (held.native, held.tokens) == (3, {usdc: 5, weth: 0})
    assert (await balances(rpc, OWNER, [usdc])).tokens == {usdc: 6}


async def test_the_balance_of_what_is_no_token_is_an_error_not_zero(rpc: Rpc) -> None:
    with pytest.raises(NodeError, match=f"balanceOf of {EMPTY}"):
        await balances(rpc, OWNER, [EMPTY])
