"""One opportunity on one chain, on real protocol bytecode: what was promised is what the router holds
afterwards."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest
from jsonschema import Draft202012Validator

import executor as executor_package
from devnet import ETHER, ETHEREUM, GWEI, feeds
from executor import LegRequest, Opportunity
from executor.chain.quantities import quantity
from executor.domain.execution import Execution, Status
from executor.domain.route import Funding
from executor.engine.executor import Executor
from executor.operations.execution_schema import execution_schema
from tests.support.trading import OPERATOR, SUSHI_V2, UNISWAP_V2, Trading, explicit, high_level, receipt_of

WETH = ETHEREUM.tokens["WETH"]


async def execute(
    trading: Trading, opportunity: Mapping[str, Any], *, dry_run: bool = False, **changes: Any
) -> Execution:
    async with Executor(trading.settings(**changes), dry_run=dry_run) as executor:
        execution = await executor.execute(opportunity)
    Draft202012Validator(execution_schema()).validate(execution.as_dict())
    return execution


def assert_realised(trading: Trading, execution: Execution, before: int, symbol: str = "WETH") -> None:
    """Expected, realised and the router's balance agree to the wei; gas is what the receipt says."""
    assert execution.status is Status.REALISED, execution.reasons
    assert execution.success
    assert execution.expected_profit == execution.realised_profit == trading.balance(symbol) - before
    (transaction_hash,) = execution.transaction_hashes
    receipt = receipt_of(trading.node, transaction_hash)
    assert execution.gas_used == quantity(receipt["gasUsed"], "gasUsed")
    price = quantity(receipt["effectiveGasPrice"], "effectiveGasPrice")
    assert execution.gas_used is not None
    assert execution.gas_cost_wei == execution.gas_used * price
    assert execution.block_number == quantity(receipt["blockNumber"], "blockNumber")
    assert execution.details["balance_check"] == "agrees"


async def test_an_explicit_route_with_own_inventory_realises_what_was_expected(trading: Trading) -> None:
    trading.open_gap(SUSHI_V2)
    before = trading.balance()
    execution = await execute(trading, explicit(funding="inventory"))
    assert_realised(trading, execution, before)
    assert execution.funding == "inventory"
    assert execution.gas_cost_wei is not None
    assert execution.realised_profit is not None
    assert execution.realised_net_profit == execution.realised_profit - execution.gas_cost_wei
    assert execution.profit_usd == (Decimal(execution.realised_net_profit) / 10**18 * 3000).quantize(
        Decimal("0.000001"), "ROUND_FLOOR"
    )


async def test_the_high_level_form_is_funded_by_callback_chaining(trading: Trading) -> None:
    trading.open_gap(SUSHI_V2)
    before = trading.balance()
    opportunity = high_level(funding="callback_chain")
    execution = await execute(trading, opportunity)
    assert_realised(trading, execution, before)
    assert execution.funding == "callback_chain"


async def test_a_router_without_a_penny_trades_all_the_same(trading: Trading) -> None:
    trading.open_gap(SUSHI_V2)
    trading.node.set_erc20_balance(WETH, trading.router, 0)
    execution = await execute(trading, explicit())
    assert_realised(trading, execution, 0)
    assert execution.funding == "callback_chain"


@pytest.mark.parametrize("lender", [Funding.AAVE_V3, Funding.BALANCER_V2])
async def test_a_three_hop_route_with_a_loan_pays_the_premium(trading: Trading, lender: Funding) -> None:
    trading.open_gap("uniswap_v2 WETH/USDT")
    before = trading.balance()
    legs = [
        {"pool": ETHEREUM.pool("uniswap_v3 USDC/WETH 500").address, "token_in": "WETH"},
        {"pool": ETHEREUM.pool("uniswap_v3 USDC/USDT 100").address, "token_in": "USDC"},
        {"pool": ETHEREUM.pool("uniswap_v2 WETH/USDT").address, "token_in": "USDT"},
    ]
    opportunity = explicit(funding=lender.value) | {"legs": legs}
    execution = await execute(trading, opportunity)
    assert_realised(trading, execution, before)
    assert execution.funding == lender.value
    assert execution.amount_in is not None
    premium = int(str(execution.details["premium"]))
    assert premium == ((execution.amount_in * 5 + 5_000) // 10_000 if lender is Funding.AAVE_V3 else 0)
    assert len(execution.route) == 3


async def test_of_several_fee_tiers_the_one_that_nets_most_is_taken(trading: Trading) -> None:
    trading.open_gap("uniswap_v3 USDC/WETH 3000", "WETH", 600 * ETHER)
    tiers = [pool for pool in ETHEREUM.pools if pool.name.startswith("uniswap_v3 USDC/WETH")]
    assert len(tiers) > 1
    chosen = await execute(trading, high_level(buy="uniswap_v2", sell="uniswap_v3"), dry_run=True)
    nets = {}
    for tier in tiers:
        one = await execute(trading, explicit(first=UNISWAP_V2, second=tier.name), dry_run=True)
        nets[tier.address] = one.expected_net_profit or 0
    best = max(nets, key=lambda address: nets[address])
    assert best in chosen.route[1]
    # Between the two a second may pass: a byte of the deadline that is zero costs 12 gas less than another.
    bytes_gas = 4 * 12
    assert chosen.expected_net_profit is not None
    apart = abs(chosen.expected_net_profit - nets[best])
    assert apart <= bytes_gas * int(str(chosen.details["expected_gas_price"]))


async def test_the_given_amount_is_a_cap_that_is_only_lowered(trading: Trading) -> None:
    trading.open_gap(SUSHI_V2)
    free = await execute(trading, explicit(), dry_run=True)
    assert free.amount_in is not None
    capped = await execute(trading, explicit(amount=str(ETHER)), dry_run=True)
    assert capped.amount_in is not None
    assert ETHER * 999 // 1000 < capped.amount_in <= ETHER
    lowered = await execute(trading, explicit(amount=str(10 * free.amount_in)), dry_run=True)
    assert lowered.amount_in == free.amount_in


async def test_a_size_that_the_executor_chooses_stays_within_the_limit(trading: Trading) -> None:
    trading.open_gap(SUSHI_V2)
    execution = await execute(trading, explicit(), dry_run=True, max_trade_size_usd=3000)
    assert execution.status is Status.DRY_RUN
    assert execution.amount_in is not None
    assert execution.amount_in <= ETHER


async def test_a_given_amount_above_the_limit_is_declined(trading: Trading) -> None:
    trading.open_gap(SUSHI_V2)
    execution = await execute(trading, explicit(amount=str(2 * ETHER)), max_trade_size_usd=3000)
    assert [reason.code for reason in execution.reasons] == ["above_max_trade_size"]


async def test_what_earns_nothing_is_declined_with_its_figures(trading: Trading) -> None:
    execution = await execute(trading, explicit(amount=str(ETHER)))
    assert execution.status is Status.DECLINED
    (reason,) = execution.reasons
    assert reason.code == "not_profitable"
    assert int(str(reason.facts["amount_out"])) < ETHER
    assert trading.nonce() == 0


async def test_every_reason_for_declining_is_told_at_once(trading: Trading) -> None:
    trading.open_gap(SUSHI_V2)
    execution = await execute(
        trading,
        explicit(amount=str(ETHER)),
        min_profit_usd=10_000,
        max_trade_size_usd=100,
        max_base_fee_gwei=1,
    )
    codes = {reason.code for reason in execution.reasons}
    assert codes == {"below_min_profit", "above_max_trade_size", "base_fee_too_high"}
    assert trading.nonce() == 0


async def test_a_base_fee_that_the_node_was_told_is_paid_and_counted(trading: Trading) -> None:
    trading.open_gap()
    trading.node.rpc("anvil_setNextBlockBaseFeePerGas", hex(40 * GWEI))
    execution = await execute(trading, explicit())
    assert execution.status is Status.REALISED, execution.reasons
    assert execution.gas_cost_wei == (execution.gas_used or 0) * 41 * GWEI


async def test_a_wallet_without_gas_money_is_declined(trading: Trading) -> None:
    trading.open_gap(SUSHI_V2)
    trading.node.set_balance(OPERATOR, 10 * GWEI)
    execution = await execute(trading, explicit())
    assert (
        "insufficient_gas_money" in {reason.code for reason in execution.reasons}
        or execution.status is Status.DECLINED
    )
    assert trading.nonce() == 0


async def test_a_stale_price_declines_only_where_a_limit_needs_it(trading: Trading) -> None:
    trading.open_gap(SUSHI_V2)
    trading.node.increase_time(10 * 86_400)
    trading.node.mine(1)
    declined = await execute(trading, explicit(deadline=4_000_000_000))
    assert [reason.code for reason in declined.reasons] == ["price_unavailable"]
    realised = await execute(trading, explicit("seen-2"), min_profit_usd=0)
    assert realised.status is Status.REALISED
    assert realised.profit_usd is None


async def test_a_settlement_token_other_than_the_native_coin_pays_gas_at_the_feeds_price(
    trading: Trading,
) -> None:
    trading.open_gap(SUSHI_V2)
    before = trading.balance("USDC")
    legs = [
        {"pool": ETHEREUM.pool(SUSHI_V2).address, "token_in": "USDC"},
        {"pool": ETHEREUM.pool(UNISWAP_V2).address, "token_in": "WETH"},
    ]
    execution = await execute(trading, explicit() | {"legs": legs})
    assert_realised(trading, execution, before, "USDC")
    assert execution.gas_cost_wei is not None
    assert execution.realised_profit is not None
    gas_in_usdc = -(-execution.gas_cost_wei * 3000 * 10**6 // 10**18)
    assert execution.realised_net_profit == execution.realised_profit - gas_in_usdc


async def test_the_chain_is_told_to_insist_on_most_of_the_simulated_profit(trading: Trading) -> None:
    trading.open_gap(SUSHI_V2)
    execution = await execute(trading, explicit(), dry_run=True)
    assert execution.expected_profit is not None
    assert execution.minimum_profit == -(-execution.expected_profit * 9_500 // 10_000)


async def test_a_dry_run_sends_nothing_and_says_what_it_would_have_sent(trading: Trading) -> None:
    trading.open_gap(SUSHI_V2)
    before, head = trading.balance(), trading.node.block_number
    execution = await execute(trading, explicit(), dry_run=True)
    assert execution.status is Status.DRY_RUN
    assert execution.plan is not None
    assert execution.transaction_hashes == ()
    assert trading.nonce() == 0
    assert trading.node.block_number == head
    assert trading.balance() == before
    assert not (trading.folder / "journal").exists()
    returned = trading.node.call(trading.router, bytes.fromhex(execution.plan[2:]), from_=OPERATOR)
    assert int.from_bytes(returned, "big") == execution.expected_profit


async def test_a_dry_run_needs_no_wallet(trading: Trading) -> None:
    trading.open_gap(SUSHI_V2)
    execution = await execute(trading, explicit(), dry_run=True, wallet=None)
    assert execution.status is Status.DRY_RUN
    assert execution.details["sender"] == OPERATOR


async def test_opportunities_at_the_same_time_take_turns(trading: Trading) -> None:
    """The second one sees what the first has left: nothing."""
    trading.open_gap(SUSHI_V2)
    async with Executor(trading.settings()) as executor:
        first, second = await asyncio.gather(executor.execute(explicit("a")), executor.execute(explicit("b")))
    assert {first.status, second.status} == {Status.REALISED, Status.DECLINED}
    assert trading.nonce() == 1


async def test_a_falling_price_feed_does_not_touch_a_trade_in_the_native_coin(trading: Trading) -> None:
    trading.open_gap(SUSHI_V2)
    feeds.set_price(trading.node, ETHEREUM.feeds["ETH/USD"], 1)
    execution = await execute(trading, explicit(), min_profit_usd=0)
    assert execution.status is Status.REALISED


async def test_an_opportunity_past_its_deadline_is_declined(trading: Trading) -> None:
    trading.open_gap()
    now = int(trading.node.block()["timestamp"], 16)
    late = await execute(trading, explicit(deadline=now))
    assert [reason.code for reason in late.reasons] == ["deadline_passed"]
    in_time = await execute(trading, explicit("seen-2", deadline=now + 1_000))
    assert in_time.status is Status.REALISED
    assert int(str(in_time.details["deadline"])) <= now + 1_000


async def test_the_python_api_takes_opportunities_that_a_program_has_built(trading: Trading) -> None:
    trading.open_gap()
    legs = tuple(LegRequest(**leg) for leg in explicit()["legs"])
    async with Executor(trading.settings()) as executor:
        wrong = await executor.execute(Opportunity("built-1", "ethereum", legs, amount=-5))
        right = await executor.execute(Opportunity("built-2", "ethereum", legs, amount=ETHER))
    assert [reason.facts["field"] for reason in wrong.reasons] == ["amount"]
    assert right.status is Status.REALISED


def test_the_public_names_come_from_the_package_itself() -> None:
    assert executor_package.Executor is Executor
    assert executor_package.Status is Status
    for name in executor_package.__all__:
        assert getattr(executor_package, name)
    with pytest.raises(AttributeError):
        _ = executor_package.Nothing
