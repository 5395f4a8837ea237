"""A block that comes between reading and sending: the trade is looked at again before it goes out."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import Any

from devnet import ETHER, GWEI
from executor.config.settings import Settings
from executor.domain.execution import Execution, Status
from executor.engine.executor import Executor
from executor.engine.intake import parse
from executor.engine.same_chain import SameChainRun
from executor.engine.session import open_session
from executor.submission.clock import SystemClock
from tests.support.trading import SUSHI_V2, Trading, explicit

Meanwhile = Callable[[], object]


async def execute(
    trading: Trading, meanwhile: Meanwhile, *, times: int = 1, **changes: Any
) -> tuple[Execution, list[str]]:
    """The usual opportunity, while `meanwhile` happens as often as it is about to be sent."""
    stages: list[str] = []

    def on_stage(opportunity_id: str, stage: str) -> None:
        stages.append(stage)
        if stage == "deciding" and stages.count("deciding") <= times:
            meanwhile()

    async with Executor(trading.settings(**changes), on_stage=on_stage) as executor:
        return await executor.execute(explicit(funding="callback_chain")), stages


def others(trading: Trading, ether: int) -> Meanwhile:
    """Somebody else buys ether where it is cheap (or, negative, sells more of it)."""

    def trade() -> None:
        if ether > 0:
            trading.open_gap("uniswap_v2 USDC/WETH", "WETH", ether * ETHER)
        else:
            trading.open_gap(SUSHI_V2, "WETH", -ether * ETHER)

    return trade


async def test_an_ordinary_block_changes_nothing(trading: Trading) -> None:
    trading.open_gap()
    execution, stages = await execute(trading, trading.node.mine)

    assert execution.status is Status.REALISED, execution.reasons
    assert stages.count("sizing") == 1
    assert "looking again" in stages
    assert execution.realised_profit == execution.expected_profit


async def test_without_a_new_block_nobody_looks_again(trading: Trading) -> None:
    trading.open_gap()
    execution, stages = await execute(trading, lambda: None)

    assert execution.status is Status.REALISED
    assert "looking again" not in stages


async def test_a_gap_that_somebody_else_closed_is_declined_and_nothing_is_sent(trading: Trading) -> None:
    trading.open_gap()
    execution, _ = await execute(trading, others(trading, 1_100))

    assert execution.status is Status.DECLINED
    assert {reason.code for reason in execution.reasons} <= {"profit_gone", "net_profit_gone", "trade_gone"}
    assert trading.nonce() == 0


async def test_the_block_of_a_record_is_the_one_that_the_trade_was_judged_at(trading: Trading) -> None:
    """Or it would be tried again at a block that has been looked at already."""
    trading.open_gap()
    before = trading.node.block_number
    execution, _ = await execute(trading, others(trading, 1_100))

    assert execution.status is Status.DECLINED
    assert execution.block_number == trading.node.block_number > before


async def test_a_gap_that_somebody_else_narrowed_is_taken_at_a_smaller_size(trading: Trading) -> None:
    trading.open_gap()
    execution, stages = await execute(trading, others(trading, 40))

    assert execution.status is Status.REALISED, execution.reasons
    assert stages.count("sizing") == 2
    assert execution.realised_profit == execution.expected_profit == trading.balance() - 50 * ETHER


async def test_a_gap_that_widened_is_taken_at_a_larger_size(trading: Trading) -> None:
    trading.open_gap()
    execution, stages = await execute(trading, others(trading, -100))

    assert execution.status is Status.REALISED, execution.reasons
    assert stages.count("sizing") == 2
    assert execution.realised_profit == execution.expected_profit


async def test_a_market_that_never_rests_ends_in_a_decision(trading: Trading) -> None:
    """Each look finds more to earn; after a few the trade goes out as it was sized."""
    trading.open_gap()
    execution, stages = await execute(trading, others(trading, -60), times=9)

    assert stages.count("sizing") == 3
    assert execution.status is Status.REALISED, execution.reasons


async def test_a_base_fee_that_jumped_is_judged_by_the_policy(trading: Trading) -> None:
    trading.open_gap()

    def jump() -> None:
        trading.node.set_base_fee(90 * GWEI)
        trading.node.mine()

    execution, stages = await execute(trading, jump, max_base_fee_gwei=60)

    assert execution.status is Status.DECLINED
    assert [reason.code for reason in execution.reasons] == ["base_fee_too_high"]
    assert stages.count("sizing") == 1
    assert trading.nonce() == 0


async def test_what_was_read_while_it_waited_for_others_is_not_read_once_more(trading: Trading) -> None:
    trading.open_gap()
    stages: list[str] = []
    waits = [trading.node.mine]

    async def claim(keys: frozenset[str]) -> bool:
        """Others hold what it needs until the next block is there."""
        if not waits:
            return True
        waits.pop()()
        return False

    async with AsyncExitStack() as stack:
        settings = Settings.from_mapping(trading.settings())
        session = await open_session(stack, settings, "ethereum", means=None, clock=SystemClock())
        found = await SameChainRun(session, parse(explicit()), stages.append, claim=claim).run()

    assert found.status is Status.DRY_RUN, found.reasons
    assert stages.count("sizing") == 2
    assert stages.count("looking again") == 1
