"""Each token for tests has the habit that it is named after, and trades at a real pair all the same."""

from __future__ import annotations

import pytest

from devnet import ETHER, ETHEREUM, Node, abi
from devnet.errors import RpcError
from devnet.roles import account
from tests.support import quirky_tokens
from tests.support.quirky_tokens import ISSUER

HOLDER, FRIEND = account("holder"), account("friend")
WETH = ETHEREUM.tokens["WETH"]
TRANSFER = "transfer(address,uint256)"


@pytest.mark.parametrize("decimals", [0, 36])
def test_a_plain_token_has_any_number_of_decimals(ethereum: Node, decimals: int) -> None:
    token = quirky_tokens.plain(ethereum, decimals)
    assert int.from_bytes(ethereum.call(token, abi.encode_call("decimals()"))) == decimals
    quirky_tokens.give(ethereum, token, HOLDER, 7)
    assert ethereum.erc20_balance(token, HOLDER) == 7


def test_the_false_return_token_answers_false_and_moves_nothing(ethereum: Node) -> None:
    token = quirky_tokens.false_return(ethereum)
    quirky_tokens.give(ethereum, token, HOLDER, 5)
    for call in (
        abi.encode_call(TRANSFER, FRIEND, 6),
        abi.encode_call("transferFrom(address,address,uint256)", ISSUER, FRIEND, 1),
    ):
        assert int.from_bytes(ethereum.call(token, call, from_=HOLDER)) == 0
        ethereum.send(HOLDER, token, call)
    assert (ethereum.erc20_balance(token, HOLDER), ethereum.erc20_balance(token, FRIEND)) == (5, 0)
    assert int.from_bytes(ethereum.call(token, abi.encode_call(TRANSFER, FRIEND, 5), from_=HOLDER)) == 1


def test_the_fee_token_delivers_less_than_was_sent(ethereum: Node) -> None:
    token = quirky_tokens.with_fee(ethereum, 250)
    quirky_tokens.give(ethereum, token, HOLDER, 10_001)
    assert ethereum.erc20_balance(token, HOLDER) == 10_001 - 251
    assert ethereum.erc20_balance(token, quirky_tokens.COLLECTOR) == 251


def test_the_tether_like_returns_nothing_and_wants_its_allowance_through_zero(ethereum: Node) -> None:
    token = quirky_tokens.tether(ethereum)
    approve = abi.encode_call("approve(address,uint256)", FRIEND, 5)
    assert ethereum.call(token, approve, from_=HOLDER) == b""
    ethereum.send(HOLDER, token, approve)
    with pytest.raises(RpcError, match="revert"):
        ethereum.send(HOLDER, token, abi.encode_call("approve(address,uint256)", FRIEND, 6))


@pytest.mark.parametrize("kind", ["plain 0", "plain 36", "false return", "fee", "tether"])
def test_every_token_trades_at_a_real_pair(ethereum: Node, kind: str) -> None:
    token = {
        "plain 0": lambda: quirky_tokens.plain(ethereum, 0),
        "plain 36": lambda: quirky_tokens.plain(ethereum, 36),
        "false return": lambda: quirky_tokens.false_return(ethereum),
        "fee": lambda: quirky_tokens.with_fee(ethereum, 100),
        "tether": lambda: quirky_tokens.tether(ethereum),
    }[kind]()
    reserve = {"plain 0": 10**6, "plain 36": 10**33}.get(kind, 10**24)
    pair = quirky_tokens.pair(ethereum, token, WETH, reserve, 1000 * ETHER)
    quirky_tokens.give(ethereum, token, pair, reserve // 100)
    first = int(token, 16) < int(WETH, 16)
    outputs = (0, 9 * ETHER) if first else (9 * ETHER, 0)
    swap = abi.encode_call("swap(uint256,uint256,address,bytes)", *outputs, HOLDER, b"")
    ethereum.send(HOLDER, pair, swap)
    assert ethereum.erc20_balance(WETH, HOLDER) == 9 * ETHER


def test_a_pair_that_no_reserve_can_hold_is_a_clear_error(ethereum: Node) -> None:
    token = quirky_tokens.plain(ethereum, 36)
    with pytest.raises(ValueError, match=r"a pair holds 1 to .* smallest units of each token: give less"):
        quirky_tokens.pair(ethereum, token, WETH, 10**36, ETHER)
