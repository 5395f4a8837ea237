"""What real pools and lenders refuse, read down to what it means: code, hop and figures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from devnet.node import ETHER
from executor.domain.address import Address, to_address
from executor.plan import DecodedError, Meaning, decode_revert
from executor.plan.encoding import encode_plan
from executor.plan.format import Opcode, Payer, Recipient, V2Output, V3Amount, V3CallbackKind
from executor.plan.guards import V2Reserves
from executor.plan.header import DecodedPlan, Header
from executor.plan.steps import (
    BalancerV2Swap,
    BalancerV3Swap,
    BalancerV3Unlock,
    CurveExchange,
    ERC4626Redeem,
    Loan,
    MakerPSMSwap,
    PoolLoan,
    Step,
    Track,
    V2Swap,
    V3Swap,
    V4Swap,
    V4Unlock,
)
from executor.venues.maker_psm_state import HALTED
from tests.contracts.venues.hops import hand, plan, token
from tests.support import dodo_pools, peg_modules
from tests.support.routers import FOREVER, ZERO, Desk, Reverted

HUGE = 2**127
NOWHERE = to_address("0x" + "de" * 20)
Build = Callable[[Desk], Step]


@dataclass(frozen=True)
class Case:
    """A step that a real contract refuses; the code and meaning of its reason."""

    step: Build
    code: str
    meaning: Meaning


def pool(desk: Desk, name: str) -> Address:
    return to_address(desk.record(name).address)


def pair(name: str, amount_in: int, amount_out: int) -> Build:
    """A hop over a pair that pays WETH and asks for a literal output."""

    def build(desk: Desk) -> Step:
        zero_for_one = desk.record(name).tokens[0] == desk.book.tokens["WETH"]
        return V2Swap(
            pool(desk, name),
            zero_for_one,
            Payer.SETTLEMENT,
            Recipient.ROUTER,
            V2Output.LITERAL,
            amount_in=amount_in,
            amount_out=amount_out,
        )

    return build


def concentrated(
    name: str,
    amount: int,
    *,
    kind: V3CallbackKind = V3CallbackKind.UNISWAP,
    paid: bool = False,
    limit: int = 0,
) -> Build:
    """A hop over a pool of the V3 shape that nobody pays, unless `paid`."""

    def build(desk: Desk) -> Step:
        zero_for_one = desk.record(name).tokens[0] == desk.book.tokens["WETH"]
        payer = Payer.SETTLEMENT if paid else Payer.NONE
        return V3Swap(
            pool(desk, name),
            zero_for_one,
            kind,
            V3Amount.EXACT_IN,
            payer,
            Recipient.ROUTER,
            amount=amount,
            price_limit=limit or None,
        )

    return build


def lent(opcode: Opcode, amount: int, *inside: Step) -> Build:
    return lambda desk: Loan(opcode, amount, amount, inside)


def pool_lent(opcode: Opcode, name: str, amount: int) -> Build:
    return lambda desk: PoolLoan(
        opcode, pool(desk, name), amount, amount, (), desk.record(name).tokens[1] == desk.book.tokens["WETH"]
    )


def v4(amount: int, fee: int = 3000, *, unlocked: bool = True) -> Build:
    def build(desk: Desk) -> Step:
        weth, usdc = token(desk, "WETH"), token(desk, "USDC")
        swap = V4Swap(usdc, weth, fee, 60, to_address(ZERO), False, amount)
        return V4Unlock((swap,)) if unlocked else swap

    return build


def v3_vault(amount: int, name: str = "balancer_v3 USDC/WETH", *, unlocked: bool = True) -> Build:
    def build(desk: Desk) -> Step:
        where = pool(desk, name) if name else NOWHERE
        swap = BalancerV3Swap(where, token(desk, "WETH"), token(desk, "USDC"), amount)
        return BalancerV3Unlock((swap,)) if unlocked else swap

    return build


def v2_vault(amount: int, tail: str | None = None, out: str = "USDC") -> Build:
    def build(desk: Desk) -> Step:
        record = desk.record("balancer_v2 USDC/WETH")
        return BalancerV2Swap(
            to_address(record.address),
            tail or "0x" + str(record.pool_id)[42:],
            token(desk, out),
            Payer.SETTLEMENT,
            Recipient.ROUTER,
            amount_in=amount,
        )

    return build


def crypto(desk: Desk) -> Step:
    return CurveExchange(
        pool(desk, "curve_two_crypto USDC/WETH"),
        1,
        0,
        token(desk, "USDC"),
        Payer.SETTLEMENT,
        Recipient.ROUTER,
        amount_in=10**25,
        uint256_indexes=True,
    )


def dodo(name: str, amount: int, *, base_in: bool) -> Build:
    """A sale to a model of a pool of DODO."""

    def build(desk: Desk) -> Step:
        return dodo_pools.swap(dodo_pools.ether_dollars(desk.node, desk.book, name), amount, base_in=base_in)

    return build


def peg_module(*fees: int, buy: bool) -> Build:
    """A trade of a thousand dollars at a model of a peg stability module that has none."""

    def build(desk: Desk) -> Step:
        dai, usdc = token(desk, "DAI"), token(desk, "USDC")
        module = peg_modules.place(desk.node, dai, usdc)
        peg_modules.charge(desk.node, module, *fees)
        paid, bought, amount = (dai, usdc, 10**21) if buy else (usdc, dai, 10**9)
        hand(desk, paid, desk.router, amount)
        payer, to = Payer.TRACKED, Recipient.ROUTER
        return Track(paid, (MakerPSMSwap(module.address, 12, bought, payer, to, amount, paid, buy=buy),))

    return build


PANCAKE, ALGEBRA = V3CallbackKind.PANCAKE, V3CallbackKind.ALGEBRA
CASES: dict[str, Case] = {
    "a pair is asked for too much": Case(
        pair("uniswap_v2 USDC/WETH", 10**9, 10**9), "uniswap_v2_invariant_broken", Meaning.MOVED_PRICE
    ),
    "a fork's pair is asked for too much": Case(
        pair("pancake_v1 USDC/WETH", 10**9, 10**9), "uniswap_v2_invariant_broken", Meaning.MOVED_PRICE
    ),
    "a pair is asked for more than it has": Case(
        pair("uniswap_v2 USDC/WETH", 10**9, 2**100), "uniswap_v2_too_much_asked", Meaning.NO_LIQUIDITY
    ),
    "a pair is asked for nothing": Case(
        pair("uniswap_v2 USDC/WETH", 10**9, 0), "uniswap_v2_nothing_asked", Meaning.NO_LIQUIDITY
    ),
    "a pair is paid nothing": Case(
        pair("sushi_v2 USDC/WETH", 0, 10), "uniswap_v2_nothing_paid", Meaning.TOKEN_TAX
    ),
    "a pair has too little to lend": Case(
        pool_lent(Opcode.UNISWAP_V2_LOAN, "uniswap_v2 USDC/WETH", 2**100),
        "uniswap_v2_too_much_asked",
        Meaning.LENDER_DRY,
    ),
    "a V3 pool is not paid": Case(
        concentrated("uniswap_v3 USDC/WETH 500", ETHER), "uniswap_v3_input_missing", Meaning.TOKEN_TAX
    ),
    "a PancakeSwap pool is not paid": Case(
        concentrated("pancake_v3 USDC/WETH 500", ETHER, kind=PANCAKE),
        "uniswap_v3_input_missing",
        Meaning.TOKEN_TAX,
    ),
    "a V3 pool is asked for nothing": Case(
        concentrated("uniswap_v3 USDC/WETH 500", 0), "uniswap_v3_nothing_asked", Meaning.NO_LIQUIDITY
    ),
    "a V3 pool is past the limit": Case(
        concentrated("uniswap_v3 USDC/WETH 500", ETHER, limit=2**70),
        "uniswap_v3_price_limit_passed",
        Meaning.MOVED_PRICE,
    ),
    "a V3 pool has too little to lend": Case(
        pool_lent(Opcode.UNISWAP_V3_LOAN, "uniswap_v3 USDC/WETH 500", HUGE),
        "uniswap_v3_token_transfer_failed",
        Meaning.LENDER_DRY,
    ),
    "an Algebra pool is not paid": Case(
        concentrated("algebra USDC/WETH 500", ETHER, kind=ALGEBRA),
        "algebra_insufficient_input_amount",
        Meaning.TOKEN_TAX,
    ),
    "an Algebra pool is asked for nothing": Case(
        concentrated("algebra USDC/WETH 500", 0, kind=ALGEBRA),
        "algebra_zero_amount_required",
        Meaning.NO_LIQUIDITY,
    ),
    "an Algebra pool is past the limit": Case(
        concentrated("algebra USDC/WETH 500", ETHER, kind=ALGEBRA, limit=2**70),
        "algebra_invalid_limit_sqrt_price",
        Meaning.MOVED_PRICE,
    ),
    "a V4 pool outside of an unlock": Case(
        v4(ETHER, unlocked=False), "uniswap_v4_manager_locked", Meaning.CONFIGURATION
    ),
    "a V4 pool is not paid": Case(v4(ETHER), "uniswap_v4_currency_not_settled", Meaning.TOKEN_TAX),
    "no such V4 pool": Case(v4(ETHER, 77), "uniswap_v4_pool_not_initialized", Meaning.CONFIGURATION),
    "a V4 pool is asked for nothing": Case(
        v4(0), "uniswap_v4_swap_amount_cannot_be_zero", Meaning.NO_LIQUIDITY
    ),
    "the PoolManager has too little to lend": Case(
        lent(Opcode.UNISWAP_V4_LOAN, 2**100), "uniswap_v4_erc20_transfer_failed", Meaning.LENDER_DRY
    ),
    "no such Balancer V2 pool": Case(
        v2_vault(ETHER, "0x" + "00" * 12), "balancer_v2_invalid_pool_id", Meaning.CONFIGURATION
    ),
    "a Balancer V2 pool without the token": Case(
        v2_vault(ETHER, out="DAI"), "balancer_v2_token_not_registered", Meaning.CONFIGURATION
    ),
    "a Balancer V2 pool is asked for too much": Case(
        v2_vault(10**24), "balancer_v2_max_in_ratio", Meaning.NO_LIQUIDITY
    ),
    "a Balancer V2 pool is asked for nothing": Case(
        v2_vault(0), "balancer_v2_nothing_asked", Meaning.NO_LIQUIDITY
    ),
    "the Balancer V2 Vault has too little to lend": Case(
        lent(Opcode.BALANCER_V2_LOAN, HUGE), "balancer_v2_loan_too_large", Meaning.LENDER_DRY
    ),
    "a Balancer V3 pool outside of an unlock": Case(
        v3_vault(ETHER, unlocked=False), "balancer_v3_vault_is_not_unlocked", Meaning.CONFIGURATION
    ),
    "a Balancer V3 pool is not paid": Case(
        v3_vault(ETHER), "balancer_v3_balance_not_settled", Meaning.TOKEN_TAX
    ),
    "no such Balancer V3 pool": Case(
        v3_vault(ETHER, ""), "balancer_v3_pool_not_initialized", Meaning.CONFIGURATION
    ),
    "a Balancer V3 pool is asked for nothing": Case(
        v3_vault(0), "balancer_v3_amount_given_zero", Meaning.NO_LIQUIDITY
    ),
    "a Balancer V3 pool is asked for too much": Case(
        v3_vault(10**24), "balancer_v3_max_in_ratio", Meaning.NO_LIQUIDITY
    ),
    "the Balancer V3 Vault has too little to lend": Case(
        lent(Opcode.BALANCER_V3_LOAN, HUGE), "panic", Meaning.LENDER_DRY
    ),
    "Aave has too little to lend": Case(lent(Opcode.AAVE_V3_LOAN, HUGE), "empty", Meaning.LENDER_DRY),
    "Morpho has too little to lend": Case(
        lent(Opcode.MORPHO_BLUE_LOAN, HUGE), "morpho_blue_token_transfer_failed", Meaning.LENDER_DRY
    ),
    "Morpho is asked for nothing": Case(
        lent(Opcode.MORPHO_BLUE_LOAN, 0), "morpho_blue_nothing_asked", Meaning.CONFIGURATION
    ),
    "an ERC-3156 lender of another token": Case(
        lent(Opcode.ERC3156_LOAN, ETHER), "erc3156_token_not_lent", Meaning.CONFIGURATION
    ),
    "a machine of DODO is paid for more than it has": Case(
        dodo("VendingPool", 10**25, base_in=True), "dodo_v2_target_is_zero", Meaning.NO_LIQUIDITY
    ),
    "a peg stability module buys no gem": Case(
        peg_module(HALTED, 0, buy=False), "maker_psm_selling_halted", Meaning.PAUSED
    ),
    "a peg stability module is asked for more gem than it has": Case(
        peg_module(0, 0, buy=True), "maker_psm_reserve_too_low", Meaning.NO_LIQUIDITY
    ),
    "a crypto pool is asked for too much": Case(crypto, "curve_unsafe_balance", Meaning.NO_LIQUIDITY),
}


def refusal(desk: Desk, calldata: bytes) -> DecodedError:
    with pytest.raises(Reverted) as refused:
        desk.simulate(calldata)
    return decode_revert(refused.value.data, calldata)


@pytest.mark.parametrize("name", CASES)
def test_a_refusal_of_the_real_bytecode_is_read(desk: Desk, name: str) -> None:
    case = CASES[name]
    desk.node.set_erc20_balance(desk.book.tokens["WETH"], desk.router, 10**26)
    step = case.step(desk)
    found = refusal(desk, plan(step))
    assert (found.code, found.meaning) == (case.code, case.meaning), found
    assert found.hop is not None
    named = getattr(step, "pool", None) or getattr((step.inside or (step,))[0], "pool", None)
    assert found.hop.pool == named or found.hop.index == 0
    assert found.through


def test_a_payment_that_the_router_cannot_make_is_found_at_the_pool_that_it_was_for(desk: Desk) -> None:
    step = pair("uniswap_v2 USDC/WETH", 10**27, 1)(desk)
    found = refusal(desk, plan(step))
    assert (found.code, found.meaning) == ("token_call_failed", Meaning.TOKEN_REFUSED)
    assert found.hop is not None and found.hop.pool == getattr(step, "pool", None)
    assert found.args["amount"] == 10**27


def test_shares_that_the_router_does_not_hold_are_the_plans_own_fault(desk: Desk) -> None:
    vault, dai = token(desk, "sDAI"), token(desk, "DAI")
    redeem = ERC4626Redeem(vault, dai, Recipient.ROUTER, 2**100)
    found = refusal(desk, plan(Track(vault, (redeem,))))
    assert (found.code, found.meaning) == ("panic", Meaning.CONFIGURATION)


def test_a_guard_that_fails_says_by_how_much_the_pool_moved(desk: Desk) -> None:
    where = pool(desk, "uniswap_v2 USDC/WETH")
    step = pair("uniswap_v2 USDC/WETH", 10**9, 1)(desk)
    header = Header(0, FOREVER, 0, (V2Reserves(where, 1000, 1000, 5),))
    found = refusal(desk, encode_plan(DecodedPlan(header, (step,))))
    assert (found.code, found.meaning) == ("pool_state_moved", Meaning.MOVED_PRICE)
    assert found.args["expected"] == 1000 and found.args["tolerance"] == 5
    assert found.hop is not None and found.hop.pool == where


BASE_CASES: dict[str, Case] = {
    "a Solidly pair is asked for too much": Case(
        pair("aerodrome_v2 WETH/USDC", 10**9, 10**9), "solidly_k", Meaning.MOVED_PRICE
    ),
    "a Solidly pair is asked for more than it has": Case(
        pair("aerodrome_v2 WETH/USDC", 10**9, 2**100), "solidly_insufficient_liquidity", Meaning.NO_LIQUIDITY
    ),
    "a Solidly pair is asked for nothing": Case(
        pair("aerodrome_v2 WETH/USDC", 10**9, 0),
        "solidly_insufficient_output_amount",
        Meaning.NO_LIQUIDITY,
    ),
    "a Solidly pair is paid nothing": Case(
        pair("aerodrome_v2 WETH/USDC", 0, 10), "solidly_insufficient_input_amount", Meaning.TOKEN_TAX
    ),
    "a Slipstream pool is not paid": Case(
        concentrated("slipstream WETH/USDC 500", ETHER), "uniswap_v3_input_missing", Meaning.TOKEN_TAX
    ),
}


@pytest.mark.parametrize("name", BASE_CASES)
def test_a_refusal_of_the_bytecode_of_base_is_read(base_desk: Desk, name: str) -> None:
    case = BASE_CASES[name]
    base_desk.node.set_erc20_balance(base_desk.book.tokens["WETH"], base_desk.router, 10**26)
    found = refusal(base_desk, plan(case.step(base_desk)))
    assert (found.code, found.meaning) == (case.code, case.meaning), found
