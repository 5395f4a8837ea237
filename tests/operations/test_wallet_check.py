"""`executor check` looks at every wallet: each operator for itself, and the key that holds nothing."""

from __future__ import annotations

from typing import Any

from devnet import ETHER
from executor.engine.executor import Executor
from executor.operations.check import check
from executor.operations.findings import Finding, State
from executor.wallet.development import DEVELOPMENT_ADDRESSES
from tests.support.routers import OWNER
from tests.support.trading import OPERATOR, Trading

SECOND, AUTHENTICATION = DEVELOPMENT_ADDRESSES[5], DEVELOPMENT_ADDRESSES[6]
EVERY_WALLET: dict[str, Any] = {
    "wallets": [{"development_account": 5}],
    "authentication_wallet": {"development_account": 6},
}


async def findings(trading: Trading, **changes: Any) -> dict[str, Finding]:
    settings = Executor(trading.settings(**changes)).settings
    return {finding.name: finding for finding in (await check(settings))["ethereum"]}


async def test_each_operator_is_asked_about_for_itself(trading: Trading) -> None:
    found = await findings(trading, **EVERY_WALLET)
    assert found["wallet is operator"].state is State.OK
    assert found["wallets.0 is operator"].state is State.WRONG

    trading.desk.send(OWNER, "allowOperator(address,bool)", SECOND, True)
    trading.node.set_balance(SECOND, 1)
    found = await findings(trading, **EVERY_WALLET)
    assert found["wallets.0 is operator"].state is State.OK
    assert found["gas money"].state is State.OK
    assert found["gas money of wallets.0"].state is State.WRONG


async def test_gas_money_for_a_few_trades_is_warned_of_before_it_is_gone(trading: Trading) -> None:
    trading.node.set_balance(OPERATOR, ETHER // 200)
    found = (await findings(trading))["gas money"]

    assert found.state is State.WARNING
    assert "refill it" in found.message
    assert (await findings(trading, gas_money={"warn_below": "0.004"}))["gas money"].state is State.OK


async def test_money_on_the_authentication_key_is_warned_of(trading: Trading) -> None:
    assert (await findings(trading, **EVERY_WALLET))["authentication_wallet"].state is State.WARNING

    trading.node.set_balance(AUTHENTICATION, 0)
    assert (await findings(trading, **EVERY_WALLET))["authentication_wallet"].state is State.OK


async def test_an_operator_that_owns_the_router_is_warned_of(trading: Trading) -> None:
    trading.desk.send(OWNER, "transferOwnership(address)", OPERATOR)
    trading.desk.send(OPERATOR, "acceptOwnership()")

    assert (await findings(trading))["wallet is not the owner"].state is State.WARNING


async def test_a_chain_without_a_wallet_is_said_to_know_dry_runs_only(trading: Trading) -> None:
    assert "only dry runs" in (await findings(trading, wallet=None))["wallet"].message
