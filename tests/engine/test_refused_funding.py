"""Means that have failed an opportunity are not chosen again for it, whichever they are."""

from __future__ import annotations

from executor.domain.execution import Status
from executor.domain.route import Funding
from executor.engine.executor import Executor
from tests.engine.test_trying_again import DRY, execute_by, simulations
from tests.support.trading import UNISWAP_V2, Trading, explicit, high_level

MANY = {"retries": {"tries": 20}}


async def test_a_route_that_could_not_pay_itself_is_paid_by_other_means(trading: Trading) -> None:
    trading.open_gap()
    trading.node.set_erc20_balance(trading.desk.token("WETH").address, trading.router, 0)
    async with Executor(trading.settings(), dry_run=True) as executor:
        expected = await executor.execute(explicit())
    assert expected.funding == Funding.CALLBACK_CHAIN
    realised, stages, _ = await execute_by(trading, simulations(trading, DRY), explicit())
    assert realised.status is Status.REALISED, realised.reasons
    assert realised.funding not in (None, "callback_chain", "inventory")
    assert stages["sizing"] == 2


async def test_own_money_that_failed_divides_no_trade_over_pools_any_more(trading: Trading) -> None:
    trading.open_gap(UNISWAP_V2)
    opportunity = high_level(buy="sushiswap_v2", sell="uniswap_v2")
    async with Executor(trading.settings(), dry_run=True) as executor:
        expected = await executor.execute(opportunity)
    assert expected.funding == Funding.INVENTORY
    realised, _, _ = await execute_by(trading, simulations(trading, DRY), opportunity)
    assert realised.status is Status.REALISED, realised.reasons
    assert realised.funding == Funding.CALLBACK_CHAIN


async def test_an_opportunity_that_every_means_has_failed_is_declined_with_all_their_names(
    trading: Trading,
) -> None:
    trading.open_gap()
    declined, _, methods = await execute_by(trading, simulations(trading, *20 * [DRY]), explicit(), **MANY)
    assert declined.status is Status.DECLINED
    (reason,) = declined.reasons
    assert reason.code == "no_funding_left"
    refused = reason.facts["refused"]
    assert isinstance(refused, list)
    assert {"callback_chain", "inventory", "aave_v3", "balancer_v2", "uniswap_v4"} <= set(refused)
    assert len(set(refused)) == len(refused)
    assert "eth_sendRawTransaction" not in methods
