"""A27: amounts at the edges of their types.

A false pool names deltas of either sign and any size, or gives on both sides; a plan asks for nothing, for
one wei, or for all that a field can hold. No cast, sum or product may turn such a number into a payment.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from devnet import abi
from devnet.node import ETHER
from executor.domain.address import Address, to_address
from executor.plan import Tip, decode
from executor.plan.encoding import encode_plan
from executor.plan.format import Payer, Recipient, V2Output, V3Amount, V3CallbackKind
from executor.plan.steps import DecodedPlan, Header, Step, V2FlashSwap, V2Swap, V3Swap, V4Unlock
from tests.attacks.scene import STOCK, THIEF, nothing_lost, refused, sent
from tests.attacks.steps import loans, v4_swap, venues
from tests.attacks.trades import earning_route, plan_for
from tests.contracts.schemes import place, plan_of, scheme, v3_through
from tests.support.routers import OPERATOR, OWNER, STRANGER, Desk, Reverted

LOWEST = -(2**255)
RUN = "run(address,bytes,bytes,address[],address)"


@pytest.fixture
def schemer(desk: Desk) -> Address:
    return place(desk, "Schemer")


def v3_last(pool: Address, payer: Payer = Payer.SETTLEMENT) -> V3Swap:
    kind, recipient = V3Amount.EXACT_IN_LAST, Recipient.ROUTER
    return V3Swap(pool, True, V3CallbackKind.UNISWAP, kind, payer, recipient)


@pytest.mark.parametrize("asked", [(LOWEST, 0), (0, LOWEST), (LOWEST, LOWEST), (1, LOWEST)])
def test_the_lowest_delta_that_there_is_earns_a_pool_nothing(
    desk: Desk, schemer: Address, asked: tuple[int, int]
) -> None:
    scheme(desk, schemer, asked=asked)
    with pytest.raises(Reverted) as why:
        desk.simulate(plan_of(v3_through(schemer, ETHER), minimum=1))
    assert why.value.reason.name in ("ProfitBelowMinimum", "PaymentOverCap")


def test_a_pool_that_asks_for_both_tokens_is_paid_neither_more_nor_twice(
    desk: Desk, schemer: Address
) -> None:
    scheme(desk, schemer, asked=(ETHER, ETHER))
    before = desk.balance("WETH")
    with pytest.raises(Reverted) as why:
        desk.simulate(plan_of(v3_through(schemer, ETHER)))
    assert why.value.reason.name == "ProfitBelowMinimum"
    assert why.value.reason.args["balanceAfter"] == before - ETHER


def test_an_output_that_a_pool_makes_up_does_not_widen_what_the_next_hop_may_ask(
    desk: Desk, schemer: Address
) -> None:
    """What the last step gave is amount and cap of the next; the cap has 16 bytes, more is refused."""
    liar, second = schemer, place(desk, "Schemer")
    scheme(desk, liar, asked=(0, -5))
    scheme(desk, second, asked=(6, 0))
    with pytest.raises(Reverted) as why:
        desk.simulate(plan_of(v3_through(liar, 0), v3_last(second)))
    assert (why.value.reason.name, why.value.reason.args["cap"]) == ("PaymentOverCap", 5)
    for made_up in (2**128, 2**128 + 5, 2**255 - 1):
        scheme(desk, liar, asked=(0, -made_up))
        with pytest.raises(Reverted, match="AmountTooLarge"):
            desk.simulate(plan_of(v3_through(liar, 0), v3_last(second)))


@pytest.mark.parametrize("made_up", [2**128, 2**128 + 5, 2**255 - 1])
def test_an_output_that_a_pool_makes_up_is_not_cut_down_to_what_a_v4_pool_can_take(
    desk: Desk, schemer: Address, made_up: int
) -> None:
    """Its lowest bits would be an amount that the manager takes: nothing, five, all ones."""
    scheme(desk, schemer, asked=(0, -made_up))
    swap = replace(v4_swap(desk, 0), amount_in=None)
    with nothing_lost(desk, schemer):
        reason = refused(desk, OPERATOR, plan_of(V4Unlock((v3_last(schemer), swap))))
        assert (reason.name, reason.args) == ("AmountTooLarge", {"amount": made_up})


def test_an_amount_that_no_v3_pool_can_take_is_refused(desk: Desk, schemer: Address) -> None:
    scheme(desk, schemer, asked=(-1, 0))
    flash = V2FlashSwap(schemer, True, V2Output.LITERAL, (v3_last(schemer),), amount_out=1)
    # Read as unsigned by the V2 callback, minus one is the largest amount.
    with pytest.raises(Reverted, match="AmountTooLarge"):
        desk.simulate(plan_of(flash))


def test_an_output_that_nobody_is_owed_is_nothing(desk: Desk, schemer: Address) -> None:
    """Outside a callback no one is owed anything: a real pair refuses to give nothing, a false one may."""
    pair = to_address(desk.book.pool("uniswap_v2 USDC/WETH").address)
    for pool in (pair, schemer):
        hop = V2Swap(pool, True, Payer.NONE, Recipient.CALLER, V2Output.OWED, amount_in=0)
        try:
            assert desk.simulate(plan_of(hop)) == 0
        except Reverted as why:
            assert pool == pair, why


@pytest.mark.parametrize("asked", [(-5, -7), (-1, -1), (-1, 0), (0, 0)])
def test_a_pool_that_owes_on_both_sides_is_paid_nothing(
    desk: Desk, schemer: Address, asked: tuple[int, int]
) -> None:
    scheme(desk, schemer, asked=asked)
    hop = v3_through(schemer, ETHER)
    with nothing_lost(desk, schemer):
        if min(asked) < 0 and max(asked) < 0:
            # No swap names such deltas: as unsigned they are beyond any cap.
            assert refused(desk, OPERATOR, plan_of(hop)).name == "PaymentOverCap"
        else:
            sent(desk, OPERATOR, plan_of(hop))


@pytest.mark.parametrize("given", [(1, 1), (2**255, 2**255 - 1), (0, 2**255 - 1), (2**112, 1)])
def test_a_pair_that_gives_on_both_sides_is_paid_what_the_plan_says(
    desk: Desk, schemer: Address, given: tuple[int, int]
) -> None:
    """In a flash swap the pair names the amounts; what they are worth the continuation cannot pay."""
    scheme(desk, schemer, asked=(given[0] - 2**256 if given[0] >= 2**255 else given[0], given[1]))
    pays_last = V2Swap(schemer, True, Payer.SETTLEMENT, Recipient.ROUTER, V2Output.LITERAL, amount_out=0)
    flash = V2FlashSwap(schemer, True, V2Output.LITERAL, (pays_last,), amount_out=1)
    with nothing_lost(desk, schemer):
        reason = refused(desk, OPERATOR, plan_of(flash))
        assert reason.name in ("ProfitBelowMinimum", "TokenCallFailed", "AmountTooLarge")


EDGES = (0, 1, 2**96 - 1, 2**96, 2**112 - 1, 2**112, 2**127 - 1, 2**127, 2**128 - 1)


def test_no_amount_at_the_edge_of_a_type_gets_anything_out_of_the_router(desk: Desk) -> None:
    """At every venue and lender; nothing and one wei may come through, for what they are worth."""
    watcher = place(desk, "Watcher")
    desk.send(OWNER, "allowOperator(address,bool)", watcher, True)
    tokens = [desk.book.tokens[symbol] for symbol in STOCK]
    through = set()
    for amount in EDGES:
        for name, step in {**venues(desk, amount), **loans(desk, amount)}.items():
            call = abi.encode_call(RUN, desk.router, plan_of(step), plan_of(), tokens, step_target(step))
            answer = desk.node.call(watcher, call, from_=STRANGER)
            ok, _, changes, clean = abi.decode("(bool,bytes,int256[],bool)", answer)
            assert clean, (name, amount)
            assert min(changes) >= 0, (name, amount)
            if ok:
                through.add((name, amount))
    assert {amount for _, amount in through} <= {0, 1}
    assert ("unwrap", 0) in through


def step_target(step: Step) -> str:
    """Whom the step might have approved."""
    return str(getattr(step, "pool", STRANGER))


def test_the_largest_numbers_of_a_header_promise_what_nobody_can_keep(desk: Desk) -> None:
    with nothing_lost(desk):
        assert refused(desk, OPERATOR, plan_of(minimum=2**96 - 1)).name == "ProfitBelowMinimum"
        forever = encode_plan(DecodedPlan(Header(0, 2**32 - 1, 0), ()))
        sent(desk, OPERATOR, forever)


@pytest.mark.parametrize(("share", "fixed"), [(65_535, 0), (0, 2**96 - 1), (65_535, 2**96 - 1)])
def test_the_largest_tip_that_can_be_written_leaves_the_minimum(desk: Desk, share: int, fixed: int) -> None:
    receiver = to_address(THIEF)
    found = earning_route(desk)
    minimum = found.gross_profit // 3
    # Straight from the format: the encoder writes no share above the whole.
    plain = decode(plan_for(found, minimum=minimum))
    plan = encode_plan(replace(plain, header=replace(plain.header, tip=Tip(share, fixed, receiver))))
    before, held = desk.balance("WETH"), desk.node.balance(receiver)
    with nothing_lost(desk):
        sent(desk, OPERATOR, plan)
    assert desk.balance("WETH") - before == minimum
    assert desk.node.balance(receiver) - held == found.gross_profit - minimum
