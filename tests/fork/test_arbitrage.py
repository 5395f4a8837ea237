"""The router against real bytecode on a fork: a price gap opened by a real trade ends as profit, to the wei.

The pools are found by their factories at their canonical addresses, and nothing is assumed of their reserves.
"""

import pytest

from devnet import ETHER
from executor.domain.errors import RevertError
from executor.domain.route import Funding
from executor.lenders import premium, read_terms
from tests.support.ape_sessions import OPERATOR, STRANGER
from tests.support.fork_desk import ForkDesk

pytestmark = pytest.mark.fork


@pytest.mark.parametrize("buy", ["sushiswap_v2", "uniswap_v3", "pancakeswap_v3"])
def test_a_gap_at_uniswap_v2_is_taken_with_own_money(desk: ForkDesk, buy: str) -> None:
    desk.open_gap()
    desk.stock(200 * ETHER)
    found = desk.best(buy, "uniswap_v2", cap=200 * ETHER)
    assert found is not None
    assert found.profit > 0
    before = desk.balance(desk.router)
    receipt = desk.execute(desk.plan(found, Funding.INVENTORY))
    assert not receipt.failed
    assert desk.balance(desk.router) - before == found.profit


def test_a_gap_is_taken_without_any_money(desk: ForkDesk) -> None:
    desk.open_gap()
    found = desk.best("uniswap_v3", "uniswap_v2")
    assert found is not None
    assert desk.balance(desk.router) == 0
    desk.execute(desk.plan(found, Funding.CALLBACK_CHAIN))
    assert desk.balance(desk.router) == found.profit


def test_a_gap_is_taken_with_an_aave_loan(desk: ForkDesk) -> None:
    desk.open_gap()
    lender = desk.session.chain.lenders[Funding.AAVE_V3].known.address
    terms = desk.session.node.read(read_terms(Funding.AAVE_V3, lender, desk.token("WETH").address))
    assert terms.available > 0
    found = desk.best(
        "sushiswap_v2", "uniswap_v2", cap=terms.available, premium=lambda amount: premium(amount, terms)
    )
    assert found is not None
    owed = premium(found.amounts[0], terms)
    assert owed > 0
    desk.execute(desk.plan(found, Funding.AAVE_V3, owed))
    assert desk.balance(desk.router) == found.profit == found.amounts[-1] - found.amounts[0] - owed


def test_a_plan_that_came_too_late_reverts_and_costs_no_token(desk: ForkDesk) -> None:
    desk.open_gap()
    desk.stock(200 * ETHER)
    found = desk.best("sushiswap_v2", "uniswap_v2", cap=100 * ETHER)
    assert found is not None
    plan = desk.plan(found, Funding.INVENTORY)
    desk.execute(plan)
    before = desk.balance(desk.router)
    with pytest.raises(RevertError, match="ProfitBelowMinimum"):
        desk.session.node.try_out(OPERATOR, desk.router, plan)
    assert desk.balance(desk.router) == before


def test_a_stranger_cannot_run_a_plan(desk: ForkDesk) -> None:
    desk.open_gap()
    desk.stock(ETHER)
    found = desk.best("uniswap_v3", "uniswap_v2", cap=ETHER)
    assert found is not None
    plan = desk.plan(found, Funding.INVENTORY)
    with pytest.raises(RevertError, match="NotOperator") as refused:
        desk.session.node.try_out(STRANGER, desk.router, plan)
    assert STRANGER.lower() in str(refused.value.facts).lower()
    assert desk.session.node.try_out(OPERATOR, desk.router, plan).gas_limit > 0
