"""A4: a contract with the interface of a pool calls back, outside of any swap or in the middle of a genuine
one that it is no part of.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from devnet import abi
from devnet.node import ETHER
from executor.domain.address import Address, to_address
from executor.plan.encoding import encode_plan, encode_steps
from executor.plan.format import Payer, Recipient, V2Output, V3Amount, V3CallbackKind
from executor.plan.guards import V2Reserves
from executor.plan.steps import DecodedPlan, Header, Step, V2FlashSwap, V2Swap, V3Swap
from tests.attacks.callbacks import calls, loan_data, swap_data
from tests.attacks.scene import THIEF, nothing_lost, refused, sent
from tests.attacks.thieves import Act, accomplice, act_through, all_failed, hook_token, pair_of, plot, pretend
from tests.contracts.schemes import plan_of, v2_through
from tests.contracts.venues.hops import gift
from tests.support.routers import FOREVER, OPERATOR, Desk

AMOUNT = 5 * ETHER
MODEL = "uniswap_v3 USDC/WETH 3000"


@pytest.fixture
def fake(desk: Desk) -> Address:
    """It says of itself what a real pool says."""
    record, contract = desk.record(MODEL), accomplice(desk)
    lower, upper = record.tokens
    pretend(desk, contract, "token0()", "(address)", lower)
    pretend(desk, contract, "token1()", "(address)", upper)
    pretend(desk, contract, "fee()", "(uint24)", record.fee)
    pretend(desk, contract, "factory()", "(address)", desk.book.contracts["uniswap_v3_factory"])
    return contract


def test_a_fake_pool_that_calls_back_while_nothing_runs_is_refused(desk: Desk, fake: Address) -> None:
    with nothing_lost(desk, fake):
        for name, call in calls(desk, AMOUNT, fake).items():
            to, data = act_through(fake, desk.router, call)
            assert refused(desk, THIEF, data, to=to).name == "CallbackNotRegistered", name


def test_a_fake_pool_that_makes_a_real_one_send_to_the_router_is_refused(desk: Desk, fake: Address) -> None:
    """The real pool calls its caller, which hands the call on."""
    pool = desk.record(MODEL).address
    swap = "swap(address,bool,int256,uint160,bytes)"
    start = abi.encode_call(swap, desk.router, False, AMOUNT, 2**159, swap_data(desk, AMOUNT))
    plot(desk, fake, Act(desk.router, forwards=True, must=True))
    to, data = act_through(fake, pool, start)
    with nothing_lost(desk, fake):
        assert refused(desk, THIEF, data, to=to).name == "CallbackNotRegistered"


@pytest.fixture
def gossip(desk: Desk, fake: Address) -> tuple[Address, Address]:
    """A token whose every move gives the fake pool a turn, and a real pair of it with WETH."""
    token = hook_token(desk)
    pair = pair_of(desk, token, "WETH", 10**24, 1_000 * ETHER)
    sent(desk, THIEF, abi.encode_call("listen(address)", fake), to=token)
    return token, pair


def every_shape_of_data(desk: Desk, continuation: bytes) -> list[Act]:
    """All callbacks, with the data of a running hop and with some that pay the thief."""
    swap, loan = swap_data(desk, AMOUNT), loan_data(desk, AMOUNT, flags=2)
    found = calls(desk, AMOUNT, desk.router, swap=swap + continuation, loan=loan[:21] + continuation)
    return [Act(desk.router, call) for call in (*found.values(), *calls(desk, AMOUNT, desk.router).values())]


def plans(desk: Desk, pair: Address, zero_for_one: bool) -> dict[str, Step]:
    """Genuine hops in which the pair's token moves, by what of the router's is due or running meanwhile."""
    weth, pool = to_address(desk.book.tokens["WETH"]), to_address(desk.record(MODEL).address)
    router, settlement = Recipient.ROUTER, Payer.SETTLEMENT
    swap = V2Swap(pair, zero_for_one, settlement, router, V2Output.COMPUTED, fee_bps=30, amount_in=ETHER)
    pays_the_pair = replace(gift(desk, weth, ETHER), recipient=Recipient.CALLER)
    return {
        "no callback is due": swap,
        "the pair's callback is due": V2FlashSwap(
            pair, zero_for_one, V2Output.LITERAL, (pays_the_pair,), amount_out=10**20
        ),
        "a V3 pool's callback runs": V3Swap(
            pool,
            False,
            V3CallbackKind.UNISWAP,
            V3Amount.EXACT_IN,
            settlement,
            router,
            amount=ETHER,
            continuation=(swap,),
        ),
    }


@pytest.mark.parametrize(
    "when", ["no callback is due", "the pair's callback is due", "a V3 pool's callback runs"]
)
def test_a_fake_pool_that_gets_a_turn_in_a_genuine_plan_is_not_taken_for_its_pool(
    desk: Desk, fake: Address, gossip: tuple[Address, Address], when: str
) -> None:
    """The token of a real pair gives it the turn."""
    token, pair = gossip
    zero_for_one = int(desk.book.tokens["WETH"], 16) < int(token, 16)
    hop = plans(desk, pair, zero_for_one)[when]
    inside = encode_steps(getattr(hop, "continuation", ()))
    acts = every_shape_of_data(desk, inside)
    plot(desk, fake, *acts)
    plan = plan_of(hop, gift(desk, to_address(desk.book.tokens["WETH"]), AMOUNT))
    with nothing_lost(desk, fake, pair, tokens=[token]):
        sent(desk, OPERATOR, plan, gas=12_000_000)
        assert all_failed(desk, fake, acts)


def test_a_fake_pair_that_passes_its_guard_has_passed_no_rule(desk: Desk, fake: Address) -> None:
    """By what the guard expects, or by a reserve whose distance to that wraps to nothing. A guard saves gas;
    it is no judge of pools.
    """
    guard = V2Reserves(fake, 10**18, 10**18, 0)
    theft = replace(v2_through(fake, AMOUNT), amount_out=0)
    plan = encode_plan(DecodedPlan(Header(0, FOREVER, 0, (guard,)), (theft,)))
    for reserve, reason in (
        (10**18 + 1, "PoolStateMoved"),
        (10**18, "ProfitBelowMinimum"),
        (10**18 + 2**250, "ProfitBelowMinimum"),
    ):
        pretend(desk, fake, "getReserves()", "(uint256,uint256,uint256)", reserve, 10**18, 0)
        with nothing_lost(desk, fake):
            assert refused(desk, OPERATOR, plan).name == reason
