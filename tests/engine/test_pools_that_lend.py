"""Pools of the chain data lend to a trade where nobody else can, or where they are asked to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from devnet import ETHEREUM, abi
from executor.chain.blocks import Block
from executor.chain.calls import call_many
from executor.chain.reading import read_all
from executor.chain.rpc import Rpc
from executor.config.chains import load_chain
from executor.domain.address import to_address
from executor.domain.booking import Kind
from executor.domain.call import EthCall
from executor.domain.execution import Execution, Status
from executor.domain.route import POOL_LOANS, Funding
from executor.engine.booking import AGREES
from executor.engine.executor import Executor
from executor.engine.market import terms_asked
from executor.plan import decode
from executor.plan.steps import PoolLoan
from executor.policy.bookkeeping import total
from tests.engine.test_books_of_runs import Balances, bookings_of
from tests.support.trading import SUSHI_V2, UNISWAP_V2, Trading, explicit

WETH = ETHEREUM.tokens["WETH"]
CHEAPEST = 500
"""What the cheapest pools of WETH among the lenders take, in millionths."""


def without_own_money(trading: Trading) -> None:
    trading.node.set_erc20_balance(WETH, trading.router, 0)


def drain_the_other_lenders(trading: Trading) -> None:
    """Whoever stands at one address has no WETH any more, but for the vault that the route trades in."""
    call = trading.desk.book.contracts
    reserve = trading.node.call(call["aave_v3_pool"], abi.encode_call("getReserveData(address)", WETH))
    atoken = "0x" + reserve[32 * 8 + 12 : 32 * 9].hex()
    for holder in (atoken, call["uniswap_v4_pool_manager"]):
        trading.node.set_erc20_balance(WETH, holder, 0)


def within_one_vault(**more: Any) -> dict[str, Any]:
    """A route that cannot pay itself, and whose vault cannot lend to it."""
    hops = (
        ("balancer_v2 USDC/WETH", "WETH"),
        ("balancer_v2 DAI/USDC/USDT", "USDC"),
        ("balancer_v2 DAI/WETH", "DAI"),
    )
    legs = [{"pool": ETHEREUM.pool(name).address, "token_in": token} for name, token in hops]
    return {"opportunity_id": "seen-1", "chain": "ethereum", "legs": legs, **more}


def loan_of(execution: Execution) -> PoolLoan:
    """The loan that stands in what was sent."""
    (loan,) = decode(bytes.fromhex(str(execution.plan)[2:])).steps
    assert isinstance(loan, PoolLoan)
    return loan


async def carried_out(trading: Trading, opportunity: dict[str, Any]) -> Execution:
    async with Executor(trading.settings(max_trade_size_usd=None)) as executor:
        return await executor.execute(opportunity)


async def test_where_nobody_else_has_money_a_pool_lends_it_and_is_booked_to_the_wei(trading: Trading) -> None:
    trading.open_gap("balancer_v2 USDC/WETH", symbol="USDC", amount=60_000 * 10**6)
    without_own_money(trading)
    drain_the_other_lenders(trading)
    before = Balances(trading)
    execution = await carried_out(trading, within_one_vault())
    assert execution.status is Status.REALISED, execution.reasons
    assert execution.funding == Funding.UNISWAP_V3_FLASH
    premium = -(-loan_of(execution).amount * CHEAPEST // 1_000_000)
    assert premium == int(str(execution.details["premium"])) > 0
    assert execution.realised_profit == execution.expected_profit == trading.balance() > 0
    with bookings_of(trading) as bookings:
        before.assert_booked(bookings)
    (booking,) = bookings
    assert total(booking.entries, to_address(WETH), {Kind.PREMIUM}) == -premium
    assert booking.checked == AGREES


@pytest.mark.parametrize(
    ("funding", "lenders"),
    [
        (Funding.UNISWAP_V3_FLASH, ["uniswap_v3 USDC/WETH 500", "uniswap_v3 WETH/USDT 500"]),
        (Funding.UNISWAP_V2_FLASH, ["uniswap_v2 WETH/USDT", "uniswap_v2 DAI/WETH"]),
    ],
)
async def test_of_the_pools_of_the_kind_that_is_asked_for_one_lends_that_is_not_on_the_route(
    trading: Trading, funding: Funding, lenders: list[str]
) -> None:
    trading.open_gap()
    before = trading.balance()
    execution = await carried_out(trading, explicit(funding=funding.value))
    assert execution.status is Status.REALISED, execution.reasons
    assert execution.funding == funding
    assert loan_of(execution).pool in {ETHEREUM.pool(name).address for name in lenders}
    assert execution.realised_profit == execution.expected_profit == trading.balance() - before > 0


async def test_the_only_pool_of_its_kind_is_refused_where_it_stands_on_the_route(trading: Trading) -> None:
    trading.open_gap()
    legs = [
        {"pool": ETHEREUM.pool(SUSHI_V2).address, "token_in": "USDC"},
        {"pool": ETHEREUM.pool(UNISWAP_V2).address, "token_in": "WETH"},
    ]
    execution = await carried_out(trading, explicit(legs=legs, funding="uniswap_v2_flash"))
    assert execution.status is Status.REJECTED, execution.reasons
    (reason,) = execution.reasons
    pool = ETHEREUM.pool(UNISWAP_V2).address
    assert f"uniswap_v2_flash of {pool} is locked by the route's own legs" in reason.message


async def test_a_lenders_terms_come_in_the_one_read_of_all_lenders(trading: Trading) -> None:
    """One batch of calls for all that stand at one address, and for all pools."""
    chain, weth = load_chain("ethereum"), to_address(WETH)
    rounds: list[int] = []

    async def counted(rpc: Rpc, calls: Sequence[EthCall], block: Block) -> tuple[bytes | None, ...]:
        rounds.append(len(calls))
        return await call_many(rpc, calls, block)

    async with Rpc(trading.node.url) as rpc:
        told = await read_all(rpc, terms_asked(chain, weth), "latest", counted)
        alone = len(rounds)
        without = replace(chain, flash_pools=())
        await read_all(rpc, terms_asked(without, weth), "latest", counted)
    pools = {terms.address for terms in told if terms.funding in POOL_LOANS and terms.enabled}
    assert pools == {lending.pool.address for lending in chain.pools_lending(weth)}
    assert len(rounds) == 2 * alone
