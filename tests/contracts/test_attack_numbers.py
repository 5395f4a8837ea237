"""Amounts at the edges of their types, and bytes that do not end where they should."""

from __future__ import annotations

import pytest

from devnet import abi
from devnet.node import ETHER
from executor.domain.address import Address, to_address
from executor.plan.encoding import encode_steps
from executor.plan.format import SELECTOR, Opcode, Payer, Recipient, V2Output, V3Amount, V3CallbackKind
from executor.plan.steps import Step, V2FlashSwap, V2Swap, V3Swap
from tests.contracts.schemes import place, plan_of, scheme, v2_through, v3_through
from tests.support.routers import FOREVER, STRANGER, Desk, Reverted

LOWEST = -(2**255)
# Selector, settlement token 0, no deadline that matters, no minimum.
HEAD = SELECTOR + bytes([0]) + FOREVER.to_bytes(4, "big") + bytes(12)


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
    with pytest.raises(Reverted) as refused:
        desk.simulate(plan_of(v3_through(schemer, ETHER), minimum=1))
    assert refused.value.reason.name in ("ProfitBelowMinimum", "PaymentOverCap")


def test_a_pool_that_asks_for_both_tokens_is_paid_neither_more_nor_twice(
    desk: Desk, schemer: Address
) -> None:
    scheme(desk, schemer, asked=(ETHER, ETHER))
    before = desk.balance("WETH")
    with pytest.raises(Reverted) as refused:
        desk.simulate(plan_of(v3_through(schemer, ETHER)))
    assert refused.value.reason.name == "ProfitBelowMinimum"
    assert refused.value.reason.args["balanceAfter"] == before - ETHER


def test_an_output_that_a_pool_makes_up_does_not_widen_what_the_next_hop_may_ask(
    desk: Desk, schemer: Address
) -> None:
    """What the last step gave is amount and cap of the next; the cap has 16 bytes, more is refused."""
    liar, second = schemer, place(desk, "Schemer")
    scheme(desk, liar, asked=(0, -5))
    scheme(desk, second, asked=(6, 0))
    with pytest.raises(Reverted) as refused:
        desk.simulate(plan_of(v3_through(liar, 0), v3_last(second)))
    assert (refused.value.reason.name, refused.value.reason.args["cap"]) == ("PaymentOverCap", 5)
    for made_up in (2**128, 2**128 + 5, 2**255 - 1):
        scheme(desk, liar, asked=(0, -made_up))
        with pytest.raises(Reverted, match="AmountTooLarge"):
            desk.simulate(plan_of(v3_through(liar, 0), v3_last(second)))


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
        except Reverted as refused:
            assert pool == pair, refused


def test_bytes_that_a_pool_appends_do_not_complete_a_step_that_its_registration_cut_short(
    desk: Desk, schemer: Address
) -> None:
    """The continuation ends in the middle of a payment; the pool hands in the rest behind the data."""
    payment = encode_steps((v2_through(to_address("0x" + "66" * 20), ETHER),))
    outer = encode_steps((v3_through(schemer, 0, v2_through(schemer, 0)),))
    outer_head = outer[: -len(payment) - 2]
    scheme(desk, schemer)
    for kept in range(1, len(payment)):
        behind = payment[kept:] + bytes(64)
        desk.node.send(STRANGER, schemer, abi.encode_call("append(bytes)", behind))
        with pytest.raises(Reverted, match="PlanTruncated"):
            desk.simulate(HEAD + outer_head + kept.to_bytes(2, "big") + payment[:kept])


@pytest.mark.parametrize("length", [1, 22, 0xFFFF])
@pytest.mark.parametrize("kind", ["v3", "flash", "track", "aave", "balancer"])
def test_a_continuation_that_reaches_past_its_frame_is_refused(
    desk: Desk, schemer: Address, kind: str, length: int
) -> None:
    pool = bytes.fromhex(schemer[2:])
    weth = bytes.fromhex(desk.book.tokens["WETH"][2:])
    heads = {
        "v3": bytes([Opcode.UNISWAP_V3_SWAP, 0x80, 0]) + pool + bytes(16),
        "flash": bytes([Opcode.UNISWAP_V2_FLASH_SWAP, 0x01, 0]) + pool + bytes(14),
        "track": bytes([Opcode.TRACK]) + weth,
        "aave": bytes([Opcode.AAVE_V3_LOAN, 0]) + bytes(32),
        "balancer": bytes([Opcode.BALANCER_V2_LOAN, 0]) + bytes(32),
    }
    with pytest.raises(Reverted) as refused:
        desk.simulate(HEAD + heads[kind] + length.to_bytes(2, "big"))
    # The pool of a V3 hop is asked before the end of the plan is compared, and is this attacker.
    assert refused.value.reason.name == "PlanTruncated" or kind == "v3"


@pytest.mark.parametrize("flags", [0x0C, 0x0D, 0xC0])
def test_flags_of_a_swap_that_mean_nothing_pay_nobody(desk: Desk, schemer: Address, flags: int) -> None:
    pool = bytes.fromhex(schemer[2:])
    for opcode in (Opcode.UNISWAP_V2_SWAP, Opcode.UNISWAP_V3_SWAP):
        body = bytes([opcode, flags, 0]) + pool + ETHER.to_bytes(16, "big") + bytes(14)
        with pytest.raises(Reverted) as refused:
            desk.simulate(HEAD + body)
        assert refused.value.reason.name in ("UnknownStep", "TokenNotTracked", "PlanTruncated")


def test_the_next_pool_that_is_no_pool_gets_what_the_profit_rule_then_misses(desk: Desk) -> None:
    """The recipient is read out of whatever step comes next; here a loan, whose bytes name no pool."""
    pair = to_address(desk.book.pool("uniswap_v2 USDC/WETH").address)
    hop: Step = V2Swap(
        pair,
        False,
        Payer.SETTLEMENT,
        Recipient.NEXT_POOL,
        V2Output.COMPUTED,
        fee_bps=30,
        amount_in=ETHER,
    )
    loan = bytes([Opcode.BALANCER_V2_LOAN, 0]) + (1).to_bytes(16, "big") + (1).to_bytes(16, "big") + bytes(2)
    with pytest.raises(Reverted, match="ProfitBelowMinimum"):
        desk.simulate(HEAD + encode_steps((hop,)) + loan)
    with pytest.raises(Reverted, match="PlanTruncated"):
        desk.simulate(HEAD + encode_steps((hop,)))
