"""One of several routes that fails costs the others nothing, and of several who pay only the failed one is
left out."""

from __future__ import annotations

import json
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import Any

import pytest
from eth_abi.abi import encode

from devnet import ETHER, ETHEREUM, GWEI
from executor.config.chains import load_chain
from executor.config.settings import Settings
from executor.domain.errors import ExecutorError, MathsError, SafetyError, TicksUnknownError
from executor.domain.execution import Execution, Status
from executor.domain.pool import Pool
from executor.domain.route import Funding, SizedRoute
from executor.engine import sizing
from executor.engine.executor import Executor
from executor.engine.session import open_session
from executor.engine.trust import leaned_on, require_trusted
from executor.plan import decode
from executor.plan.reverts.router import CALL_FAILED
from executor.routing.candidates import pick
from executor.submission.clock import SystemClock
from tests.engine.test_pools_that_lend import loan_of
from tests.engine.test_several_routes import (
    OVER_DAI,
    OVER_USDC,
    OVER_USDT,
    carried_out,
    open_gaps,
    several,
    told,
)
from tests.engine.test_trying_again import DRY, execute_by, reverted, simulations
from tests.operations.test_quote import as_json
from tests.support.market import two_legs, v2_pool
from tests.support.proxy import Answer
from tests.support.trading import Trading, explicit

PAIR, TICKS = "uniswap_v2 WETH/USDT", "uniswap_v3 WETH/USDT 500"
GAP = 11_750
"""In thousandths of WETH: what it earns pays for a second loan of one lender, not for a first one."""


async def dry_run(trading: Trading, opportunity: dict[str, Any], **changes: Any) -> Execution:
    """What would be sent."""
    async with Executor(trading.settings(max_trade_size_usd=None, **changes), dry_run=True) as executor:
        return await executor.execute(opportunity)


async def test_a_route_that_reverts_in_the_simulation_is_left_out_and_the_others_are_traded(
    trading: Trading,
) -> None:
    """The pair cannot pay out any more what its reserves say that it has."""
    open_gaps(trading)
    trading.node.set_erc20_balance(ETHEREUM.tokens["WETH"], ETHEREUM.pool(PAIR).address, 0)
    execution = await carried_out(trading, several(OVER_USDC, OVER_USDT))
    assert execution.status is Status.REALISED, execution.reasons
    assert execution.reasons == ()
    assert [each["route"] for each in told(execution, "routes")] == ["0"]
    (left,) = told(execution, "left_out")
    assert left["route"] == "1" and "refused the pair's transfer" in left["why"]


def test_a_quote_leaves_out_what_the_router_would_refuse(trading: Trading) -> None:
    open_gaps(trading)
    trading.node.set_erc20_balance(ETHEREUM.tokens["WETH"], ETHEREUM.pool(PAIR).address, 0)
    path = trading.folder / "one.json"
    path.write_text(json.dumps(several(OVER_USDC, OVER_USDT)))
    quote = as_json(trading, path)
    assert (quote["ok"], quote["refusal"]) == (True, None)
    assert [each["route"] for each in quote["routes"]] == [0]
    assert "refused the pair's transfer" in quote["left_out"][0]["why"]


@pytest.mark.parametrize(
    "error",
    [
        MathsError("the pool's maths end.", fix=""),
        TicksUnknownError("the ticks end.", fix="", pool=ETHEREUM.pool(TICKS).address, toward_low=True),
    ],
    ids=["maths", "ticks"],
)
async def test_a_pool_that_cannot_be_reckoned_with_takes_only_its_own_route(
    trading: Trading, monkeypatch: pytest.MonkeyPatch, error: ExecutorError
) -> None:
    odd = ETHEREUM.pool(PAIR).address

    def picked(routes: Any, *given: Any, **named: Any) -> Any:
        if any(leg.pool.address == odd for route in routes for leg in route.legs):
            raise error
        return pick(routes, *given, **named)

    open_gaps(trading)
    monkeypatch.setattr(sizing, "pick", picked)
    execution = await carried_out(trading, several(OVER_USDC, OVER_USDT))
    assert execution.status is Status.REALISED, execution.reasons
    assert [each["why"] for each in told(execution, "left_out")] == [error.message]


async def test_where_pools_hold_too_little_half_of_each_route_is_tried(trading: Trading) -> None:
    trading.open_gap()
    trading.open_gap(PAIR, amount=40 * ETHER)
    whole = await dry_run(trading, several(OVER_USDC, OVER_USDT))
    thin = simulations(trading, reverted("UniswapV2: INSUFFICIENT_LIQUIDITY"))
    halved, _, _ = await execute_by(trading, thin, several(OVER_USDC, OVER_USDT), max_trade_size_usd=None)
    assert halved.status is Status.REALISED, halved.reasons
    before, after = ([int(each["amounts"][0]) for each in told(one, "routes")] for one in (whole, halved))
    assert min(before) * 2 < max(before), "or half of the largest would bound them both"
    assert after == [pytest.approx(each // 2, rel=1e-9) for each in before]


def dry_pair() -> Answer:
    """A node's answer to a call of the router in which the pair, called back from the pool before it, holds
    less than is asked of it.
    """
    data = bytes.fromhex(reverted("UniswapV2: INSUFFICIENT_LIQUIDITY")["error"]["data"][2:])
    for name in (PAIR, TICKS):
        data = CALL_FAILED.selector + encode(["address", "bytes"], [ETHEREUM.pool(name).address, data])
    return {"error": {"code": 3, "message": "execution reverted", "data": "0x" + data.hex()}}


async def tried_dry(trading: Trading, *answers: Answer, tries: int = 3) -> tuple[list[int], Execution]:
    """What would go into each of two routes, and what came of them when their simulations ended so."""
    both = several(OVER_USDC, OVER_USDT)
    whole = await dry_run(trading, both)
    dry, free = simulations(trading, *answers), {"max_trade_size_usd": None, "retries": {"tries": tries}}
    realised, _, _ = await execute_by(trading, dry, both, **free)
    assert realised.status is Status.REALISED, realised.reasons
    return sizes(whole), realised


def sizes(execution: Execution) -> list[int]:
    return [int(each["amounts"][0]) for each in told(execution, "routes")]


async def test_where_one_route_s_pool_holds_too_little_half_of_that_route_alone_is_tried(
    trading: Trading,
) -> None:
    open_gaps(trading)
    (first, second), realised = await tried_dry(trading, dry_pair())
    assert sizes(realised) == [first, pytest.approx(second // 2, rel=1e-9)]


@pytest.mark.parametrize(("times", "tries"), [(2, 3), (1, 1)], ids=["at half its size", "in the last try"])
async def test_a_route_whose_pool_still_holds_too_little_costs_the_others_nothing(
    trading: Trading, times: int, tries: int
) -> None:
    open_gaps(trading)
    (first, _), realised = await tried_dry(trading, *times * [dry_pair()], tries=tries)
    assert sizes(realised) == [first]
    (left,) = told(realised, "left_out")
    assert left["route"] == "1" and "does not hold as much" in left["why"]


async def test_several_routes_that_fail_are_left_out_one_after_the_other(trading: Trading) -> None:
    open_gaps(trading)
    trading.open_gap("sushi_v2 DAI/WETH")
    for pair in (PAIR, "sushi_v2 DAI/WETH"):
        trading.node.set_erc20_balance(ETHEREUM.tokens["WETH"], ETHEREUM.pool(pair).address, 0)
    execution = await carried_out(trading, several(OVER_USDT, OVER_USDC, OVER_DAI))
    assert execution.status is Status.REALISED, execution.reasons
    assert [each["route"] for each in told(execution, "routes")] == ["1"]
    assert [each["route"] for each in told(execution, "left_out")] == ["0", "2"]


async def test_where_a_pool_that_lends_fails_the_next_of_its_kind_is_asked(trading: Trading) -> None:
    funding = "uniswap_v3_flash"
    trading.open_gap()
    async with Executor(trading.settings(), dry_run=True) as executor:
        expected = await executor.execute(explicit(funding=funding))
    realised, _, _ = await execute_by(trading, simulations(trading, DRY), explicit(funding=funding))
    assert realised.status is Status.REALISED, realised.reasons
    assert realised.funding == funding
    assert loan_of(realised).pool != loan_of(expected).pool


async def test_who_pays_is_told_with_pool_amount_and_premium(trading: Trading) -> None:
    trading.open_gap()
    execution = await carried_out(trading, explicit(funding="uniswap_v3_flash"))
    loan = loan_of(execution)
    assert execution.details["payers"] == [
        {
            "funding": "uniswap_v3_flash",
            "pool": loan.pool,
            "amount": str(loan.amount),
            "premium": execution.details["premium"],
        }
    ]


async def test_a_route_that_pays_only_where_its_lender_has_lent_before_is_kept_before_it_too(
    trading: Trading,
) -> None:
    """Whoever comes first pays the lender's full gas: this one alone could not."""
    trading.open_gap()
    trading.open_gap(PAIR, amount=GAP * ETHER // 1_000)
    without = await dry_run(trading, several(OVER_USDT, OVER_DAI, funding="aave_v3"))
    execution = await dry_run(trading, several(OVER_USDT, OVER_USDC, funding="aave_v3"))
    assert without.status is Status.DECLINED
    assert execution.status is Status.DRY_RUN, execution.reasons
    assert [each["route"] for each in told(execution, "routes")] == [0, 1], told(execution, "left_out")


async def test_what_gas_costs_in_a_newer_block_is_what_the_plan_insists_on(trading: Trading) -> None:
    """Nothing of the profit but what gas and the user ask for is promised."""
    trading.open_gap()
    stages: list[str] = []

    def on_stage(_: str, stage: str) -> None:
        stages.append(stage)
        if stage == "deciding" and stages.count("deciding") == 1:
            trading.node.set_base_fee(40 * GWEI)
            trading.node.mine()

    settings = trading.settings(profit_share_bps=1)
    async with Executor(settings, dry_run=True, on_stage=on_stage) as executor:
        execution = await executor.execute(explicit(funding="callback_chain"))
    assert execution.status is Status.DRY_RUN, execution.reasons
    assert "looking again" in stages
    promised = decode(bytes.fromhex(str(execution.plan)[2:])).header.minimum_profit
    assert promised == execution.minimum_profit
    assert promised >= (execution.gas_cost_wei or 0) > 10**15


async def test_a_pool_that_lends_is_checked_though_another_of_its_name_was(trading: Trading) -> None:
    """Symbols may repeat in one chain, and so in the names of its pools."""
    chain = load_chain("ethereum")
    first, second, *_ = (each for each in chain.flash_pools if each.funding is Funding.UNISWAP_V3_FLASH)
    namesake = replace(second, known=replace(second.known, name=first.known.name, checks=()))
    settings = Settings.from_mapping(trading.settings())
    async with AsyncExitStack() as stack:
        opened = await open_session(stack, settings, "ethereum", means=None, clock=SystemClock())
        session = replace(
            opened,
            chain=replace(chain, flash_pools=(first, namesake)),
            network=replace(opened.network, is_local=False),
        )
        known = leaned_on(session.chain, lent_by(first.pool))
        session.trusted.update((each.name, each.address) for each in known)
        await require_trusted(session, lent_by(first.pool))
        with pytest.raises(SafetyError, match="there is no check for it"):
            await require_trusted(session, lent_by(second.pool))


def lent_by(pool: Pool) -> SizedRoute:
    """A trade that borrows from the pool."""
    route = two_legs(v2_pool(100), v2_pool(101))
    return SizedRoute(route, (10, 10, 20), Funding.UNISWAP_V3_FLASH, 1, pool)
