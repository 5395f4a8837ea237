"""Forks of pairs and pools call back by names of their own, for loans and for flash swaps."""

from __future__ import annotations

from dataclasses import replace

import pytest

from devnet import abi
from devnet.node import ETHER
from executor.domain.address import to_address
from executor.plan.format import Opcode, Recipient, V2CallbackKind, V2Output, V3CallbackKind
from executor.plan.steps import PoolLoan, V2FlashSwap, V2Swap
from tests.contracts.lenders.loans import SOURCES, of_the_whole, on_top
from tests.contracts.venues.hops import gift, held, plan, token
from tests.support.routers import Desk, Reverted

LOAN = 5 * ETHER
PAIRS = {"uniswap_v2": V2CallbackKind.UNISWAP, "pancake_v1": V2CallbackKind.PANCAKE}


def aerodrome_loan(desk: Desk, amount: int, callback: V2CallbackKind, present: V2Swap) -> PoolLoan:
    """WETH from Aerodrome's volatile pair, which asks for 0.3 % of what is paid back."""
    record = desk.record("aerodrome_v2 WETH/USDC")
    cap = amount + of_the_whole(record.fee)(amount)
    token1 = token(desk, "WETH") == to_address(record.tokens[1])
    address = to_address(record.address)
    return PoolLoan(Opcode.UNISWAP_V2_LOAN, address, amount, cap, (present,), token1, callback)


def test_aerodromes_pair_lends_and_calls_its_hook(base_desk: Desk) -> None:
    present = gift(base_desk, token(base_desk, "WETH"), ETHER)
    loan = aerodrome_loan(base_desk, LOAN, V2CallbackKind.SOLIDLY, present)
    base_desk.execute(plan(loan))
    assert held(base_desk, token(base_desk, "WETH")) == ETHER + LOAN - loan.cap


@pytest.mark.parametrize("callback", [V2CallbackKind.UNISWAP, V2CallbackKind.PANCAKE])
def test_a_pair_that_calls_by_another_name_than_the_plan_says_is_refused(
    base_desk: Desk, callback: V2CallbackKind
) -> None:
    loan = aerodrome_loan(base_desk, LOAN, callback, gift(base_desk, token(base_desk, "WETH"), ETHER))
    with pytest.raises(Reverted, match="CallbackNotRegistered"):
        base_desk.simulate(plan(loan))


def test_slipstreams_pool_lends_under_uniswaps_name(base_desk: Desk) -> None:
    record, weth = base_desk.record("slipstream WETH/USDC 500"), token(base_desk, "WETH")
    fee = on_top(record.fee)(LOAN)
    token1 = weth == to_address(record.tokens[1])
    loan = PoolLoan(
        Opcode.UNISWAP_V3_LOAN,
        to_address(record.address),
        LOAN,
        LOAN + fee,
        (gift(base_desk, weth, ETHER),),
        token1,
        V3CallbackKind.UNISWAP,
    )
    base_desk.execute(plan(loan))
    assert held(base_desk, weth) == ETHER - fee


def reserves(desk: Desk, pool: str) -> tuple[int, int]:
    """Dollars and WETH of a pair."""
    data = desk.node.call(desk.record(pool).address, abi.encode_call("getReserves()"))
    return int.from_bytes(data[:32], "big"), int.from_bytes(data[32:64], "big")


@pytest.mark.parametrize("literal", [True, False])
@pytest.mark.parametrize("name", PAIRS)
def test_a_flash_swap_gives_first_and_is_paid_in_the_other_token(
    desk: Desk, name: str, literal: bool
) -> None:
    """WETH for dollars: the dollars come first, and the WETH out of them is what pays."""
    source, weth, usdc = SOURCES[name], token(desk, "WETH"), token(desk, "USDC")
    millionths = desk.record(source.contract).fee
    dollars, ethers = reserves(desk, source.contract)
    kept = LOAN * (1_000_000 - millionths)
    expected = kept * dollars // (ethers * 1_000_000 + kept)
    pays_the_pair = replace(gift(desk, weth, LOAN), recipient=Recipient.CALLER)
    flash = V2FlashSwap(
        source.address(desk),
        False,
        V2Output.LITERAL if literal else V2Output.COMPUTED,
        (pays_the_pair,),
        fee_bps=0 if literal else millionths // 100,
        amount_in=LOAN,
        amount_out=expected if literal else None,
        callback=PAIRS[name],
    )
    desk.execute(plan(flash))
    assert held(desk, usdc) == expected
