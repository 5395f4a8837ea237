"""A44: the code at a pool's address vanishes, appears or changes between the rehearsal and the block.

A pool that the executor knows from before is gone; one stands where none was; another stands at the address
by CREATE2, or by an account that delegates its code to an honest pool first and then to a false one.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from devnet import abi
from devnet.errors import TransactionError
from devnet.node import ETHER
from executor.domain.address import Address, to_address
from executor.plan.format import Opcode, Payer, Recipient, V2CallbackKind, V2Output, V3CallbackKind
from executor.plan.guards import V2Reserves, V3Price
from executor.plan.steps import CurveExchange, PoolLoan, Step, V2FlashSwap, V2Quote, V2Swap, V3Swap
from tests.attacks.delegation import delegate, new_account
from tests.attacks.scene import THIEF, attackers, nothing_lost, place, refused, sent
from tests.attacks.steps import (
    BALANCER_V2_POOL,
    BALANCER_V3_POOL,
    CURVE_POOL,
    V2_POOL,
    V3_POOL,
    pool,
    venues,
)
from tests.attacks.trades import earning_route, plan_for
from tests.contracts.schemes import plan_of
from tests.contracts.test_execution import ROUTES
from tests.contracts.venues.hops import token
from tests.support.routers import OPERATOR, ZERO, Desk

AMOUNT = 3 * ETHER
POOLS = {
    "uniswap_v2": V2_POOL,
    "uniswap_v3": V3_POOL,
    "curve": CURVE_POOL,
    "balancer_v2": BALANCER_V2_POOL,
    "balancer_v3": BALANCER_V3_POOL,
}


def hops_at(desk: Desk, address: Address) -> dict[str, Step]:
    """A hop of every kind that names its pool, and a loan of each kind of pool."""
    usdc, v3, v2 = token(desk, "USDC"), V3CallbackKind.UNISWAP, V2CallbackKind.UNISWAP
    pays, to = Payer.SETTLEMENT, Recipient.ROUTER
    exchange = CurveExchange(address, 0, 1, usdc, pays, to, AMOUNT, uint256_indexes=True)
    literal = V2Swap(address, True, pays, to, V2Output.LITERAL, 0, AMOUNT, AMOUNT)
    hop = venues(desk, AMOUNT)["uniswap_v3"]
    assert isinstance(hop, V3Swap)
    return {
        "pair": literal,
        "pair, computed": replace(literal, output=V2Output.COMPUTED, amount_out=None, fee_bps=30),
        "quote": V2Quote(address, True, 30, AMOUNT),
        "flash swap": V2FlashSwap(address, True, V2Output.LITERAL, (), amount_out=AMOUNT),
        "pool": replace(hop, pool=address),
        "exchange": exchange,
        "pool's loan": PoolLoan(Opcode.UNISWAP_V3_LOAN, address, AMOUNT, AMOUNT, (), False, v3),
        "pair's loan": PoolLoan(Opcode.UNISWAP_V2_LOAN, address, AMOUNT, AMOUNT, (), False, v2),
    }


def test_a_hop_at_an_address_where_nothing_stands_is_undone(desk: Desk) -> None:
    """A call of an address without code succeeds: neither that nor a payment to it may count."""
    nobody = to_address("0x" + "d0" * 20)
    errors = {
        "pair": "ProfitBelowMinimum",
        "pair, computed": "NoReserves",
        "quote": "NoReserves",
        "exchange": "AllowanceLeft",
    }
    with nothing_lost(desk, nobody):
        for name, step in hops_at(desk, nobody).items():
            assert refused(desk, OPERATOR, plan_of(step)).name == errors.get(name, "CallbackMissing"), name


@pytest.mark.parametrize("name", POOLS)
def test_a_pool_whose_code_is_gone_when_the_plan_is_mined_gets_nothing(desk: Desk, name: str) -> None:
    plan = plan_of(venues(desk, AMOUNT)[name])
    with nothing_lost(desk):
        code = desk.node.code(pool(desk, POOLS[name]))
        desk.node.set_code(pool(desk, POOLS[name]), b"")
        refused(desk, OPERATOR, plan)
        desk.node.set_code(pool(desk, POOLS[name]), code)


def test_a_pool_of_a_signed_route_that_vanishes_stops_the_route(desk: Desk) -> None:
    plan = plan_for(earning_route(desk))
    for hop, _ in ROUTES["v2_v3"]:
        address = pool(desk, hop)
        code = desk.node.code(address)
        desk.node.set_code(address, b"")
        with nothing_lost(desk):
            refused(desk, OPERATOR, plan)
        desk.node.set_code(address, code)


def test_a_guard_on_a_pool_that_vanished_refuses_before_anything_moves(desk: Desk) -> None:
    found, nobody = earning_route(desk), to_address("0x" + "d0" * 20)
    for guard in (V2Reserves(nobody, 1, 1, 2**24 - 1), V3Price(nobody, 1, 2**24 - 1)):
        with nothing_lost(desk):
            assert refused(desk, OPERATOR, plan_for(found, guard)).name == "PoolStateUnreadable"


@pytest.mark.parametrize("name", ["uniswap_v2", "uniswap_v3", "curve"])
def test_a_false_pool_at_a_known_address_keeps_nothing(desk: Desk, name: str) -> None:
    """As if the pool had been made anew there, with other code."""
    plan = plan_of(venues(desk, AMOUNT)[name])
    address, false = pool(desk, POOLS[name]), attackers("Impostors")["KeepingPair"].deployed_bytecode
    code = desk.node.code(address)
    desk.node.set_code(address, false)
    with nothing_lost(desk):
        refused(desk, OPERATOR, plan)
    desk.node.set_code(address, code)


def test_a_pool_that_appears_where_nothing_stood_is_as_false_as_any_other(desk: Desk) -> None:
    """The thief deploys at an address that was known before, after the plan was signed."""
    maker = place(desk, "Impostors.Redeployer")
    deploy = abi.encode_call("deploy(bytes)", attackers("Impostors")["KeepingPair"].deployed_bytecode)
    answer = desk.node.call(maker, deploy, from_=THIEF)
    address = to_address("0x" + answer[-20:].hex())
    plans = [plan_of(step) for step in hops_at(desk, address).values()]
    sent(desk, THIEF, deploy, to=maker)
    assert desk.node.code(address)
    with nothing_lost(desk, address):
        for plan in plans:
            refused(desk, OPERATOR, plan)
    # Nor can another take its place: code does not go away any more, and CREATE2 finds it there.
    with pytest.raises(TransactionError):
        desk.node.send(THIEF, maker, deploy, gas=3_000_000)


def test_an_account_that_changes_its_code_between_rehearsal_and_block_keeps_nothing(desk: Desk) -> None:
    """An honest pair by delegation when the plan is rehearsed, a false one when it is mined."""
    key = new_account(desk)
    weth = desk.book.tokens["WETH"]
    address = to_address(key.address)
    delegate(desk, key, place(desk, "Impostors.HonestPair"))
    desk.node.set_erc20_balance(weth, address, 10 * ETHER)
    profit = ETHER // 10
    hop = V2Swap(
        address, True, Payer.SETTLEMENT, Recipient.ROUTER, V2Output.LITERAL, 0, AMOUNT, AMOUNT + profit
    )
    plan = plan_of(hop, minimum=profit)
    assert desk.rehearse(plan).profit == profit
    for code in (place(desk, "Impostors.KeepingPair"), ZERO):
        delegate(desk, key, code)
        with nothing_lost(desk, address):
            assert refused(desk, OPERATOR, plan).name == "ProfitBelowMinimum"
            for step in hops_at(desk, address).values():
                refused(desk, OPERATOR, plan_of(step))
