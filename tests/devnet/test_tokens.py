"""The tokens behave as those they stand for, habits and all."""

from __future__ import annotations

import pytest

from devnet import ETHER, ETHEREUM, Node, abi
from devnet.errors import RpcError
from devnet.protocols.tokens import TETHER_OWNER
from devnet.roles import account

HOLDER, FRIEND, SPENDER = account("holder"), account("friend"), account("spender")
USDT, USDC, DAI, STA, WETH = (ETHEREUM.tokens[symbol] for symbol in ("USDT", "USDC", "DAI", "STA", "WETH"))


@pytest.mark.parametrize(
    "call",
    [
        abi.encode_call("transfer(address,uint256)", FRIEND, 5),
        abi.encode_call("approve(address,uint256)", FRIEND, 5),
        abi.encode_call("transferFrom(address,address,uint256)", HOLDER, FRIEND, 0),
    ],
)
def test_the_tether_like_returns_nothing(ethereum: Node, call: bytes) -> None:
    ethereum.set_erc20_balance(USDT, HOLDER, 5)
    assert ethereum.call(USDT, call, from_=HOLDER) == b""


def test_the_tether_like_refuses_to_change_an_allowance_that_is_not_zero(ethereum: Node) -> None:
    def approve(amount: int) -> None:
        ethereum.send(HOLDER, USDT, abi.encode_call("approve(address,uint256)", SPENDER, amount))

    approve(5)
    with pytest.raises(RpcError, match="revert"):
        approve(6)
    approve(0)
    approve(6)


def test_the_tether_like_takes_its_fee_once_that_is_switched_on(ethereum: Node) -> None:
    ethereum.set_erc20_balance(USDT, HOLDER, 10_000_000)
    before = ethereum.erc20_balance(USDT, TETHER_OWNER)
    ethereum.send(TETHER_OWNER, USDT, abi.encode_call("setParams(uint256,uint256)", 10, 40))
    ethereum.send(HOLDER, USDT, abi.encode_call("transfer(address,uint256)", FRIEND, 10_000_000))
    assert ethereum.erc20_balance(USDT, FRIEND) == 9_990_000
    assert ethereum.erc20_balance(USDT, TETHER_OWNER) == before + 10_000


def test_the_transfer_fee_token_burns_one_percent(ethereum: Node) -> None:
    ethereum.set_erc20_balance(STA, HOLDER, ETHER)
    ethereum.send(HOLDER, STA, abi.encode_call("transfer(address,uint256)", FRIEND, ETHER))
    assert ethereum.erc20_balance(STA, FRIEND) == ETHER * 99 // 100


def test_a_plain_v2_swap_of_the_transfer_fee_token_reverts(ethereum: Node) -> None:
    router = ETHEREUM.contracts["uniswap_v2_router"]
    ethereum.set_erc20_balance(STA, HOLDER, ETHER)
    ethereum.send(HOLDER, STA, abi.encode_call("approve(address,uint256)", router, ETHER))
    signature = "swapExactTokensForTokens(uint256,uint256,address[],address,uint256)"
    with pytest.raises(RpcError, match="UniswapV2: K"):
        ethereum.send(HOLDER, router, abi.encode_call(signature, ETHER, 0, [STA, WETH], HOLDER, 2**63))


def test_usdc_can_blacklist_and_then_refuses(ethereum: Node) -> None:
    ethereum.set_erc20_balance(USDC, HOLDER, 5)
    blacklister = abi.decode("(address)", ethereum.call(USDC, abi.encode_call("blacklister()")))[0]
    ethereum.send(blacklister, USDC, abi.encode_call("blacklist(address)", FRIEND))
    with pytest.raises(RpcError, match="blacklisted"):
        ethereum.send(HOLDER, USDC, abi.encode_call("transfer(address,uint256)", FRIEND, 5))


def test_a_stranger_cannot_mint_any_of_them(ethereum: Node) -> None:
    for token, call in (
        (USDC, abi.encode_call("mint(address,uint256)", HOLDER, 1)),
        (DAI, abi.encode_call("mint(address,uint256)", HOLDER, 1)),
        (USDT, abi.encode_call("issue(uint256)", 1)),
    ):
        with pytest.raises(RpcError, match="revert"):
            ethereum.send(HOLDER, token, call)


def test_ether_is_wrapped_one_to_one(ethereum: Node) -> None:
    ethereum.set_balance(HOLDER, 10 * ETHER)
    ethereum.send(HOLDER, WETH, abi.encode_call("deposit()"), value=3 * ETHER)
    ethereum.send(HOLDER, WETH, abi.encode_call("withdraw(uint256)", ETHER))
    assert ethereum.erc20_balance(WETH, HOLDER) == 2 * ETHER
