"""Venues that lie, keep, pull too little or reenter: what really came counts, and nothing is left over."""

from __future__ import annotations

from dataclasses import replace

import pytest

from devnet import abi
from executor.domain.address import Address, to_address
from executor.plan.format import Payer, Recipient
from executor.plan.steps import BalancerV2Swap, CurveExchange, ERC4626Deposit, ERC4626Redeem, MakerPSMSwap
from tests.contracts.venues.hops import (
    RECEIVER,
    Conduct,
    allowance,
    ask,
    behave,
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
from tests.support.routers import OWNER, STRANGER, Desk, Reverted

AMOUNT = 10**6
PULLING = ["int128 exchange", "uint256 exchange", "deposit", "gem sold", "gem bought"]
MEASURED = [shape for shape in PULLING if shape != "deposit"]
Hop = CurveExchange | ERC4626Deposit | MakerPSMSwap


def hop(shape: str, venue: Address, token_in: Address, token_out: Address) -> Hop:
    """A hop of AMOUNT at an odd venue, paid with a tracked token, to the router."""
    if shape == "deposit":
        return ERC4626Deposit(venue, Payer.TRACKED, Recipient.ROUTER, amount_in=AMOUNT, asset=token_in)
    if shape.startswith("gem"):
        payer, to, buy = Payer.TRACKED, Recipient.ROUTER, shape == "gem bought"
        return MakerPSMSwap(venue, 0, token_out, payer, to, AMOUNT, token_in, buy=buy)
    return CurveExchange(
        venue,
        0,
        1,
        token_out,
        Payer.TRACKED,
        Recipient.ROUTER,
        amount_in=AMOUNT,
        token_in=token_in,
        uint256_indexes=shape == "uint256 exchange",
    )


@pytest.mark.parametrize("shape", PULLING)
@pytest.mark.parametrize("pulls", [0, 1, AMOUNT - 1])
def test_a_venue_that_does_not_pull_all_of_its_input_fails_the_plan(
    desk: Desk, shape: str, pulls: int
) -> None:
    dai, usdc = token(desk, "DAI"), token(desk, "USDC")
    hand(desk, dai, desk.router, AMOUNT)
    venue = odd_venue(desk, Conduct(dai, pulls, usdc, gives=5, says=5))
    with pytest.raises(Reverted) as refused:
        execute(desk, tracking(dai, hop(shape, venue, dai, usdc), gift(desk, dai, AMOUNT)))
    assert refused.value.reason.name == "AllowanceLeft"
    assert refused.value.reason.args["amount"] == AMOUNT - pulls
    assert allowance(desk, dai, venue) == 0


@pytest.mark.parametrize("shape", PULLING)
def test_a_venue_cannot_pull_more_than_its_input(desk: Desk, shape: str) -> None:
    dai, usdc = token(desk, "DAI"), token(desk, "USDC")
    hand(desk, dai, desk.router, 2 * AMOUNT)
    venue = odd_venue(desk, Conduct(dai, AMOUNT + 1, usdc))
    with pytest.raises(Reverted) as refused:
        execute(desk, tracking(dai, hop(shape, venue, dai, usdc), gift(desk, dai, AMOUNT)))
    assert refused.value.reason.through == (venue,)


@pytest.mark.parametrize("shape", MEASURED)
@pytest.mark.parametrize("gives", [0, 1, 777])
def test_what_a_venue_gives_counts_and_not_what_it_says(desk: Desk, shape: str, gives: int) -> None:
    dai, usdc = token(desk, "DAI"), token(desk, "USDC")
    hand(desk, dai, desk.router, AMOUNT)
    hand(desk, usdc, desk.router, 10**9)
    venue = odd_venue(desk, Conduct(dai, AMOUNT, usdc, gives=gives, says=10**9))
    sink, given = pay_last(desk, usdc), gift(desk, dai, AMOUNT)
    before = held(desk, usdc)
    execute(desk, tracking(usdc, tracking(dai, given, hop(shape, venue, dai, usdc)), sink))
    assert held(desk, usdc, sink.pool) == gives
    assert held(desk, usdc) == before
    assert allowance(desk, dai, venue) == 0


def test_shares_count_as_they_are_and_not_as_the_vault_says(desk: Desk) -> None:
    dai = token(desk, "DAI")
    hand(desk, dai, desk.router, AMOUNT)
    venue = odd_venue(desk, Conduct(dai, AMOUNT, dai, says=10**9))
    sink = pay_last(desk, dai)
    # It took the input and gave no share: nothing may be paid on.
    steps = (gift(desk, dai, AMOUNT), hop("deposit", venue, dai, dai), sink)
    execute(desk, tracking(dai, *steps))
    assert held(desk, dai, sink.pool) == 0


def test_a_vault_that_keeps_the_shares_it_was_given_back_fails_the_plan(desk: Desk) -> None:
    dai = token(desk, "DAI")
    venue = odd_venue(desk, Conduct(dai, 0, dai, gives=AMOUNT, says=AMOUNT))
    hand(desk, venue, desk.router, AMOUNT)
    redeem = ERC4626Redeem(venue, dai, Recipient.ROUTER, shares=AMOUNT)
    with pytest.raises(Reverted) as refused:
        execute(desk, tracking(venue, redeem))
    assert refused.value.reason.name == "SharesMissing"


@pytest.mark.parametrize("shape", PULLING)
def test_a_token_that_is_not_tracked_is_never_approved(desk: Desk, shape: str) -> None:
    dai, usdc = token(desk, "DAI"), token(desk, "USDC")
    hand(desk, dai, desk.router, AMOUNT)
    venue = odd_venue(desk, Conduct(dai, AMOUNT, usdc, gives=5, says=5))
    with pytest.raises(Reverted) as refused:
        execute(desk, hop(shape, venue, dai, usdc))
    assert refused.value.reason.name == "TokenNotTracked"


@pytest.mark.parametrize("shape", PULLING)
def test_a_venue_that_reverts_is_named_and_leaves_no_allowance(desk: Desk, shape: str) -> None:
    dai, usdc = token(desk, "DAI"), token(desk, "USDC")
    hand(desk, dai, desk.router, AMOUNT)
    deed = abi.encode_call("transfer(address,uint256)", RECEIVER, 10**30)
    venue = odd_venue(desk, Conduct(dai, AMOUNT, usdc, target=dai, deed=deed, must=True))
    with pytest.raises(Reverted) as refused:
        execute(desk, tracking(dai, hop(shape, venue, dai, usdc), gift(desk, dai, AMOUNT)))
    assert refused.value.reason.through == (venue,)
    assert refused.value.reason.args == {"message": "the deed failed"}
    assert allowance(desk, dai, venue) == 0


@pytest.mark.parametrize("shape", PULLING)
@pytest.mark.parametrize(
    "deed", ["a plan", "a callback", "a step of the extension", "a rescue", "another token"]
)
def test_a_venue_cannot_act_in_the_middle_of_a_plan(desk: Desk, shape: str, deed: str) -> None:
    dai, usdc = token(desk, "DAI"), token(desk, "USDC")
    hand(desk, dai, desk.router, AMOUNT)
    venue = odd_venue(desk, Conduct(dai, 0, usdc))
    # The venue is even an operator.
    desk.send(OWNER, "allowOperator(address,bool)", venue, True)
    target, data = deeds(desk, venue)[deed]
    conduct = Conduct(dai, AMOUNT, usdc, gives=0 if shape == "deposit" else 5, target=target, deed=data)
    behave(desk, venue, conduct)
    weth = held(desk, token(desk, "WETH"))
    execute(desk, tracking(dai, hop(shape, venue, dai, usdc), gift(desk, dai, AMOUNT)))
    assert ask(desk, venue, "deedDone()") == 0
    assert held(desk, token(desk, "WETH")) == weth
    assert held(desk, dai) == AMOUNT
    assert allowance(desk, dai, venue) == 0


def deeds(desk: Desk, venue: Address) -> dict[str, tuple[Address, bytes]]:
    """What a venue that is called in a plan may try, by name."""
    weth, router = token(desk, "WETH"), desk.router
    callback = abi.encode_call("uniswapV3SwapCallback(int256,int256,bytes)", 10**18, -1, b"\x01" + b"\0" * 40)
    return {
        "a plan": (router, plan()),
        "a callback": (router, callback),
        "a step of the extension": (router, b"\0" * 96 + tracking(weth).encode()),
        "a rescue": (router, abi.encode_call("withdraw(address,address,uint256)", weth, venue, 1)),
        "another token": (weth, abi.encode_call("transferFrom(address,address,uint256)", router, venue, 1)),
    }


@pytest.mark.parametrize("answer", [0, 1], ids=["true", "nothing"])
@pytest.mark.parametrize("zero_first", [False, True], ids=["any allowance", "through zero"])
@pytest.mark.parametrize("decimals", [0, 36])
def test_tokens_of_every_habit_go_in_and_come_out(
    desk: Desk, answer: int, zero_first: bool, decimals: int
) -> None:
    paid, got = (place(desk, "QuirkyToken", "(uint8)", decimals) for _ in range(2))
    for each in (paid, got):
        quirks(desk, each, answer=answer, zero_first=zero_first)
    hand(desk, paid, desk.router, AMOUNT)
    venue = odd_venue(desk, Conduct(paid, AMOUNT, got, gives=3))
    first = replace(hop(PULLING[0], venue, paid, got), recipient=Recipient.EXPLICIT, to=RECEIVER)
    execute(desk, tracking(paid, first, gift(desk, paid, AMOUNT)))
    assert held(desk, got, RECEIVER) == 3
    assert allowance(desk, paid, venue) == 0


def test_a_token_that_answers_false_is_not_taken_for_paid(desk: Desk) -> None:
    paid, dai = place(desk, "QuirkyToken", "(uint8)", 18), token(desk, "DAI")
    quirks(desk, paid, answer=2)
    hand(desk, paid, desk.router, AMOUNT)
    venue = odd_venue(desk, Conduct(paid, 0, dai, gives=3))
    with pytest.raises(Reverted) as refused:
        execute(desk, tracking(paid, hop(PULLING[0], venue, paid, dai)))
    assert refused.value.reason.name == "TokenCallFailed"


def test_an_output_that_answers_false_is_not_taken_for_sent_on(desk: Desk) -> None:
    dai, got = token(desk, "DAI"), place(desk, "QuirkyToken", "(uint8)", 18)
    hand(desk, dai, desk.router, AMOUNT)
    silence = abi.encode_call("behave(uint8,uint256,bool)", 2, 0, False)
    venue = odd_venue(desk, Conduct(dai, 0, got))
    give = abi.encode_call("issue(address,uint256)", desk.router, 3)
    behave(desk, venue, Conduct(dai, AMOUNT, got, target=got, deed=give, must=True))
    first = replace(hop(PULLING[0], venue, dai, got), recipient=Recipient.EXPLICIT, to=RECEIVER)
    desk.node.send(STRANGER, got, silence)
    with pytest.raises(Reverted) as refused:
        execute(desk, tracking(dai, first, gift(desk, dai, AMOUNT)))
    assert refused.value.reason.name == "TokenCallFailed"


def test_what_remains_of_a_taxed_output_is_handed_on(desk: Desk) -> None:
    dai, taxed = token(desk, "DAI"), place(desk, "QuirkyToken", "(uint8)", 18)
    quirks(desk, taxed, fee_bps=100)
    hand(desk, dai, desk.router, AMOUNT)
    venue = odd_venue(desk, Conduct(dai, AMOUNT, taxed, gives=10_000, says=10_000))
    sink = pay_last(desk, taxed)
    execute(
        desk,
        tracking(taxed, tracking(dai, gift(desk, dai, AMOUNT), hop(PULLING[0], venue, dai, taxed)), sink),
    )
    assert held(desk, taxed, sink.pool) == 9_801
    assert held(desk, taxed) == 0


def balancer_pool(desk: Desk, amount: int) -> tuple[Address, bytes]:
    """A pool of DAI and USDC in the real Vault that says what it is told to, and its id."""
    vault, tokens = desk.book.contracts["balancer_v2_vault"], [token(desk, "DAI"), token(desk, "USDC")]
    pool = place(desk, "OddBalancerPool", "(address,address[],uint256)", vault, tokens, amount)
    for each in tokens:
        hand(desk, each, pool, amount)
    desk.node.send(STRANGER, pool, abi.encode_call("open(address[])", tokens))
    return pool, desk.node.call(pool, abi.encode_call("poolId()"))


@pytest.mark.parametrize(("says", "works"), [(0, True), (1_000, True), (AMOUNT, True), (AMOUNT + 1, False)])
def test_a_false_balancer_pool_can_only_give_what_it_holds(desk: Desk, says: int, works: bool) -> None:
    dai, usdc = token(desk, "DAI"), token(desk, "USDC")
    pool, pool_id = balancer_pool(desk, AMOUNT)
    hand(desk, dai, desk.router, AMOUNT)
    data = plan(settlement="DAI")
    desk.send(OWNER, "allowOperator(address,bool)", pool, True)
    desk.node.send(STRANGER, pool, abi.encode_call("behave(uint256,address,bytes)", says, desk.router, data))
    swap = BalancerV2Swap(
        pool, "0x" + pool_id[20:].hex(), usdc, Payer.SETTLEMENT, Recipient.EXPLICIT, AMOUNT, to=RECEIVER
    )
    steps = (swap, gift(desk, dai, AMOUNT))
    if not works:
        with pytest.raises(Reverted):
            execute(desk, *steps, settlement="DAI")
        return
    execute(desk, *steps, settlement="DAI")
    assert held(desk, usdc, RECEIVER) == says
    assert held(desk, dai) == AMOUNT
    assert ask(desk, pool, "deedDone()") == 0
    assert allowance(desk, dai, to_address(desk.book.contracts["balancer_v2_vault"])) == 0
