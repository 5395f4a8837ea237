"""A31: what a loan costs changes between the quote and the block.

Aave's and Spark's premium rises, Balancer's fee is no longer zero, an ERC-3156 lender asks for more, a pool's
fee is another than was read: what the router repays has a cap that was signed, and none is repaid beyond it.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from devnet.node import ETHER
from devnet.place import Placer
from executor.domain.address import to_address
from executor.domain.deployment import Part
from tests.attacks.markets import MARKETS, configure_aave, set_balancers_fee
from tests.attacks.scene import nothing_lost, refused, sent
from tests.contracts.lenders.loans import SOURCES, half_up
from tests.contracts.schemes import plan_of
from tests.contracts.venues.hops import gift, token
from tests.support.routers import (
    LENDERS,
    OPERATOR,
    OWNER,
    Desk,
    constants,
    deploy_parts,
    router_artifacts,
)

LOAN = 20 * ETHER


def test_a_fee_that_balancer_switches_on_stops_at_the_cap(desk: Desk) -> None:
    weth, source = token(desk, "WETH"), SOURCES["balancer_v2"]
    quoted = plan_of(source.loan(desk, "WETH", LOAN, gift(desk, weth, ETHER)))
    assert desk.simulate(quoted) == ETHER
    set_balancers_fee(desk, 10**15)
    with nothing_lost(desk):
        assert refused(desk, OPERATOR, quoted).name == "PaymentOverCap"
        fee = LOAN // 1000
        requoted = source.loan(desk, "WETH", LOAN, gift(desk, weth, ETHER), cap=LOAN + fee)
        assert desk.simulate(plan_of(requoted)) == ETHER - fee
        sent(desk, OPERATOR, plan_of(requoted))


@pytest.mark.parametrize("name", MARKETS)
def test_a_premium_that_rises_stops_at_the_cap(desk: Desk, name: str) -> None:
    weth, source = token(desk, "WETH"), SOURCES[name]
    quoted = plan_of(source.loan(desk, "WETH", LOAN, gift(desk, weth, ETHER)))
    provider = desk.book.contracts[MARKETS[name]]
    configure_aave(desk.node, provider, "updateFlashloanPremiumTotal(uint128)", 9)
    with nothing_lost(desk):
        assert refused(desk, OPERATOR, quoted).name == "PaymentOverCap"


@pytest.mark.parametrize("name", MARKETS)
def test_a_premium_that_falls_is_the_routers_gain_and_leaves_no_allowance(desk: Desk, name: str) -> None:
    weth, source = token(desk, "WETH"), SOURCES[name]
    quoted = plan_of(source.loan(desk, "WETH", LOAN, gift(desk, weth, ETHER)))
    before = desk.balance("WETH")
    provider = desk.book.contracts[MARKETS[name]]
    configure_aave(desk.node, provider, "updateFlashloanPremiumTotal(uint128)", 1)
    with nothing_lost(desk):
        sent(desk, OPERATOR, quoted)
    assert desk.balance("WETH") - before == ETHER - half_up(1)(LOAN)


@pytest.mark.parametrize("name", MARKETS)
def test_a_premium_that_eats_more_than_the_minimum_leaves_stops_at_the_profit_rule(
    desk: Desk, name: str
) -> None:
    """The cap is generous here; what was promised is not there."""
    weth, source = token(desk, "WETH"), SOURCES[name]
    minimum = ETHER - source.fee(LOAN)
    generous = source.loan(desk, "WETH", LOAN, gift(desk, weth, ETHER), cap=2 * LOAN)
    quoted = plan_of(generous, minimum=minimum)
    assert desk.simulate(quoted) == minimum
    provider = desk.book.contracts[MARKETS[name]]
    configure_aave(desk.node, provider, "updateFlashloanPremiumTotal(uint128)", 6)
    with nothing_lost(desk):
        assert refused(desk, OPERATOR, quoted).name == "ProfitBelowMinimum"


def of_lender_with_fee(desk: Desk) -> Desk:
    """A router whose ERC-3156 lender takes a fee, with money of its own."""
    fixed = list(constants(desk.book))
    fixed[2 + LENDERS.index("maker_dss_flash")] = desk.book.contracts["erc3156_lender_with_fee"]
    parts = deploy_parts(Placer(desk.node), OWNER, tuple(fixed), router_artifacts())
    other = replace(desk, router=to_address(parts[Part.ROUTER]), parts=parts)
    other.send(OWNER, "setPrimaryOperator(address)", OPERATOR)
    desk.node.set_erc20_balance(desk.book.tokens["WETH"], other.router, 50 * ETHER)
    return other


def test_an_erc3156_lender_that_raises_its_fee_stops_at_the_cap(desk: Desk) -> None:
    other, source = of_lender_with_fee(desk), SOURCES["erc3156"]
    quoted = plan_of(source.loan(other, "WETH", LOAN, gift(other, token(desk, "WETH"), ETHER)))
    assert other.simulate(quoted) == ETHER - source.fee(LOAN)
    desk.node.set_storage(source.address(desk), 1, 10)
    with nothing_lost(other, source.address(desk)):
        assert refused(other, OPERATOR, quoted).name == "PaymentOverCap"


@pytest.mark.parametrize("name", ["uniswap_v3", "pancake_v3", "algebra"])
def test_a_pool_that_asks_a_higher_fee_than_was_read_stops_at_the_cap(desk: Desk, name: str) -> None:
    source = SOURCES[name]
    less = LOAN + source.fee(LOAN) - 1
    loan = source.loan(desk, "WETH", LOAN, gift(desk, token(desk, "WETH"), ETHER), cap=less)
    with nothing_lost(desk, source.address(desk)):
        assert refused(desk, OPERATOR, plan_of(loan)).name == "PaymentOverCap"


@pytest.mark.parametrize("name", ["uniswap_v2", "pancake_v1"])
def test_a_pair_that_asks_a_higher_fee_than_was_read_refuses_what_it_is_paid(desk: Desk, name: str) -> None:
    """A pair names no fee: it is paid what was signed, and not a wei more."""
    source = SOURCES[name]
    less = LOAN + source.fee(LOAN) - 1
    loan = source.loan(desk, "WETH", LOAN, gift(desk, token(desk, "WETH"), ETHER), cap=less)
    with nothing_lost(desk, source.address(desk)):
        assert refused(desk, OPERATOR, plan_of(loan)).through == (source.address(desk),)
