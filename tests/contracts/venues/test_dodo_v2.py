"""Pools of DODO V2: the router sends the input, and what the receiver gained is what the step gave."""

from __future__ import annotations

from dataclasses import replace

import pytest

from devnet import abi
from devnet.errors import RpcError
from devnet.node import ETHER
from devnet.place import Placer
from executor.domain.address import Address, to_address
from executor.domain.errors import PlanError
from executor.plan import Meaning, decode_revert
from executor.plan.format import Opcode, Payer, Recipient, V2Output
from executor.plan.steps import DodoV2Swap, V2Swap
from executor.venues import dodo_v2
from tests.contracts.venues.hops import (
    RECEIVER,
    Conduct,
    ask,
    execute,
    gift,
    hand,
    held,
    odd_venue,
    pay_last,
    place,
    plan,
    quirks,
    token,
    tracking,
)
from tests.support import dodo_pools
from tests.support.answers import read_from
from tests.support.dodo_pools import KINDS, Placed, ether_dollars, over, swap
from tests.support.routers import OPERATOR, OWNER, STRANGER, Desk, Reverted, revert_data

PAIR = "uniswap_v2 USDC/WETH"


def promised(desk: Desk, placed: Placed, amount: int, *, base_in: bool) -> int:
    """What the maths say the pool gives now."""
    state = read_from(desk.node, dodo_v2.read(placed.pool))
    return dodo_v2.amount_out(state, placed.direction(base_in=base_in), amount)


@pytest.fixture(params=KINDS)
def placed(request: pytest.FixtureRequest, desk: Desk) -> Placed:
    """A pool of each kind, of WETH and USDC."""
    return ether_dollars(desk.node, desk.book, request.param)


@pytest.mark.parametrize(("sold", "amount"), [("WETH", 3 * ETHER), ("USDC", 5_000 * 10**6), ("USDC", 1)])
def test_a_pool_gives_what_its_maths_say(desk: Desk, placed: Placed, sold: str, amount: int) -> None:
    asset, base_in = token(desk, sold), sold == "WETH"
    bought = placed.quote if base_in else placed.base
    hand(desk, asset, desk.router, amount)
    before, expected = held(desk, bought), promised(desk, placed, amount, base_in=base_in)
    hop = swap(placed, amount, base_in=base_in)
    execute(desk, hop, gift(desk, asset, amount), settlement=sold)
    assert held(desk, bought) - before == expected > 0


def test_a_tracked_token_pays_and_the_output_goes_to_whom_it_should(desk: Desk) -> None:
    placed, usdc, amount = ether_dollars(desk.node, desk.book), token(desk, "USDC"), 7_000 * 10**6
    hand(desk, usdc, desk.router, amount)
    expected = promised(desk, placed, amount, base_in=False)
    hop = swap(placed, amount, base_in=False, payer=Payer.TRACKED)
    named = replace(hop, recipient=Recipient.EXPLICIT, to=RECEIVER)
    execute(desk, tracking(usdc, named, gift(desk, usdc, amount)))
    assert held(desk, placed.base, RECEIVER) == expected > 0


def test_there_and_back_hands_each_steps_output_to_the_next(desk: Desk) -> None:
    placed, usdc, weth = ether_dollars(desk.node, desk.book), token(desk, "USDC"), token(desk, "WETH")
    before = held(desk, weth)
    back = swap(placed, None, base_in=False, payer=Payer.TRACKED)
    execute(desk, tracking(usdc, swap(placed, ETHER, base_in=True), back), gift(desk, weth, ETHER))
    assert held(desk, usdc) == 0
    # Two fees of 0.03 %; the price that moved away came back.
    assert 0.0005 < (before + ETHER - held(desk, weth)) / ETHER < 0.0007


def test_what_a_pool_before_it_sent_goes_in_without_being_paid_again(desk: Desk) -> None:
    """A pair pays the pool, and the pool a pair: nothing passes the router, which is told what came."""
    placed, weth, usdc = ether_dollars(desk.node, desk.book), token(desk, "WETH"), token(desk, "USDC")
    pair = to_address(desk.record(PAIR).address)
    zero_for_one = ask(desk, pair, "token0()") == int(weth, 16)
    first = V2Swap(
        pair, zero_for_one, Payer.SETTLEMENT, Recipient.ROUTER, V2Output.COMPUTED, fee_bps=30, amount_in=ETHER
    )
    with desk.node.isolated():
        before = held(desk, usdc)
        execute(desk, first, gift(desk, weth, ETHER))
        arrived = held(desk, usdc) - before
    expected = promised(desk, placed, arrived, base_in=False)
    hop = swap(placed, None, base_in=False, payer=Payer.NONE)
    sink = replace(pay_last(desk, weth), payer=Payer.SETTLEMENT, token=None)
    sent_on = replace(first, recipient=Recipient.NEXT_POOL)
    execute(desk, sent_on, hop, sink, gift(desk, weth, ETHER))
    assert held(desk, weth, sink.pool) == expected > 0
    onward = replace(hop, recipient=Recipient.NEXT_POOL)
    paid = replace(first, payer=Payer.NONE, amount_in=None)
    execute(
        desk,
        sent_on,
        onward,
        replace(paid, recipient=Recipient.EXPLICIT, to=RECEIVER),
        gift(desk, weth, ETHER),
    )
    assert held(desk, usdc, RECEIVER) > 0


def test_what_somebody_left_at_the_pool_goes_in_too(desk: Desk) -> None:
    placed, weth = ether_dollars(desk.node, desk.book), token(desk, "WETH")
    expected = promised(desk, placed, 2 * ETHER, base_in=True)
    hand(desk, weth, placed.address, ETHER)
    before = held(desk, placed.quote)
    execute(desk, swap(placed, ETHER, base_in=True), gift(desk, weth, ETHER))
    assert held(desk, placed.quote) - before == expected


@pytest.mark.parametrize("taxed_in", [True, False])
def test_a_tax_on_transfers_is_counted_by_what_arrives(desk: Desk, taxed_in: bool) -> None:
    """Of what goes in the pool counts what came, and of what comes out the router does."""
    taxed, weth = place(desk, "QuirkyToken", "(uint8)", 18), token(desk, "WETH")
    placed = over(desk.node, desk.book, *((taxed, weth) if taxed_in else (weth, taxed)))
    quirks(desk, taxed, answer=1, fee_bps=100)
    arriving = promised(desk, placed, ETHER * 99 // 100 if taxed_in else ETHER, base_in=True)
    sink = pay_last(desk, weth if taxed_in else taxed)
    if taxed_in:
        hand(desk, taxed, desk.router, ETHER)
        hop, given = (
            swap(placed, ETHER, base_in=True, payer=Payer.TRACKED),
            gift(desk, taxed, ETHER * 102 // 100),
        )
        paid = replace(sink, payer=Payer.SETTLEMENT, token=None)
        execute(desk, tracking(taxed, hop, paid, given), gift(desk, weth, arriving))
        assert held(desk, weth, sink.pool) == arriving > 0
    else:
        execute(desk, tracking(taxed, swap(placed, ETHER, base_in=True), sink), gift(desk, weth, ETHER))
        kept = arriving - arriving * 100 // 10_000
        assert held(desk, taxed, sink.pool) == kept - kept * 100 // 10_000 > 0


def test_a_token_that_is_not_tracked_is_not_paid(desk: Desk) -> None:
    placed, usdc = ether_dollars(desk.node, desk.book), token(desk, "USDC")
    hand(desk, usdc, desk.router, 10**9)
    with pytest.raises(Reverted) as refused:
        execute(desk, swap(placed, 10**9, base_in=False, payer=Payer.TRACKED))
    assert refused.value.reason.name == "TokenNotTracked"


def test_an_amount_that_nobody_pays_is_refused_by_encoder_and_router(desk: Desk) -> None:
    placed = ether_dollars(desk.node, desk.book)
    hop = swap(placed, None, base_in=True, payer=Payer.NONE)
    with pytest.raises(PlanError, match="nobody pays"):
        replace(hop, amount_in=5).encode()
    bare = plan(hop)
    at = bare.index(hop.encode())
    named = bare[: at + 1] + bytes([0]) + bare[at + 2 :] + (5).to_bytes(16, "big")
    with pytest.raises(Reverted) as refused:
        desk.call(named, sender=OPERATOR)
    assert refused.value.reason.name == "UnknownStep"


@pytest.mark.parametrize("gives", [0, 999])
def test_a_pool_that_gives_less_than_it_says_costs_the_plan_and_not_the_router(
    desk: Desk, gives: int
) -> None:
    weth, usdc = token(desk, "WETH"), token(desk, "USDC")
    false = odd_venue(desk, Conduct(weth, 0, usdc, gives=gives, says=10**9))
    hand(desk, usdc, desk.router, 10**9)
    hop = DodoV2Swap(false, True, usdc, Payer.SETTLEMENT, Recipient.ROUTER, 1_000)
    sink = pay_last(desk, usdc)
    with desk.node.isolated():
        execute(desk, tracking(usdc, hop, sink), gift(desk, weth, 1_000))
        assert held(desk, usdc, sink.pool) == gives
        assert held(desk, usdc) == 10**9
    with pytest.raises(Reverted) as refused:
        execute(desk, tracking(usdc, hop, sink))
    assert refused.value.reason.name == "ProfitBelowMinimum"


def test_a_pool_that_enters_the_router_again_is_turned_away(desk: Desk) -> None:
    weth, usdc = token(desk, "WETH"), token(desk, "USDC")
    deed = plan()
    false = odd_venue(desk, Conduct(weth, 0, usdc, target=desk.router, deed=deed, must=True))
    with pytest.raises(Reverted) as refused:
        execute(desk, DodoV2Swap(false, False, usdc, Payer.SETTLEMENT, Recipient.ROUTER, 1_000))
    assert refused.value.reason.through == (false,)


def test_a_plan_that_the_pool_lends_to_cannot_trade_at_it(desk: Desk) -> None:
    """Somebody borrows of the pool and has a plan run meanwhile: the pool is locked, and nothing is lost."""
    placed, weth = ether_dollars(desk.node, desk.book), token(desk, "WETH")
    calldata = plan(swap(placed, ETHER, base_in=True), gift(desk, weth, ETHER))
    before = held(desk, weth)
    borrower = place_borrower(desk, placed, calldata)
    with pytest.raises(RpcError) as failed:
        desk.node.call(borrower, abi.encode_call("borrow()"), from_=STRANGER)
    reason = decode_revert(revert_data(failed.value), calldata)
    assert (reason.code, reason.meaning) == ("dodo_v2_pool_locked", Meaning.LOCK_CLASH)
    assert reason.hop is not None and reason.hop.opcode is Opcode.DODO_V2_SWAP
    desk.execute(calldata)
    assert held(desk, weth) == before


def place_borrower(desk: Desk, placed: Placed, calldata: bytes) -> Address:
    """A contract that is an operator, borrows of the pool, and runs that plan meanwhile."""
    types = "(address,address,bytes)"
    made = Placer(desk.node).deploy(
        dodo_pools.code()["Borrower"], types, placed.address, desk.router, calldata
    )
    desk.send(OWNER, "allowOperator(address,bool)", made, True)
    return to_address(made)


def test_the_pool_lends_to_the_router_only_what_it_gets_back(desk: Desk) -> None:
    """The router answers no call of the pool, and a loan without a call fails."""
    placed = ether_dollars(desk.node, desk.book)
    for data, why in ((b"", "FLASH_LOAN_FAILED"), (b"\x01", "UnknownFunction")):
        call = abi.encode_call("flashLoan(uint256,uint256,address,bytes)", ETHER, 0, desk.router, data)
        with pytest.raises(RpcError) as failed:
            desk.node.call(placed.address, call, from_=STRANGER)
        reason = decode_revert(revert_data(failed.value))
        assert why in (reason.name, reason.args.get("message"))
