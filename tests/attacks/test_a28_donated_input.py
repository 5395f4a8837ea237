"""A28: a thief gives a pair some of the input token before the hop, so that it finds more than was paid.

Sent without being booked, the excess makes the pair's balance and its reserve differ; booked, it moves the
price; and so much of it that the pair's books cannot hold it makes the pair refuse everybody.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from devnet import abi
from devnet.node import ETHER
from executor.domain.address import Address, to_address
from executor.plan import decode
from executor.plan.compile import Outputs
from executor.plan.encoding import encode_plan
from executor.plan.format import Payer, Recipient, V2Output
from executor.plan.steps import DecodedPlan, Header, Track, V2Swap
from tests.attacks.scene import THIEF, nothing_lost, place, refused, sent
from tests.attacks.steps import V2_POOL, pool
from tests.attacks.trades import earning_route, plan_for
from tests.contracts.test_execution import ROUTES
from tests.support import quirky_tokens
from tests.support.routers import FOREVER, OPERATOR, Desk

DONATION = 3 * ETHER


def donate(desk: Desk, amount: int, *, booked: bool) -> None:
    """The thief sends WETH to the pair that the route begins with."""
    weth, pair = desk.book.tokens["WETH"], pool(desk, V2_POOL)
    assert ROUTES["v2_v3"][0] == ROUTES["v2_v2"][0] == (V2_POOL, "WETH")
    desk.node.set_erc20_balance(weth, THIEF, amount)
    sent(desk, THIEF, abi.encode_call("transfer(address,uint256)", pair, amount), to=weth)
    if booked:
        sent(desk, THIEF, abi.encode_call("sync()"), to=pair)


@pytest.mark.parametrize("outputs", ["computed", "literal"])
def test_a_gift_that_is_not_booked_changes_nothing(desk: Desk, outputs: Outputs) -> None:
    found = earning_route(desk)
    plan = plan_for(found, outputs=outputs)
    donate(desk, DONATION, booked=False)
    before = desk.balance("WETH")
    with nothing_lost(desk):
        sent(desk, OPERATOR, plan)
    assert desk.balance("WETH") - before == found.gross_profit


def test_a_gift_that_is_booked_moves_the_price_and_stops_the_plan_at_its_minimum(desk: Desk) -> None:
    found = earning_route(desk)
    plan = plan_for(found)
    donate(desk, 500 * ETHER, booked=True)
    with nothing_lost(desk):
        assert refused(desk, OPERATOR, plan).name == "ProfitBelowMinimum"


def test_a_hop_that_measures_what_arrived_takes_the_gift_as_well(desk: Desk) -> None:
    """The thief pays for a part of the trade."""
    found = earning_route(desk, "v2_v2")
    plain = decode(plan_for(found))
    first, *rest = plain.steps
    assert isinstance(first, V2Swap)
    measured = encode_plan(replace(plain, steps=(replace(first, measured=True), *rest)))
    donate(desk, DONATION, booked=False)
    before = desk.balance("WETH")
    with nothing_lost(desk):
        sent(desk, OPERATOR, measured)
    assert desk.balance("WETH") - before > found.gross_profit


@pytest.mark.parametrize("donated", [2**112, 2**128, 2**240], ids=["112_bits", "128_bits", "240_bits"])
@pytest.mark.parametrize("measured", [False, True])
def test_a_gift_beyond_the_pairs_books_stops_the_plan(desk: Desk, donated: int, measured: bool) -> None:
    token = place(desk, "Moody.MoodyToken")
    pair = to_address(open_pair(desk, token))
    sent(desk, THIEF, abi.encode_call("give(address,uint256)", pair, donated), to=token)
    zero_for_one = int(token, 16) < int(desk.book.tokens["WETH"], 16)
    hop = V2Swap(
        pair,
        zero_for_one,
        Payer.TRACKED,
        Recipient.ROUTER,
        V2Output.COMPUTED,
        fee_bps=30,
        amount_in=10**6,
        token=token,
        measured=measured,
    )
    plan = encode_plan(DecodedPlan(Header(0, FOREVER, 1), (Track(token, (hop,)),)))
    with nothing_lost(desk, pair, tokens=[token]):
        reason = refused(desk, OPERATOR, plan)
    assert reason.name == ("AmountTooLarge" if measured and donated > 2**112 else "Error")


def open_pair(desk: Desk, token: Address) -> str:
    """A real pair of the token and WETH; the router holds some of the token too."""
    for who in (quirky_tokens.ISSUER, desk.router):
        sent(desk, THIEF, abi.encode_call("give(address,uint256)", who, 10**24), to=token)
    return quirky_tokens.pair(desk.node, token, desk.book.tokens["WETH"], 10**21, 100 * ETHER)
