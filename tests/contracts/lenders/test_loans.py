"""Every lender at its real bytecode: lent, used, paid back to the wei, and nothing left behind."""

from __future__ import annotations

import pytest

from devnet.market import trade
from devnet.node import ETHER
from executor.domain.address import to_address
from executor.domain.market import V2State
from executor.domain.pool import Pool
from executor.plan.format import Opcode, Payer, Recipient, V2Output
from executor.plan.steps import Loan, Step, Track, V2Swap
from executor.venues import uniswap_v2
from tests.contracts.lenders.loans import FREE, PULLING, SOURCES, Source, desk_of
from tests.contracts.venues.hops import allowance, gift, held, plan, token
from tests.support.routers import Desk, Reverted

LOAN = 20 * ETHER
GIFT = ETHER
BY_NAME = pytest.mark.parametrize("name", list(SOURCES))


def round_trip(desk: Desk, amount: int) -> tuple[Step, int]:
    """WETH to USDC on one pair and back on another, through the router; and what comes out, to the wei."""
    first, second = desk.pool("uniswap_v2 USDC/WETH"), desk.pool("sushi_v2 USDC/WETH")
    states = desk.states((first, second))
    dollars = given(states[first.address], first, "WETH", desk, amount)
    back = given(states[second.address], second, "USDC", desk, dollars)
    usdc = token(desk, "USDC")
    there = V2Swap(
        first.address,
        first.zero_for_one(desk.token("WETH")),
        Payer.SETTLEMENT,
        Recipient.ROUTER,
        V2Output.COMPUTED,
        fee_bps=30,
        amount_in=amount,
    )
    home = V2Swap(
        second.address,
        second.zero_for_one(desk.token("USDC")),
        Payer.TRACKED,
        Recipient.ROUTER,
        V2Output.COMPUTED,
        fee_bps=30,
        token=usdc,
    )
    return Track(usdc, (there, home)), back


def given(state: object, pool: Pool, symbol: str, desk: Desk, amount: int) -> int:
    assert isinstance(state, V2State)
    return uniswap_v2.amount_out(state, pool.zero_for_one(desk.token(symbol)), amount)


def open_a_gap(desk: Desk) -> None:
    """Somebody sells WETH on the second pair, so that dollars buy more of it there."""
    trade(desk.node, desk.record("sushi_v2 USDC/WETH"), desk.book.tokens["WETH"], 400 * ETHER)


@pytest.mark.parametrize("name", [name for name in SOURCES if name != "uniswap_v2"])
def test_a_trade_without_own_money_earns_to_the_wei_what_the_pools_give_less_the_fee(
    desk: Desk, name: str
) -> None:
    source = SOURCES[name]
    open_a_gap(desk)
    steps, back = round_trip(desk, LOAN)
    profit = back - LOAN - source.fee(LOAN)
    assert profit > 0
    lender, before = source.address(desk), held(desk, token(desk, "WETH"))
    assert before == 0
    desk.execute(plan(source.loan(desk, "WETH", LOAN, steps), minimum=profit))
    assert held(desk, token(desk, "WETH")) == profit
    assert allowance(desk, token(desk, "WETH"), lender) == 0


@BY_NAME
def test_a_lender_gets_back_just_what_it_asks(desk: Desk, name: str) -> None:
    source = SOURCES[name]
    calldata = plan(source.loan(desk, "WETH", LOAN, gift(desk, token(desk, "WETH"), GIFT)))
    assert desk.simulate(calldata) == GIFT - source.fee(LOAN)
    desk.execute(calldata)
    assert held(desk, token(desk, "WETH")) == GIFT - source.fee(LOAN)
    assert allowance(desk, token(desk, "WETH"), source.address(desk)) == 0


@BY_NAME
def test_what_was_borrowed_stands_ready_as_the_last_amount(desk: Desk, name: str) -> None:
    """The pair is paid all of the loan, whatever it was, by a step that names no amount."""
    source = SOURCES[name]
    pool = desk.pool("sushi_v2 USDC/WETH")
    spend = V2Swap(
        pool.address,
        pool.zero_for_one(desk.token("WETH")),
        Payer.SETTLEMENT,
        Recipient.ROUTER,
        V2Output.COMPUTED,
        fee_bps=30,
    )
    before = held(desk, token(desk, "WETH"), pool.address)
    desk.execute(plan(source.loan(desk, "WETH", LOAN, spend, gift(desk, token(desk, "WETH"), LOAN + GIFT))))
    assert held(desk, token(desk, "WETH"), pool.address) - before == LOAN


@BY_NAME
def test_a_tracked_token_is_lent_and_paid_back(desk: Desk, name: str) -> None:
    source, usdc, amount = SOURCES[name], token(desk, "USDC"), 30_000 * 10**6
    fee = source.fee(amount)
    inside = (gift(desk, usdc, fee + 7), gift(desk, token(desk, "WETH"), GIFT))
    loan = source.loan(desk, "USDC", amount, *inside, tracked=True)
    desk.execute(plan(Track(usdc, (loan,)), minimum=GIFT))
    assert held(desk, usdc) == 7
    assert allowance(desk, usdc, source.address(desk)) == 0


@BY_NAME
def test_an_untracked_token_is_not_borrowed(desk: Desk, name: str) -> None:
    loan = SOURCES[name].loan(desk, "USDC", 10**9, tracked=True)
    with pytest.raises(Reverted, match="TokenNotTracked"):
        desk.simulate(plan(loan))


@BY_NAME
def test_a_tracked_token_that_falls_by_the_fee_undoes_all(desk: Desk, name: str) -> None:
    source, usdc, amount = SOURCES[name], token(desk, "USDC"), 30_000 * 10**6
    desk.node.set_erc20_balance(usdc, desk.router, 10**9)
    loan = source.loan(desk, "USDC", amount, tracked=True)
    calldata = plan(Track(usdc, (loan,)))
    if source.fee(amount) == 0:
        assert desk.simulate(calldata) == 0
        return
    with pytest.raises(Reverted, match="TrackedTokenFell"):
        desk.simulate(calldata)


@pytest.mark.parametrize("name", [name for name in SOURCES if SOURCES[name].opcode != Opcode.UNISWAP_V2_LOAN])
def test_a_repayment_above_the_cap_is_refused(desk: Desk, name: str) -> None:
    """Also where the lender takes no fee: a plan that allows less than it borrows contradicts itself."""
    source = SOURCES[name]
    cap = LOAN + source.fee(LOAN) - 1
    with pytest.raises(Reverted) as refused:
        desk.simulate(plan(source.loan(desk, "WETH", LOAN, gift(desk, token(desk, "WETH"), GIFT), cap=cap)))
    assert refused.value.reason.name == "PaymentOverCap"


@pytest.mark.parametrize("name", ["uniswap_v2", "pancake_v1"])
def test_a_pair_is_paid_its_cap_and_refuses_one_wei_less_than_its_fee_demands(desk: Desk, name: str) -> None:
    source, extra = SOURCES[name], 5
    present = gift(desk, token(desk, "WETH"), GIFT)
    needed = LOAN + source.fee(LOAN)
    assert desk.simulate(plan(source.loan(desk, "WETH", LOAN, present, cap=needed + extra))) == (
        GIFT - source.fee(LOAN) - extra
    )
    with pytest.raises(Reverted, match="K"):
        desk.simulate(plan(source.loan(desk, "WETH", LOAN, present, cap=needed - 2)))


@BY_NAME
def test_a_loan_that_is_not_earned_back_is_undone(desk: Desk, name: str) -> None:
    """The router holds money of its own here, which must not pay the fee."""
    source = SOURCES[name]
    desk.node.set_erc20_balance(token(desk, "WETH"), desk.router, 50 * ETHER)
    calldata = plan(source.loan(desk, "WETH", LOAN), minimum=0)
    if source.fee(LOAN) == 0:
        assert desk.simulate(calldata) == 0
        return
    with pytest.raises(Reverted, match="ProfitBelowMinimum"):
        desk.simulate(calldata)


@BY_NAME
def test_a_lender_that_does_not_have_the_money_says_no(desk: Desk, name: str) -> None:
    source = SOURCES[name]
    amount = held(desk, token(desk, "WETH"), source.address(desk)) + 10**9 * ETHER
    with pytest.raises(Reverted):
        desk.simulate(plan(source.loan(desk, "WETH", amount, gift(desk, token(desk, "WETH"), GIFT))))
    assert held(desk, token(desk, "WETH")) == 0


@BY_NAME
def test_a_loan_of_nothing_takes_nothing(desk: Desk, name: str) -> None:
    """Some lenders refuse it; where they do not, it costs at most the rounding of a fee."""
    desk.node.set_erc20_balance(token(desk, "WETH"), desk.router, 10)
    calldata = plan(SOURCES[name].loan(desk, "WETH", 0, gift(desk, token(desk, "WETH"), 5)))
    try:
        profit = desk.simulate(calldata)
    except Reverted as refused:
        assert refused.reason.name != "ProfitBelowMinimum"
        return
    assert profit == 5 - SOURCES[name].fee(0)


def test_the_chains_own_coin_is_lent_by_uniswap_v4(desk: Desk) -> None:
    """Tracked as the zero address; paid back with the call that settles."""
    source = SOURCES["uniswap_v4"]
    native = to_address("0x" + "00" * 20)
    amount, present = 3 * ETHER, gift(desk, native, 11)
    loan = Loan(source.opcode, amount, amount, (present,), native)
    desk.execute(plan(Track(native, (loan,))))
    assert desk.node.balance(desk.router) == 11


def test_maker_lends_dai_for_nothing(desk: Desk) -> None:
    other = desk_of(desk, maker_dss_flash=desk.book.contracts["maker_dss_flash"])
    maker = Source(Opcode.ERC3156_LOAN, "maker_dss_flash")
    dai, amount = token(desk, "DAI"), 10**6 * ETHER
    loan = maker.loan(desk, "DAI", amount, gift(other, dai, 3), tracked=True)
    other.execute(plan(Track(dai, (loan,))))
    assert held(desk, dai, other.router) == 3
    assert allowance(other, dai, maker.address(desk)) == 0


@pytest.mark.parametrize("name", FREE)
def test_free_lenders_lend_all_that_they_have(desk: Desk, name: str) -> None:
    source, weth = SOURCES[name], token(desk, "WETH")
    everything = held(desk, weth, source.address(desk))
    assert desk.simulate(plan(source.loan(desk, "WETH", everything, gift(desk, weth, 1)))) == 1


@pytest.mark.parametrize("name", PULLING)
def test_no_allowance_stays_behind_a_trade_that_fails(desk: Desk, name: str) -> None:
    source = SOURCES[name]
    with pytest.raises(Reverted):
        desk.simulate(plan(source.loan(desk, "WETH", LOAN), minimum=1))
    assert allowance(desk, token(desk, "WETH"), source.address(desk)) == 0
