"""`executor wallet balances`: what is there, in one round trip a chain, and what is wrong with it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from devnet import ETHER, ETHEREUM, Node
from executor.chain.multicall import MULTICALL3
from executor.config.settings import Settings
from executor.domain.address import to_address
from executor.domain.token import Token
from executor.operations.exit_codes import ExitCode
from executor.operations.wallet_balances import ChainHoldings, read_holdings
from executor.wallet.development import DEVELOPMENT_ADDRESSES
from tests.operations.test_run import call, config
from tests.support.proxy import ChangingProxy
from tests.support.routers import OWNER
from tests.support.trading import OPERATOR, Trading

SECOND, AUTHENTICATION = DEVELOPMENT_ADDRESSES[5], DEVELOPMENT_ADDRESSES[6]
EVERY_WALLET: dict[str, Any] = {
    "wallets": [{"development_account": 5}],
    "authentication_wallet": {"development_account": 6},
}


def told(trading: Trading, *arguments: str, **changes: Any) -> dict[str, Any]:
    answer = json.loads(
        call("wallet", "balances", "--config", config(trading, **changes), "--json", *arguments).stdout
    )
    assert isinstance(answer, dict)
    return answer


def warned(answer: dict[str, Any]) -> list[tuple[str, str]]:
    return [(line["holder"], line["code"]) for line in answer["warnings"]]


def test_balances_are_those_of_wallet_and_router(trading: Trading) -> None:
    ended = call("wallet", "balances", "--config", config(trading), "--json")
    holdings = {
        (line["holder"], line["symbol"]): int(line["amount"]) for line in json.loads(ended.stdout)["holdings"]
    }

    assert ended.code == ExitCode.OK
    assert holdings["wallet", "ETH"] == trading.node.balance(OPERATOR)
    assert holdings["router", "WETH"] == trading.balance()
    assert holdings["router", "ETH"] == trading.node.balance(trading.router)


def test_balances_are_shown_in_whole_tokens_without_the_empty_ones(trading: Trading) -> None:
    shown = call("wallet", "balances", "--config", config(trading), "--token", "WETH").stdout

    assert str(trading.balance() // 10**18) in shown
    assert "USDC" not in shown


def test_a_chain_that_does_not_answer_is_named(trading: Trading) -> None:
    ended = call("wallet", "balances", "--config", config(trading, rpc_url="http://127.0.0.1:9"), "--json")

    assert ended.code == ExitCode.CHECK_FAILED
    assert json.loads(ended.stdout)["unread"][0]["chain"] == "ethereum"


def test_a_node_of_another_chain_tells_no_balances(trading: Trading) -> None:
    with Node.empty(chain_id=5) as other:
        ended = call("wallet", "balances", "--config", config(trading, rpc_url=other.url), "--json")

    told_of = json.loads(ended.stdout)
    assert told_of["holdings"] == []
    assert "chain id 5" in json.dumps(told_of["unread"])


def test_a_token_that_is_not_there_spoils_no_other(trading: Trading) -> None:
    trading.node.set_code(ETHEREUM.tokens["DAI"], b"")
    ended = call("wallet", "balances", "--config", config(trading), "--json")
    symbols = {line["symbol"] for line in json.loads(ended.stdout)["holdings"]}

    assert ended.code == ExitCode.OK
    assert "DAI" not in symbols
    assert {"ETH", "WETH", "USDC"} <= symbols


async def counted(
    trading: Trading, tokens: tuple[str, ...] = (), **changes: Any
) -> tuple[ChainHoldings, int]:
    """The holdings, and the HTTP requests that they took."""
    async with ChangingProxy(trading.node.url) as proxy:
        settings = Settings.from_mapping(
            trading.settings(rpc_url=proxy.url, **changes), base_dir=Path(), environ={}
        )
        found, unread = await read_holdings(settings, tokens)
        assert unread == ()
        return found[0], proxy.posts


async def test_all_wallets_tokens_and_names_take_one_round_trip(trading: Trading) -> None:
    weth = ETHEREUM.tokens["WETH"]
    found, posts = await counted(trading, **EVERY_WALLET)
    by_address, posts_by_address = await counted(trading, (weth,), **EVERY_WALLET)

    assert (posts, posts_by_address) == (1, 1)
    assert {line.holder for line in found.held} == {"wallet", "wallets.0", "authentication_wallet", "router"}
    amounts = {(line.holder, line.symbol): line.amount for line in by_address.held}
    assert amounts["router", "WETH"] == trading.balance()
    assert amounts["wallets.0", "ETH"] == trading.node.balance(SECOND)


async def test_each_configured_chain_is_asked_once_and_none_waits_for_another(
    trading: Trading, base: Node
) -> None:
    async with ChangingProxy(trading.node.url) as first, ChangingProxy(base.url) as second:
        whole = trading.settings(rpc_url=first.url)
        whole["chains"]["base"] = {"rpc_url": second.url, "wallet": {"development_account": 5}}
        found, unread = await read_holdings(Settings.from_mapping(whole, base_dir=trading.folder, environ={}))
        assert (first.posts, second.posts) == (1, 1)

    assert unread == ()
    assert [chain.chain for chain in found] == ["ethereum", "base"]
    on_base = {(line.holder, line.symbol): line.amount for line in found[1].held}
    assert on_base["wallet", "ETH"] == base.balance(SECOND)


async def test_with_and_without_multicall_the_answers_are_the_same(trading: Trading) -> None:
    together, posts = await counted(trading, **EVERY_WALLET)
    trading.node.set_code(MULTICALL3, b"")
    alone, more_posts = await counted(trading, **EVERY_WALLET)

    assert alone == together
    assert more_posts > posts == 1


def test_a_token_that_nobody_knows_is_asked_for_its_names(trading: Trading) -> None:
    answer = told(trading, "--token", trading.desk.book.tokens["WETH"].lower(), "--token", "usdc")
    assert {line["symbol"] for line in answer["holdings"]} == {"ETH", "WETH", "USDC"}

    foreign = next(
        address
        for symbol, address in ETHEREUM.tokens.items()
        if symbol not in ("WETH", "USDC", "DAI", "USDT")
    )
    shown = told(trading, "--token", foreign)
    assert {line["token"] for line in shown["holdings"]} == {None, to_address(foreign)}


def test_a_symbol_that_no_chain_knows_is_a_mistake(trading: Trading) -> None:
    ended = call("wallet", "balances", "--config", config(trading), "--token", "WHETH")

    assert ended.code == ExitCode.USAGE
    assert "WHETH" in ended.stderr


def test_a_wallet_that_is_low_on_gas_money_is_warned_of_at_present_prices(trading: Trading) -> None:
    trading.node.set_balance(OPERATOR, ETHER // 10_000)
    ended = call("wallet", "balances", "--config", config(trading))

    assert warned(told(trading)) == [("wallet", "low_gas_money")]
    assert ended.code == ExitCode.CHECK_FAILED
    assert "0.0001 ETH" in ended.stderr


def test_a_level_of_ones_own_comes_before_prices(trading: Trading) -> None:
    held = Token(1, to_address(OPERATOR), "ETH", 18).shown(trading.node.balance(OPERATOR))

    assert warned(told(trading, gas_money={"warn_below": f"{held:f}"})) == []
    assert warned(told(trading, gas_money={"warn_below": f"{held + 1:f}"})) == [("wallet", "low_gas_money")]


def test_money_on_the_authentication_key_is_warned_of(trading: Trading) -> None:
    assert warned(told(trading, **EVERY_WALLET)) == [("authentication_wallet", "authentication_holds_money")]

    trading.node.set_balance(AUTHENTICATION, 0)
    assert warned(told(trading, **EVERY_WALLET)) == []


def test_an_operator_that_owns_the_router_is_warned_of(trading: Trading) -> None:
    trading.desk.send(OWNER, "transferOwnership(address)", SECOND)
    trading.desk.send(SECOND, "acceptOwnership()")
    answer = told(trading, wallets=EVERY_WALLET["wallets"])

    assert answer["owners"] == {"ethereum": SECOND}
    assert warned(answer) == [("wallets.0", "owner_is_online")]


def test_two_wallets_with_one_key_are_refused(trading: Trading) -> None:
    ended = call(
        "wallet", "balances", "--config", config(trading, wallets=[{"development_account": 1}]), "--json"
    )

    assert ended.code == ExitCode.USAGE
    assert "once" in ended.stderr
