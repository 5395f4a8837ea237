"""A29: the token in the middle of a genuine route turns on the router between signing and mining.

It is taxed, paused, shrinks, blocks the router or a pool, answers otherwise, loses its code: USDC, USDT and
STETH as they are, and a token whose maker is the thief, in two real pairs that disagree on its price.
"""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from devnet import abi
from devnet.node import ETHER
from devnet.place import Placer
from devnet.protocols.tokens import TETHER_OWNER
from devnet.roles import account
from executor.domain.address import Address, to_address
from executor.plan.format import Measure as MeasureKind
from executor.plan.format import Payer, Recipient, V2Output
from executor.plan.steps import (
    CurveExchange,
    DodoV2Swap,
    ERC4626Deposit,
    MakerPSMSwap,
    Measure,
    Step,
    Track,
    V2Swap,
)
from tests.attacks.scene import STOCK, THIEF, allowances, nothing_lost, place, refused, sent
from tests.attacks.trades import earning_route, plan_for
from tests.contracts.schemes import Deed, plan_of, scheme, v3_through
from tests.contracts.schemes import place as place_schemer
from tests.contracts.venues.hops import NATIVE
from tests.support.routers import OPERATOR, OWNER, ZERO, Desk, Reverted

NOWHERE = to_address("0x" + "c0de" * 10)
WHOLE, RESERVE = 10**18, 10**24


@dataclass(frozen=True)
class Market:
    """The thief's token, and two pairs of it and WETH of which the second pays twice what the first asks."""

    desk: Desk
    token: Address
    cheap: Address
    dear: Address

    def hops(self, *, through_router: bool = False, measured: bool = False) -> tuple[Step, ...]:
        """A route that earns; `measured`: the second pair is asked for what really arrived there."""
        weth_first = int(self.desk.book.tokens["WETH"], 16) < int(self.token, 16)
        to = Recipient.ROUTER if through_router else Recipient.NEXT_POOL
        output = V2Output.COMPUTED
        buy = V2Swap(self.cheap, weth_first, Payer.SETTLEMENT, to, output, 30, WHOLE)
        payer = Payer.TRACKED if through_router else Payer.NONE
        asset = self.token if through_router or measured else None
        recipient = Recipient.ROUTER
        sell = V2Swap(self.dear, not weth_first, payer, recipient, output, 30, token=asset, measured=measured)
        return (Track(self.token, (buy, sell)),) if through_router else (buy, sell)

    def turn(self, *, tax: int = 0, paused: bool = False, blocked: str = ZERO, answer: int = 0) -> None:
        """The thief changes what his token does."""
        call = abi.encode_call("turn(uint256,bool,address,uint256)", tax, paused, blocked, answer)
        sent(self.desk, THIEF, call, to=self.token)


@pytest.fixture
def market(desk: Desk) -> Market:
    """The router holds some of the token too."""
    token = place(desk, "Moody.MoodyToken")
    sent(desk, THIEF, abi.encode_call("give(address,uint256)", desk.router, RESERVE), to=token)
    cheap, dear = (
        open_pair(desk, token, factory, ethers * ETHER)
        for factory, ethers in (("uniswap_v2_factory", 100), ("sushi_v2_factory", 200))
    )
    return Market(desk, token, cheap, dear)


def open_pair(desk: Desk, token: Address, factory: str, ethers: int) -> Address:
    put, weth = Placer(desk.node), desk.book.tokens["WETH"]
    put.call(THIEF, desk.book.contracts[factory], "createPair(address,address)", token, weth)
    pair = put.read_address(desk.book.contracts[factory], "getPair(address,address)", token, weth)
    put.call(THIEF, token, "give(address,uint256)", pair, RESERVE)
    desk.node.set_erc20_balance(weth, pair, ethers)
    put.call(THIEF, pair, "mint(address)", THIEF)
    return to_address(pair)


@pytest.mark.parametrize("measured", [False, True])
@pytest.mark.parametrize("through_router", [False, True])
def test_the_route_earns_while_the_token_behaves(
    desk: Desk, market: Market, through_router: bool, measured: bool
) -> None:
    """Else the refusals below would prove nothing."""
    before = desk.balance("WETH")
    with nothing_lost(desk, market.cheap, market.dear, tokens=[market.token]):
        hops = market.hops(through_router=through_router, measured=measured)
        sent(desk, OPERATOR, plan_of(*hops, minimum=WHOLE // 2))
    assert desk.balance("WETH") - before > WHOLE // 2


def moods(market: Market) -> dict[str, dict[str, object]]:
    return {
        "taxed": {"tax": 100},
        "taxed wholly": {"tax": 10_000},
        "paused": {"paused": True},
        "blocks the first pair": {"blocked": market.cheap},
        "blocks the second pair": {"blocked": market.dear},
        "blocks the router": {"blocked": market.desk.router},
        "answers nothing": {"answer": 1},
        "answers false": {"answer": 2},
    }


HARMLESS = {("blocks the router", False), ("answers nothing", False), ("answers nothing", True)}


@pytest.mark.parametrize("through_router", [False, True], ids=["pool_to_pool", "through_the_router"])
def test_a_token_that_turns_after_the_plan_was_signed_stops_it_or_does_no_harm(
    desk: Desk, market: Market, through_router: bool
) -> None:
    plan = plan_of(*market.hops(through_router=through_router), minimum=WHOLE // 2)
    for mood, changes in moods(market).items():
        with desk.node.isolated():
            market.turn(**changes)  # type: ignore[arg-type]
            with nothing_lost(desk, market.cheap, market.dear, tokens=[market.token]):
                if (mood, through_router) in HARMLESS:
                    sent(desk, OPERATOR, plan)
                else:
                    refused(desk, OPERATOR, plan)


def test_a_tax_that_the_plan_measures_is_borne_by_the_profit_and_not_by_the_router(
    desk: Desk, market: Market
) -> None:
    plan = plan_of(*market.hops(measured=True), minimum=WHOLE // 2)
    market.turn(tax=100)
    with nothing_lost(desk, market.cheap, market.dear, tokens=[market.token]):
        sent(desk, OPERATOR, plan)
    market.turn(tax=9_000)
    with nothing_lost(desk, market.cheap, market.dear, tokens=[market.token]):
        assert refused(desk, OPERATOR, plan).name == "ProfitBelowMinimum"


@pytest.mark.parametrize("settles_in_it", [False, True], ids=["tracked", "settlement"])
def test_a_token_that_shrinks_in_the_middle_of_a_plan_undoes_it(
    desk: Desk, market: Market, settles_in_it: bool
) -> None:
    """The thief's pool has its turn, and he takes a tenth from every balance by a rebase."""
    schemer = place_schemer(desk, "Schemer")
    scheme(desk, schemer, before=[Deed(market.token, abi.encode_call("shrink(uint256)", 900))])
    step = v3_through(schemer, 0)
    if settles_in_it:
        desk.send(OWNER, "setSettlementToken(address)", market.token)
        plan = plan_of(step, settlement=4)
    else:
        plan = plan_of(Track(market.token, (step,)))
    with nothing_lost(desk, schemer, tokens=[market.token]):
        reason = refused(desk, OPERATOR, plan)
        assert reason.name == ("ProfitBelowMinimum" if settles_in_it else "TrackedTokenFell")


USDC_DEEDS = {
    "blocks the router": ("usdc blacklister", "blacklist(address)", True),
    "blocks a pool": ("usdc blacklister", "blacklist(address)", False),
    "pauses": ("usdc pauser", "pause()", None),
}


@pytest.mark.parametrize("deed", USDC_DEEDS)
def test_usdc_that_blocks_or_pauses_stops_no_more_than_what_it_is_needed_for(desk: Desk, deed: str) -> None:
    role, call, of_router = USDC_DEEDS[deed]
    in_dollars = plan_for(earning_route(desk, "v3_v2"))
    pool = desk.pool("uniswap_v2 USDC/WETH").address
    arguments = () if of_router is None else ((desk.router if of_router else pool),)
    sent(desk, account(role), abi.encode_call(call, *arguments), to=desk.book.tokens["USDC"])
    with nothing_lost(desk):
        if of_router:
            # From pool to pool the dollars never touch it.
            sent(desk, OPERATOR, in_dollars)
        else:
            refused(desk, OPERATOR, in_dollars)
        for symbol in ("WETH", "DAI"):
            with desk.node.isolated():
                desk.send(OWNER, "withdraw(address,address,uint256)", desk.book.tokens[symbol], OWNER, 1)


def test_usdt_that_begins_to_tax_stops_a_plan_that_did_not_measure(desk: Desk) -> None:
    route = earning_route(desk, "v2_v3_v2_v3")
    plan = plan_for(route)
    call = abi.encode_call("setParams(uint256,uint256)", 19, 49)
    sent(desk, TETHER_OWNER, call, to=desk.book.tokens["USDT"])
    with nothing_lost(desk):
        refused(desk, OPERATOR, plan)


def curve_sale(desk: Desk, amount: int) -> tuple[Step, Address]:
    """USDT, which wants its allowance through zero, sold to a pool that pulls."""
    record = desk.record("curve_tri_crypto USDT/WBTC/WETH")
    pool, usdt = to_address(record.address), to_address(desk.book.tokens["USDT"])
    weth = to_address(desk.book.tokens["WETH"])
    hop = CurveExchange(pool, 0, 2, weth, Payer.TRACKED, Recipient.ROUTER, amount, usdt, uint256_indexes=True)
    return hop, pool


def test_a_token_that_wants_its_allowance_through_zero_is_left_at_zero_each_time(desk: Desk) -> None:
    """A remainder would make every later plan over this pool fail: a door for griefing."""
    hop, pool = curve_sale(desk, 10**9)
    usdt, back = to_address(desk.book.tokens["USDT"]), desk.node.erc20_balance
    giver = place_schemer(desk, "Schemer")
    desk.node.set_erc20_balance(usdt, giver, 4 * 10**9)
    present = abi.encode_call("transfer(address,uint256)", desk.router, 2 * 10**9)
    scheme(desk, giver, before=[Deed(usdt, present)])
    gift = v3_through(giver, 0)
    with nothing_lost(desk, pool, giver):
        for _ in range(2):
            sent(desk, OPERATOR, plan_of(Track(usdt, (gift, hop, hop))))
            assert allowances(desk, [pool]) == {}
    assert back(usdt, desk.router) == STOCK["USDT"]


def test_staked_ether_that_loses_a_wei_on_its_way_never_costs_the_router_one(desk: Desk) -> None:
    """There and back through the pool of ether and staked ether, each hop measured."""
    record = desk.record("curve_stable_ether ETH/STETH")
    pool, staked = to_address(record.address), to_address(record.tokens[1])
    there = CurveExchange(pool, 0, 1, staked, Payer.TRACKED, Recipient.ROUTER, ETHER, NATIVE, native_in=True)
    back = CurveExchange(pool, 1, 0, NATIVE, Payer.TRACKED, Recipient.ROUTER, None, staked)
    with nothing_lost(desk, pool, tokens=[staked]):
        reason = refused(desk, OPERATOR, plan_of(Track(NATIVE, (Track(staked, (there, back)),))))
        assert reason.name == "TrackedTokenFell"


def test_an_address_without_code_is_a_token_to_nobody(desk: Desk) -> None:
    pair = desk.pool("uniswap_v2 USDC/WETH").address
    vault = to_address(desk.book.tokens["sDAI"])
    steps: dict[str, tuple[Step, str]] = {
        "tracked": (Track(NOWHERE, ()), "BalanceUnreadable"),
        "measured": (Measure(MeasureKind.BALANCE, NOWHERE), "BalanceUnreadable"),
        "paid": (
            V2Swap(pair, True, Payer.TRACKED, Recipient.ROUTER, V2Output.COMPUTED, 30, 5, token=NOWHERE),
            "TokenNotTracked",
        ),
        "deposited": (
            ERC4626Deposit(vault, Payer.TRACKED, Recipient.ROUTER, 5, NOWHERE),
            "TokenNotTracked",
        ),
        "sold to a peg module": (
            MakerPSMSwap(pair, 12, vault, Payer.TRACKED, Recipient.ROUTER, 5, NOWHERE),
            "TokenNotTracked",
        ),
        "bought of a peg module": (
            MakerPSMSwap(pair, 12, NOWHERE, Payer.SETTLEMENT, Recipient.ROUTER, 5),
            "BalanceUnreadable",
        ),
        "sold to a maker": (
            DodoV2Swap(pair, True, NOWHERE, Payer.TRACKED, Recipient.ROUTER, 5, NOWHERE),
            "TokenNotTracked",
        ),
        "bought of a maker": (
            DodoV2Swap(pair, True, NOWHERE, Payer.NONE, Recipient.ROUTER),
            "BalanceUnreadable",
        ),
    }
    with nothing_lost(desk, gas_of=[OWNER]):
        for name, (step, error) in steps.items():
            assert refused(desk, OPERATOR, plan_of(step)).name == error, name
        desk.send(OWNER, "setSettlementToken(address)", NOWHERE)
        assert refused(desk, OPERATOR, plan_of(settlement=4)).name == "BalanceUnreadable"
        desk.send(OWNER, "setSettlementToken(address)", ZERO)


def test_a_token_whose_code_vanishes_is_not_taken_for_paid(desk: Desk, market: Market) -> None:
    """A call of an address without code succeeds: the payment must not count."""
    plan = plan_of(*market.hops(through_router=True))
    code = desk.node.code(market.token)
    with nothing_lost(desk, tokens=[market.token]):
        desk.node.set_code(market.token, b"")
        with pytest.raises(Reverted):
            desk.simulate(plan)
        refused(desk, OPERATOR, plan)
        desk.node.set_code(market.token, code)
