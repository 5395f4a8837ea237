"""What lenders change between the quote and the block: fees, pauses, reserves. And locks that others hold."""

from __future__ import annotations

import pytest

from devnet import abi
from devnet.node import ETHER, Node
from devnet.roles import account
from executor.plan.steps import BalancerV3Unlock, V4Unlock
from tests.contracts.lenders.loans import SOURCES, place
from tests.contracts.venues.hops import gift, held, plan, token
from tests.support.routers import OWNER, STRANGER, Desk, Reverted

LOAN = 20 * ETHER


def configure_aave(node: Node, provider: str, call: str, *arguments: object) -> None:
    """As the market's own admin."""
    (configurator,) = abi.decode("(address)", node.call(provider, abi.encode_call("getPoolConfigurator()")))
    (admin,) = abi.decode("(address)", node.call(provider, abi.encode_call("getACLAdmin()")))
    node.send(str(admin), str(configurator), abi.encode_call(call, *arguments))


def set_balancers_fee(desk: Desk, share: int) -> None:
    """As Balancer's governance: `share` of 1e18."""
    governance, change = account("balancer admin"), "setFlashLoanFeePercentage(uint256)"
    collector = desk.book.contracts["balancer_v2_protocol_fees_collector"]
    action = desk.node.call(collector, abi.encode_call("getActionId(bytes4)", abi.selector(change)))
    authorizer = desk.book.contracts["balancer_v2_authorizer"]
    desk.node.send(governance, authorizer, abi.encode_call("grantRole(bytes32,address)", action, governance))
    desk.node.send(governance, collector, abi.encode_call(change, share))


def test_a_fee_that_balancer_switches_on_after_the_quote_stops_at_the_cap(desk: Desk) -> None:
    weth, source = token(desk, "WETH"), SOURCES["balancer_v2"]
    quoted = plan(source.loan(desk, "WETH", LOAN, gift(desk, weth, ETHER)))
    assert desk.simulate(quoted) == ETHER
    set_balancers_fee(desk, 10**15)
    with pytest.raises(Reverted) as refused:
        desk.simulate(quoted)
    assert refused.value.reason.name == "PaymentOverCap"
    requoted = source.loan(desk, "WETH", LOAN, gift(desk, weth, ETHER), cap=LOAN + LOAN // 1000)
    assert desk.simulate(plan(requoted)) == ETHER - LOAN // 1000


@pytest.mark.parametrize(
    ("name", "provider"),
    [("aave_v3", "aave_v3_addresses_provider"), ("spark", "spark_addresses_provider")],
)
def test_a_premium_that_rises_after_the_quote_stops_at_the_cap(desk: Desk, name: str, provider: str) -> None:
    weth, source = token(desk, "WETH"), SOURCES[name]
    quoted = plan(source.loan(desk, "WETH", LOAN, gift(desk, weth, ETHER)))
    configure_aave(desk.node, desk.book.contracts[provider], "updateFlashloanPremiumTotal(uint128)", 9)
    with pytest.raises(Reverted) as refused:
        desk.simulate(quoted)
    assert refused.value.reason.name == "PaymentOverCap"


@pytest.mark.parametrize(
    ("name", "provider"),
    [("aave_v3", "aave_v3_addresses_provider"), ("spark", "spark_addresses_provider")],
)
@pytest.mark.parametrize(
    ("call", "value", "reason"),
    [
        ("setReservePause(address,bool)", True, "'29'"),
        ("setReserveFlashLoaning(address,bool)", False, "'91'"),
    ],
)
def test_a_market_that_is_closed_undoes_the_plan(
    desk: Desk, name: str, provider: str, call: str, value: bool, reason: str
) -> None:
    weth = token(desk, "WETH")
    configure_aave(desk.node, desk.book.contracts[provider], call, weth, value)
    with pytest.raises(Reverted, match=reason):
        desk.simulate(plan(SOURCES[name].loan(desk, "WETH", LOAN, gift(desk, weth, ETHER))))


@pytest.mark.parametrize(("lock", "name"), [("uniswap_v4", "uniswap_v4"), ("balancer_v3", "balancer_v3")])
def test_a_plan_of_an_operator_who_holds_the_lock_loses_nothing(desk: Desk, lock: str, name: str) -> None:
    """Uniswap's lock is taken then, Balancer's opens once more."""
    holder = place(desk, "LockHolder")
    desk.send(OWNER, "allowOperator(address,bool)", holder, True)
    weth, source = token(desk, "WETH"), SOURCES[name]
    loan = plan(source.loan(desk, "WETH", LOAN, gift(desk, weth, ETHER)), minimum=ETHER)
    signature = "runInside(address,address,bytes,bool)"
    call = abi.encode_call(signature, source.address(desk), desk.router, loan, lock == "balancer_v3")
    if lock == "uniswap_v4":
        with pytest.raises(Reverted):
            desk.call(call, sender=STRANGER, to=holder)
        assert held(desk, weth) == 0
    else:
        desk.node.send(STRANGER, holder, call, gas=3_000_000)
        assert held(desk, weth) == ETHER


def test_an_unlock_that_leaves_nothing_open_needs_nothing_inside(desk: Desk) -> None:
    assert desk.simulate(plan(V4Unlock(()), BalancerV3Unlock(()), V4Unlock(()))) == 0
