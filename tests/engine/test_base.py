"""The same engine on a second chain, an L2: levels of the gas price, and a fee for the parent chain's
data."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from devnet import BASE, GWEI, Node
from executor.domain.execution import Execution, Status
from executor.engine.executor import Executor
from executor.plan import decode
from executor.plan.steps import PoolLoan
from tests.support.trading import OPERATOR, Trading, deploy_trading

OPPORTUNITY: dict[str, Any] = {
    "opportunity_id": "seen-1",
    "chain": "base",
    "token": "USDC",
    "quote_token": "WETH",
    "buy_dex": "uniswap_v3",
    "sell_dex": "uniswap_v2",
}


@pytest.fixture
def trading(base: Node, tmp_path: Path) -> Trading:
    made = deploy_trading(base, tmp_path)
    made.open_gap("uniswap_v2 WETH/USDC")
    return made


async def execute(trading: Trading, *, dry_run: bool = False, **changes: Any) -> Execution:
    async with Executor(trading.settings(**changes), dry_run=dry_run) as executor:
        return await executor.execute(OPPORTUNITY)


async def test_an_opportunity_on_base_is_realised(trading: Trading) -> None:
    before = trading.balance()
    execution = await execute(trading)
    assert execution.status is Status.REALISED, execution.reasons
    assert execution.realised_profit == execution.expected_profit == trading.balance() - before
    assert trading.node.chain_id == 8453


async def test_a_pool_of_another_exchange_lends_on_base(trading: Trading) -> None:
    """PancakeSwap's is the cheapest: it calls back under another name than Uniswap's."""
    before = trading.balance()
    async with Executor(trading.settings()) as executor:
        execution = await executor.execute({**OPPORTUNITY, "funding": "uniswap_v3_flash"})
    assert execution.status is Status.REALISED, execution.reasons
    (loan,) = decode(bytes.fromhex(str(execution.plan)[2:])).steps
    assert isinstance(loan, PoolLoan)
    assert loan.pool == BASE.pool("pancake_v3 WETH/USDC 100").address
    assert execution.details["premium"] == str(-(-loan.amount * 100 // 1_000_000))
    assert execution.realised_profit == execution.expected_profit == trading.balance() - before


async def test_an_extreme_gas_price_is_never_paid(trading: Trading) -> None:
    trading.node.set_base_fee(20 * GWEI)
    execution = await execute(trading)
    assert [reason.code for reason in execution.reasons] == ["gas_level_never"]
    assert trading.nonce() == 0


async def test_a_bad_gas_price_asks_for_more_profit(trading: Trading) -> None:
    """The levels are the user's: the same price is never, too high, or fine."""
    trading.node.set_base_fee(GWEI)
    levels = {"ultra_low": 1, "low": 2, "medium": 3, "high": 4, "extreme": 5}
    fine = await execute(trading, dry_run=True, l2_gas_thresholds=levels)
    assert fine.status is Status.DRY_RUN
    never = await execute(
        trading,
        dry_run=True,
        l2_gas_thresholds={name: str(level / 10) for name, level in levels.items()},
    )
    assert [reason.code for reason in never.reasons] == ["gas_level_never"]


L1_BLOCK = "0x4200000000000000000000000000000000000015"
ORACLE = "0x420000000000000000000000000000000000000F"
ANSWERS_A_TENTH_OF_AN_ETHER = bytes.fromhex("67016345785d8a00005f5260205ff3")


def set_parent_base_fee(node: Node, wei: int) -> None:
    """What a unit of gas costs on the parent chain."""
    node.rpc("anvil_setStorageAt", L1_BLOCK, "0x1", f"0x{wei:064x}")


async def test_data_are_part_of_the_cost(trading: Trading) -> None:
    cheap = await execute(trading, dry_run=True)
    set_parent_base_fee(trading.node, 4 * GWEI)
    dear = await execute(trading, dry_run=True)
    assert cheap.status is dear.status is Status.DRY_RUN
    assert cheap.gas_used is not None
    assert cheap.gas_cost_wei is not None
    assert dear.gas_cost_wei is not None
    data = dear.gas_cost_wei - cheap.gas_cost_wei
    # 2 gwei more for each of the bytes, 16 gas each, at the scalar of the predeploy.
    assert 100 * 2 * GWEI * 16 * 2_269 // 10**6 < data < 1_000 * 2 * GWEI * 16 * 2_269 // 10**6


async def test_gas_money_must_cover_the_data_too(trading: Trading) -> None:
    ready = await execute(trading, dry_run=True)
    limit, price = ready.details["gas_limit"], ready.details["max_fee_per_gas"]
    assert isinstance(limit, int)
    assert isinstance(price, int)
    gas = limit * price
    trading.node.rpc("anvil_setBalance", OPERATOR, hex(gas))
    execution = await execute(trading)
    (reason,) = execution.reasons
    assert reason.code == "insufficient_gas_money"
    needed = int(str(reason.facts["needed"]))
    assert needed > gas


async def test_where_the_oracle_says_more_the_higher_figure_counts(trading: Trading) -> None:
    """A stand-in oracle that wants a tenth of an ether for anything, and as much for the operator."""
    before = await execute(trading, dry_run=True)
    trading.node.set_code(ORACLE, ANSWERS_A_TENTH_OF_AN_ETHER)
    told = await execute(trading, dry_run=True)
    assert before.gas_cost_wei is not None
    assert told.gas_cost_wei is not None
    assert told.gas_cost_wei > 2 * 10**17 > before.gas_cost_wei


async def test_a_chain_that_was_too_dear_comes_back_only_well_below_the_threshold(trading: Trading) -> None:
    async with Executor(trading.settings(priority_fee_gwei=0), dry_run=True) as executor:
        found = []
        for number, price in enumerate((10 * GWEI, 99 * GWEI // 10, 8 * GWEI)):
            trading.node.set_base_fee(price)
            trading.node.mine()
            execution = await executor.execute({**OPPORTUNITY, "opportunity_id": f"seen-{number}"})
            found.append([reason.code for reason in execution.reasons])
    assert found == [["gas_level_never"], ["gas_level_never"], []]


async def test_no_more_than_the_ceiling_is_offered(trading: Trading) -> None:
    trading.node.set_base_fee(GWEI)
    tight = await execute(
        trading, dry_run=True, priority_fee_gwei="0.01", bids={"max_fee_per_gas_gwei": "1.02"}
    )
    assert tight.details["max_fee_per_gas"] == 102 * GWEI // 100
    below = await execute(trading, bids={"max_fee_per_gas_gwei": "0.9"})
    assert [reason.code for reason in below.reasons] == ["max_fee_too_low"]
    assert trading.nonce() == 0
