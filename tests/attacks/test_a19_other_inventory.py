"""A19: the pool of a signed route takes other tokens than the one that the plan settles in: in its callback,
or because the plan itself pays them and nothing but the settlement token is counted.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from devnet import abi
from devnet.node import ETHER
from executor.domain.address import Address, to_address
from executor.plan.format import Payer, Recipient
from executor.plan.steps import (
    BalancerV2Swap,
    BalancerV3Settle,
    BalancerV3Unlock,
    CurveExchange,
    DodoV2Swap,
    ERC4626Deposit,
    ERC4626Redeem,
    MakerPSMSwap,
    Step,
    Track,
    V4Settle,
    V4Unlock,
    WrapNative,
)
from tests.attacks.callbacks import SWAPS, swap_data
from tests.attacks.scene import STANDING_WEI, STOCK, THIEF, nothing_lost, refused, sent
from tests.attacks.scene import place as place_token
from tests.attacks.thieves import Act, accomplice, plot, pretend, turns
from tests.contracts.schemes import place, plan_of, scheme, v2_through, v3_through
from tests.contracts.venues.hops import NATIVE, gift, held, token
from tests.support.routers import OPERATOR, OWNER, Desk

OTHERS = tuple(symbol for symbol in STOCK if symbol != "WETH")


def grabs(desk: Desk, thief: Address) -> list[Act]:
    """What a pool may try on every other token of the router's: straight, or by what the router answers."""
    acts = []
    for symbol in OTHERS:
        asset, amount = desk.book.tokens[symbol], STOCK[symbol]
        pulls = abi.encode_call("transferFrom(address,address,uint256)", desk.router, thief, amount)
        asks = abi.encode_call(SWAPS[0], amount, 0, swap_data(desk, amount, symbol))
        sells = plan_of(v2_through(thief, amount, token=to_address(asset)))
        home = abi.encode_call("withdraw(address,address,uint256)", asset, thief, amount)
        acts += [Act(asset, pulls), *(Act(desk.router, call) for call in (asks, sells, home))]
    return acts


@pytest.mark.parametrize("tracked", [False, True], ids=["nothing else is tracked", "all else is tracked"])
def test_a_pool_takes_no_other_token_in_its_turn(desk: Desk, tracked: bool) -> None:
    """It gives what the plan asks for, so that only its other acts could be noticed. That a plan tracks a
    token, and so might pay it, gives the pool nothing either.
    """
    pool = accomplice(desk)
    acts = grabs(desk, pool)
    promise = Act(desk.router, abi.encode_call(SWAPS[0], 0, 0, swap_data(desk, 0)), must=True)
    plot(desk, pool, *acts, promise, answer=bytes(64))
    step: Step = v3_through(pool, 0)
    if tracked:
        for symbol in OTHERS:
            step = Track(token(desk, symbol), (step,))
    with nothing_lost(desk, pool):
        sent(desk, OPERATOR, plan_of(step), gas=9_000_000)
        assert turns(desk, pool) == (1, 1)


def pay_a_pair(pool: Address, asset: Address, amount: int) -> Step:
    """Into a thief's pair."""
    return v2_through(pool, amount, token=asset)


def pay_a_v3_pool(pool: Address, asset: Address, amount: int) -> Step:
    """Into a thief's pool, in its callback."""
    return v3_through(pool, amount, token=asset)


def pay_a_curve_pool(pool: Address, asset: Address, amount: int) -> Step:
    """By an allowance to a thief's pool."""
    payer, recipient = Payer.TRACKED, Recipient.ROUTER
    return CurveExchange(pool, 0, 1, asset, payer, recipient, amount, token_in=asset)


def pay_a_dodo_pool(pool: Address, asset: Address, amount: int) -> Step:
    """Into a thief's pool, which says what it is worth."""
    return DodoV2Swap(pool, True, asset, Payer.TRACKED, Recipient.ROUTER, amount, asset)


def pay_a_vault(pool: Address, asset: Address, amount: int) -> Step:
    """By an allowance to a thief's vault."""
    return ERC4626Deposit(pool, Payer.TRACKED, Recipient.ROUTER, amount, asset)


def pay_a_peg_module(pool: Address, asset: Address, amount: int) -> Step:
    """By an allowance to a thief's module that buys."""
    return MakerPSMSwap(pool, 0, asset, Payer.TRACKED, Recipient.ROUTER, amount, asset)


def pay_balancer_v2(pool: Address, asset: Address, amount: int) -> Step:
    """Into a thief's pool in the Vault."""
    tail = "0x" + "00" * 12
    return BalancerV2Swap(pool, tail, to_address(THIEF), Payer.TRACKED, Recipient.ROUTER, amount, asset)


def pay_uniswap_v4(pool: Address, asset: Address, amount: int) -> Step:
    """Onto the account at the PoolManager."""
    return V4Unlock((V4Settle(Payer.TRACKED, amount, asset),))


def pay_balancer_v3(pool: Address, asset: Address, amount: int) -> Step:
    """Onto the account at the Vault."""
    return BalancerV3Unlock((BalancerV3Settle(Payer.TRACKED, amount, asset),))


WAYS: tuple[Callable[[Address, Address, int], Step], ...] = (
    pay_a_pair,
    pay_a_v3_pool,
    pay_a_curve_pool,
    pay_a_dodo_pool,
    pay_a_vault,
    pay_a_peg_module,
    pay_balancer_v2,
    pay_uniswap_v4,
    pay_balancer_v3,
)


@pytest.mark.parametrize("way", WAYS)
def test_a_plan_pays_no_token_that_it_does_not_track(
    desk: Desk, way: Callable[[Address, Address, int], Step]
) -> None:
    """Signed with a stolen key, with a profit of one in the settlement token."""
    pool = place(desk, "Schemer")
    if way is pay_a_vault:
        pool = accomplice(desk)
        pretend(desk, pool, "balanceOf(address)", "(uint256)", 0)
    present = gift(desk, token(desk, "WETH"), 1)
    with nothing_lost(desk, pool):
        for symbol in ("USDC", "STA", "sDAI"):
            if way is pay_a_v3_pool:
                scheme(desk, pool, asked=(STOCK[symbol], 0))
            plan = plan_of(present, way(pool, token(desk, symbol), STOCK[symbol]), minimum=1)
            assert refused(desk, OPERATOR, plan).name == "TokenNotTracked", symbol


@pytest.mark.parametrize("way", (pay_a_pair, pay_a_v3_pool))
def test_a_tracked_token_that_is_paid_must_be_there_again(
    desk: Desk, way: Callable[[Address, Address, int], Step]
) -> None:
    """One unit less than there was undoes all; what came in the meantime may be paid."""
    pool = place(desk, "Schemer")
    earns = gift(desk, token(desk, "WETH"), 1)
    with nothing_lost(desk, pool):
        for symbol in ("USDC", "DAI", "sDAI"):
            asset = token(desk, symbol)
            scheme(desk, pool, asked=(1_001, 0))
            inside = way(pool, asset, 1_001)
            arrives = gift(desk, asset, 1_000)
            plan = plan_of(earns, Track(asset, (arrives, inside)), minimum=1)
            assert refused(desk, OPERATOR, plan).name == "TrackedTokenFell", symbol
    usdc = token(desk, "USDC")
    scheme(desk, pool, asked=(1_000, 0))
    with nothing_lost(desk, pool):
        steps = Track(usdc, (gift(desk, usdc, 1_000), way(pool, usdc, 1_000)))
        sent(desk, OPERATOR, plan_of(earns, steps, minimum=1))


def test_the_chains_own_coin_is_a_token_like_any_other(desk: Desk) -> None:
    """What was forced in can be wrapped, and so taken for a profit, by no plan."""
    settle = V4Unlock((V4Settle(Payer.TRACKED, STANDING_WEI, NATIVE),))
    curve = CurveExchange(
        to_address(desk.record("curve_stable_ether ETH/STETH").address),
        0,
        1,
        token(desk, "STETH"),
        Payer.TRACKED,
        Recipient.ROUTER,
        STANDING_WEI,
        token_in=NATIVE,
        native_in=True,
    )
    with nothing_lost(desk):
        for step in (WrapNative(STANDING_WEI), WrapNative(1), curve):
            assert refused(desk, OPERATOR, plan_of(step)).name == "TokenNotTracked", step
            assert refused(desk, OPERATOR, plan_of(Track(NATIVE, (step,)))).name == "TrackedTokenFell", step
        assert refused(desk, OPERATOR, plan_of(settle)).name == "TokenNotTracked"


def test_shares_of_a_vault_are_tokens_like_any_other(desk: Desk) -> None:
    """A redemption needs no allowance: the vault's own token must be tracked, and must not fall."""
    shares, dai = token(desk, "sDAI"), token(desk, "DAI")
    redeem = ERC4626Redeem(shares, dai, Recipient.ROUTER, 10 * ETHER)
    away = ERC4626Redeem(shares, dai, Recipient.EXPLICIT, 10 * ETHER, to_address(THIEF))
    with nothing_lost(desk):
        for step in (redeem, away):
            for settlement in (0, 2):
                assert refused(desk, OPERATOR, plan_of(step, settlement=settlement)).name == "TokenNotTracked"
                tracked = plan_of(Track(shares, (step,)), settlement=settlement)
                assert refused(desk, OPERATOR, tracked).name == "TrackedTokenFell"


def test_a_pool_that_keeps_what_it_was_lent_by_the_plan_fails_it(desk: Desk) -> None:
    """The accomplice of this module does take what it can: of what is tracked and paid to it."""
    pool = accomplice(desk)
    usdc = token(desk, "USDC")
    with nothing_lost(desk, pool):
        plan = plan_of(Track(usdc, (v2_through(pool, 10**9, token=usdc),)))
        assert refused(desk, OPERATOR, plan).name == "TrackedTokenFell"


def test_a_payment_whose_scope_closed_in_its_own_continuation_is_refused(desk: Desk) -> None:
    """The token was tracked when the pool was called back, and no more when it is to be paid."""
    pool, usdc = place(desk, "Schemer"), token(desk, "USDC")
    scheme(desk, pool, asked=(10**10, 0))
    with nothing_lost(desk, pool):
        plan = plan_of(v3_through(pool, 10**10, Track(usdc, ()), token=usdc))
        assert refused(desk, OPERATOR, plan).name == "TokenNotTracked"


GIVEN = 1_000


def taxed(desk: Desk, basis_points: int) -> tuple[Address, Address]:
    """A token whose transfers cost the sender that much on top, of which the router holds some, and a thief's
    Curve pool that gives the router more of it.
    """
    asset = place_token(desk, "Tokens.SenderTaxedToken")
    sent(desk, THIEF, abi.encode_call("give(address,uint256)", desk.router, 10 * GIVEN), to=asset)
    sent(desk, THIEF, abi.encode_call("levy(address,uint256)", THIEF, basis_points), to=asset)
    gives = abi.encode_call("give(address,uint256)", desk.router, GIVEN)
    return asset, accomplice(desk, Act(asset, gives, must=True))


def sent_on(pool: Address, asset: Address, *behind: Step) -> tuple[Step, ...]:
    """An exchange that costs nothing, whose output the router sends to the thief, or to the pool behind."""
    to, recipient = (None, Recipient.NEXT_POOL) if behind else (to_address(THIEF), Recipient.EXPLICIT)
    return CurveExchange(pool, 0, 1, asset, Payer.SETTLEMENT, recipient, 0, to=to), *behind


@pytest.mark.parametrize("basis_points", [10, 10_000])
def test_an_output_whose_transfer_costs_the_sender_on_top_takes_nothing_of_what_was_there(
    desk: Desk, basis_points: int
) -> None:
    """The token is not tracked: the router pays on what it was given, and the tax would be its own."""
    asset, pool = taxed(desk, basis_points)
    weth = token(desk, "WETH")
    behind = v2_through(accomplice(desk), 0)
    with nothing_lost(desk, pool, tokens=[asset]):
        for steps in (sent_on(pool, asset), sent_on(pool, asset, behind)):
            reason = refused(desk, OPERATOR, plan_of(*steps, gift(desk, weth, 1), minimum=1))
            after = 10 * GIVEN - GIVEN * basis_points // 10_000
            figures = {"token": asset.lower(), "balanceBefore": 10 * GIVEN, "balanceAfter": after}
            assert (reason.name, reason.args) == ("OutputOverspent", figures)


def test_an_output_without_such_a_tax_is_sent_on_although_it_is_not_tracked(desk: Desk) -> None:
    asset, pool = taxed(desk, 0)
    with nothing_lost(desk, pool, tokens=[asset]):
        sent(desk, OPERATOR, plan_of(*sent_on(pool, asset)))
    assert (held(desk, asset), held(desk, asset, THIEF)) == (10 * GIVEN, GIVEN)


def test_a_contract_that_may_move_a_token_without_an_allowance_can_be_made_to_move_the_routers(
    desk: Desk,
) -> None:
    """What is not promised: a step calls whom it names, and a lying token makes the call pass. Only the token
    that the contract may move can go, and not where the plan settles in it or tracks it.
    """
    asset, lie = place_token(desk, "Tokens.BridgedToken"), place_token(desk, "Tokens.LyingToken")
    bridge = place_token(desk, "Tokens.Bridge", "(address)", asset)
    sent(desk, THIEF, abi.encode_call("trust(address)", bridge), to=asset)
    sent(desk, THIEF, abi.encode_call("give(address,uint256)", desk.router, GIVEN), to=asset)
    desk.send(OWNER, "setSettlementToken(address)", asset)
    away = ERC4626Deposit(bridge, Payer.TRACKED, Recipient.EXPLICIT, GIVEN, lie, to_address(THIEF))
    step = Track(lie, (away,))
    with nothing_lost(desk, bridge):
        assert refused(desk, OPERATOR, plan_of(step, settlement=4)).name == "ProfitBelowMinimum"
        assert refused(desk, OPERATOR, plan_of(Track(asset, (step,)))).name == "TrackedTokenFell"
        assert (held(desk, asset), held(desk, asset, THIEF)) == (GIVEN, 0)
        sent(desk, OPERATOR, plan_of(step))
    assert (held(desk, asset), held(desk, asset, THIEF)) == (0, GIVEN)
