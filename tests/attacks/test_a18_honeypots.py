"""A18: the token of a signed route is a honeypot, which moves while the trade is simulated and is taxed or
trapped in the block; or it is a counterfeit of WETH or USDC, in which the profit shines.
"""

from __future__ import annotations

import pytest

from devnet import abi
from devnet.node import ETHER
from executor.domain.address import Address
from executor.plan.encoding import encode_plan
from executor.plan.format import Measure as Kind
from executor.plan.format import Payer, Recipient, V2Output, V3Amount, V3CallbackKind
from executor.plan.steps import DecodedPlan, Header, Measure, Step, Track, V2Swap, V3Swap
from tests.attacks.callbacks import SWAPS, swap_data
from tests.attacks.scene import THIEF, nothing_lost, refused, sent
from tests.attacks.thieves import Act, accomplice, hook_token, pair_of, plot
from tests.contracts.schemes import plan_of
from tests.contracts.venues.hops import token
from tests.support.routers import FOREVER, OPERATOR, Desk

AMOUNT = 2 * ETHER
CUSTODIES = ("pool to pool", "measured at the pair", "through the router")


@pytest.fixture
def honey(desk: Desk) -> Address:
    """The token of a thief, so far without a fault."""
    return hook_token(desk)


@pytest.fixture
def pairs(desk: Desk, honey: Address) -> tuple[Address, Address]:
    """Two real pairs of it with WETH, with a gap of a fifth between them."""
    cheap = pair_of(desk, honey, "WETH", 1_200 * ETHER, 1_000 * ETHER)
    dear = pair_of(desk, honey, "WETH", 1_000 * ETHER, 1_000 * ETHER, dex="sushi_v2")
    return cheap, dear


def route(desk: Desk, honey: Address, pairs: tuple[Address, Address], custody: str) -> tuple[Step, ...]:
    """WETH into the one pair, what comes out into the other."""
    cheap, dear = pairs
    sells = int(desk.book.tokens["WETH"], 16) < int(honey, 16)
    computed = V2Output.COMPUTED
    router = Recipient.ROUTER
    if custody == "through the router":
        buy = V2Swap(cheap, sells, Payer.SETTLEMENT, router, computed, 30, AMOUNT)
        surplus = Measure(Kind.SURPLUS, honey)
        sell = V2Swap(dear, not sells, Payer.TRACKED, router, computed, 30, token=honey, measured=True)
        return (Track(honey, (buy, surplus, sell)),)
    measured = custody == "measured at the pair"
    buy = V2Swap(cheap, sells, Payer.SETTLEMENT, Recipient.NEXT_POOL, computed, 30, AMOUNT)
    named = honey if measured else None
    sell = V2Swap(dear, not sells, Payer.NONE, router, computed, 30, token=named, measured=measured)
    return buy, sell


def spring(desk: Desk, honey: Address, *, tax: int = 0, trap: bool = False) -> None:
    """The trap closes, between the simulation and the block."""
    sent(desk, THIEF, abi.encode_call("spring(uint256,bool)", tax, trap), to=honey)


@pytest.mark.parametrize("custody", CUSTODIES)
def test_a_honeypot_that_closes_behind_the_simulation_costs_gas_alone(
    desk: Desk, honey: Address, pairs: tuple[Address, Address], custody: str
) -> None:
    """While it is open the same bytes earn: the operator had every reason to sign them."""
    plan = plan_of(*route(desk, honey, pairs, custody), minimum=1)
    assert desk.simulate(plan) > ETHER // 10
    with nothing_lost(desk, *pairs, tokens=[honey]):
        for tax, trap in ((2_500, False), (9_999, False), (10_000, False), (0, True)):
            spring(desk, honey, tax=tax, trap=trap)
            refused(desk, OPERATOR, plan)


def test_a_tax_that_leaves_the_minimum_leaves_the_minimum(
    desk: Desk, honey: Address, pairs: tuple[Address, Address]
) -> None:
    """What a thief can take of a trade is what lies between its simulated profit and the minimum asked."""
    plan = plan_of(*route(desk, honey, pairs, "measured at the pair"), minimum=ETHER // 10)
    spring(desk, honey, tax=100)
    before = desk.balance("WETH")
    with nothing_lost(desk, *pairs, tokens=[honey]):
        sent(desk, OPERATOR, plan)
    assert desk.balance("WETH") >= before + ETHER // 10


@pytest.mark.parametrize("symbol", ["WETH", "USDC"])
def test_a_profit_in_a_counterfeit_is_none(desk: Desk, symbol: str) -> None:
    """A real pair sells the counterfeit for the real token, at a price that looks like a gift."""
    settlement = {"WETH": 0, "USDC": 1}[symbol]
    counterfeit = hook_token(desk)
    pair = pair_of(desk, counterfeit, symbol, 10**30, 10**12)
    real = token(desk, symbol)
    buy = V2Swap(
        pair,
        int(real, 16) < int(counterfeit, 16),
        Payer.SETTLEMENT,
        Recipient.ROUTER,
        V2Output.COMPUTED,
        30,
        10**9,
    )
    with nothing_lost(desk, pair, tokens=[counterfeit]):
        for steps in ((buy,), (Track(counterfeit, (buy,)),)):
            assert (
                refused(desk, OPERATOR, plan_of(*steps, settlement=settlement)).name == "ProfitBelowMinimum"
            )


def test_no_plan_can_name_a_counterfeit_to_measure_profit_in(desk: Desk) -> None:
    """A plan names a place in the owner's list; there is no token at the places that are left."""
    counterfeit = hook_token(desk)
    with nothing_lost(desk, tokens=[counterfeit]):
        for sender in (THIEF, OPERATOR):
            call = abi.encode_call("setSettlementToken(address)", counterfeit)
            assert refused(desk, sender, call).name == "NotOwner"
        for index in range(4, 8):
            plan = bytearray(plan_of())
            plan[4] = index
            assert refused(desk, OPERATOR, bytes(plan)).name == "NoSettlementToken"


def test_a_false_pool_of_real_tokens_gives_counterfeits_or_nothing(desk: Desk) -> None:
    """It is asked for WETH, sends what calls itself WETH, and asks for real dollars."""
    counterfeit = hook_token(desk)
    pool, usdc = accomplice(desk), token(desk, "USDC")
    sent(desk, THIEF, abi.encode_call("give(address,uint256)", pool, 10**30), to=counterfeit)
    gives = abi.encode_call("transfer(address,uint256)", desk.router, 100 * ETHER)
    asks = abi.encode_call(SWAPS[0], 10**10, -100 * ETHER, swap_data(desk, 10**10, "USDC"))
    answer = abi.encode("(int256,int256)", 10**10, -100 * ETHER)
    plot(desk, pool, Act(counterfeit, gives, must=True), Act(desk.router, asks, must=True), answer=answer)
    hop = V3Swap(
        pool,
        True,
        V3CallbackKind.UNISWAP,
        V3Amount.EXACT_IN,
        Payer.SETTLEMENT,
        Recipient.ROUTER,
        amount=10**10,
    )
    plan = encode_plan(DecodedPlan(Header(1, FOREVER, 0), (hop,)))
    with nothing_lost(desk, pool, tokens=[counterfeit]):
        reason = refused(desk, OPERATOR, plan)
        assert (reason.name, reason.args["token"]) == ("ProfitBelowMinimum", usdc.lower())
