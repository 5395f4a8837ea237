"""A21: the profit stands in something that can be unwound afterwards: a claim on an account, the price of a
share, a balance that is rebased. Of the last one the router is proof only against a rebase that stays.
"""

from __future__ import annotations

import pytest

from devnet import abi
from devnet.deal import ensure_balance
from devnet.node import ETHER
from executor.domain.address import Address, to_address
from executor.plan.format import Payer, Recipient
from executor.plan.steps import (
    BalancerV3Send,
    BalancerV3Settle,
    BalancerV3Unlock,
    CurveExchange,
    ERC4626Redeem,
    Step,
    Track,
    V4Settle,
    V4Swap,
    V4Take,
    V4Unlock,
)
from tests.attacks.scene import THIEF, nothing_lost, place, refused, sent
from tests.attacks.steps import balancer_v3_unlock, v4_swap
from tests.attacks.thieves import Act, accomplice, act_through, plot
from tests.contracts.schemes import place as place_pool
from tests.contracts.schemes import plan_of, scheme, v2_through, v3_through
from tests.contracts.venues.hops import gift, held, token
from tests.support.routers import OPERATOR, OWNER, Desk

AMOUNT = 3 * ETHER
STEADY = 4


def claims(desk: Desk, who: str) -> list[int]:
    """What `who` could draw from the PoolManager by ERC-6909."""
    manager = desk.book.contracts["uniswap_v4_pool_manager"]
    symbols = ("WETH", "USDC", "DAI")
    calls = [
        abi.encode_call("balanceOf(address,uint256)", who, int(desk.book.tokens[it], 16)) for it in symbols
    ]
    return [int.from_bytes(desk.node.call(manager, call), "big") for call in calls]


def test_a_claim_on_the_pool_manager_is_no_profit_and_is_never_left(desk: Desk) -> None:
    """What is due and not taken undoes all: it can become neither a claim of the router's nor a tip."""
    weth = token(desk, "WETH")
    swap, pay = v4_swap(desk, AMOUNT), V4Settle(Payer.SETTLEMENT, AMOUNT)
    assert isinstance(swap, V4Swap)
    half = V4Take(token(desk, "USDC"), Recipient.ROUTER, 1)
    with nothing_lost(desk):
        for inside in ((swap, pay), (swap, half, pay), (V4Settle(Payer.SETTLEMENT, AMOUNT),)):
            plan = plan_of(V4Unlock(inside), gift(desk, weth, AMOUNT + 1), minimum=1)
            assert refused(desk, OPERATOR, plan).name == "CurrencyNotSettled"
        assert claims(desk, desk.router) == [0, 0, 0]


@pytest.fixture
def holder(desk: Desk) -> Address:
    """A contract of the thief's that is an operator, and is called by the Vault that it has unlocked."""
    contract = accomplice(desk)
    desk.send(OWNER, "allowOperator(address,bool)", contract, True)
    return contract


def unlocked_by(desk: Desk, holder: Address, *acts: Act) -> tuple[str, bytes]:
    """Where to send what so that the holder does these things inside an unlock of Balancer's Vault."""
    plot(desk, holder, *acts)
    vault = desk.book.contracts["balancer_v3_vault"]
    return act_through(holder, vault, abi.encode_call("unlock(bytes)", b"\x01\x02\x03\x04"))


def test_what_a_plan_leaves_on_somebody_elses_account_it_has_lost_at_once(
    desk: Desk, holder: Address
) -> None:
    """The thief holds the Vault's lock while the plan pays onto the account, to draw it afterwards."""
    weth, vault = desk.book.tokens["WETH"], desk.book.contracts["balancer_v3_vault"]
    pays = plan_of(BalancerV3Unlock((BalancerV3Settle(Payer.SETTLEMENT, AMOUNT),)))
    draws = abi.encode_call("sendTo(address,address,uint256)", weth, holder, AMOUNT)
    to, call = unlocked_by(desk, holder, Act(desk.router, pays, must=True), Act(vault, draws))
    with nothing_lost(desk, holder):
        assert refused(desk, THIEF, call, to=to).name == "ProfitBelowMinimum"
        # Without the plan there is nothing for him to draw.
        to, call = unlocked_by(desk, holder, Act(desk.router, pays), Act(vault, draws))
        assert refused(desk, THIEF, call, to=to).name == "BalanceNotSettled"


def test_what_a_plan_takes_on_somebody_elses_account_he_must_pay(desk: Desk, holder: Address) -> None:
    """A profit that the outer account owes: it is real when he pays for it, and nothing happened when not."""
    weth, vault = desk.book.tokens["WETH"], desk.book.contracts["balancer_v3_vault"]
    takes = plan_of(
        BalancerV3Unlock((BalancerV3Send(to_address(weth), Recipient.ROUTER, AMOUNT),)), minimum=AMOUNT
    )
    to, call = unlocked_by(desk, holder, Act(desk.router, takes, must=True))
    with nothing_lost(desk, holder):
        assert refused(desk, THIEF, call, to=to).name == "BalanceNotSettled"
    desk.node.set_erc20_balance(weth, holder, AMOUNT)
    pays = abi.encode_call("transfer(address,uint256)", vault, AMOUNT)
    settles = abi.encode_call("settle(address,uint256)", weth, AMOUNT)
    acts = Act(desk.router, takes, must=True), Act(weth, pays, must=True), Act(vault, settles, must=True)
    to, call = unlocked_by(desk, holder, *acts)
    before = desk.balance("WETH")
    with nothing_lost(desk, holder):
        sent(desk, THIEF, call, to=to)
    assert desk.balance("WETH") == before + AMOUNT


@pytest.fixture
def staked(desk: Desk) -> Address:
    """The owner has made a token that is rebased a settlement token, and the router holds some."""
    steth = token(desk, "STETH")
    desk.node.send(OWNER, desk.router, abi.encode_call("setSettlementToken(address)", steth))
    ensure_balance(desk.node, steth, desk.router, 100 * ETHER)
    return steth


def test_a_rebase_that_stays_gives_away_at_most_what_it_brought(desk: Desk, staked: Address) -> None:
    """To a rule on balances what arrives is profit: he who triggers a rebase in his own plan may ask for it;
    not for a unit of what the router held before.
    """
    held = desk.node.erc20_balance(staked, desk.router)
    pool = accomplice(desk)
    supply = int.from_bytes(desk.node.call(staked, abi.encode_call("totalSupply()")), "big")
    plot(desk, pool, Act(staked, abi.encode_call("reward(uint256)", supply // 100), must=True))
    brought = held // 100
    with nothing_lost(desk, pool, tokens=[staked]):
        greedy = plan_of(
            v2_through(pool, 0), v2_through(place_pool(desk, "Schemer"), brought + 2), settlement=STEADY
        )
        assert refused(desk, OPERATOR, greedy).name == "ProfitBelowMinimum"
        honest = plan_of(v2_through(pool, 0), minimum=brought - 2, settlement=STEADY)
        sent(desk, OPERATOR, honest)


HELD = 10_000
TWICE, ONCE = 2_000, 1_000


@pytest.fixture
def elastic(desk: Desk) -> Address:
    """A token whose balances anybody can stretch and shrink, of which the router holds some. The owner was so
    careless as to make it a settlement token.
    """
    asset = place(desk, "Tokens.ElasticToken")
    sent(desk, THIEF, abi.encode_call("give(address,uint256)", desk.router, HELD), to=asset)
    desk.send(OWNER, "setSettlementToken(address)", asset)
    return asset


@pytest.mark.parametrize("way", ["it settles the plan", "it is tracked", "it is an output that is sent on"])
def test_a_balance_that_is_stretched_for_the_length_of_the_call_can_be_halved(
    desk: Desk, elastic: Address, way: str
) -> None:
    """What is not promised: while the plan runs the router holds twice as much, and every rule is content
    with half of that; then the rebase is undone. Nothing but that token is lost.
    """
    pool = accomplice(desk, Act(elastic, abi.encode_call("rebase(uint256)", TWICE), must=True))
    stretch, taker = v2_through(pool, 0), accomplice(desk)
    if way == "it settles the plan":
        plan = plan_of(stretch, v2_through(taker, HELD), settlement=STEADY)
    elif way == "it is tracked":
        plan = plan_of(Track(elastic, (stretch, v2_through(taker, HELD, token=elastic))))
    else:
        to, pays = Recipient.EXPLICIT, Payer.SETTLEMENT
        plan = plan_of(CurveExchange(pool, 0, 1, elastic, pays, to, 0, to=taker))
    with nothing_lost(desk, pool, taker):
        sent(desk, OPERATOR, plan)
        assert held(desk, elastic) == HELD
        sent(desk, THIEF, abi.encode_call("rebase(uint256)", ONCE), to=elastic)
    assert (held(desk, elastic), held(desk, elastic, taker)) == (HELD // 2, HELD // 2)


def test_a_share_whose_price_is_driven_up_is_still_the_same_share(desk: Desk) -> None:
    """The thief gives the vault dollars in the middle of the plan, so that the router's shares are worth
    more, and would have the plan redeem some and leave the router as rich as before in dollars.
    """
    shares, dai = token(desk, "sDAI"), token(desk, "DAI")
    pool = accomplice(desk)
    desk.node.set_erc20_balance(dai, pool, 10**23)
    plot(desk, pool, Act(dai, abi.encode_call("transfer(address,uint256)", shares, 10**23), must=True))
    price = abi.encode_call("convertToAssets(uint256)", ETHER)
    before = int.from_bytes(desk.node.call(shares, price), "big")
    redeem = ERC4626Redeem(shares, dai, Recipient.EXPLICIT, ETHER, to_address(THIEF))
    inflate = v2_through(pool, 0)
    with nothing_lost(desk, pool):
        for steps in (
            (inflate, redeem),
            (inflate, Track(shares, (redeem,))),
            (Track(shares, (inflate, redeem)),),
        ):
            reason = refused(desk, OPERATOR, plan_of(*steps, settlement=2))
            assert reason.name in ("TokenNotTracked", "TrackedTokenFell")
        sent(desk, OPERATOR, plan_of(inflate, settlement=2))
    assert int.from_bytes(desk.node.call(shares, price), "big") > before


def test_profit_is_measured_when_every_account_is_even(desk: Desk) -> None:
    """On account a hop costs nothing yet: inside the unlock the router is richer than it will be."""
    unlock = balancer_v3_unlock(desk, AMOUNT)
    assert isinstance(unlock, BalancerV3Unlock)
    *earns, pays = unlock.continuation
    scheming = place_pool(desk, "Schemer")
    scheme(desk, scheming, asked=(1, 0))
    inner: Step = BalancerV3Unlock((*earns, v3_through(scheming, 1), pays))
    with nothing_lost(desk, scheming):
        assert refused(desk, OPERATOR, plan_of(inner)).name == "ProfitBelowMinimum"
        covered = plan_of(inner, gift(desk, token(desk, "WETH"), AMOUNT))
        assert refused(desk, OPERATOR, covered).name == "ProfitBelowMinimum"
        sent(desk, OPERATOR, plan_of(inner, gift(desk, token(desk, "WETH"), AMOUNT + 1)))
