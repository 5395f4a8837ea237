"""Maker's peg stability modules: the receiver gets what the module gives anybody, and the router pays no more
than that costs.

The modules are written from Maker's published interface and rules: no package holds the bytecode.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from devnet import abi
from executor.domain.address import Address, to_address
from executor.plan.format import Payer, Recipient
from executor.plan.reverts import DecodedError, Meaning, decode_revert
from executor.plan.steps import MakerPSMSwap, Step
from executor.venues import maker_psm
from executor.venues.maker_psm import MakerPSMState
from executor.venues.maker_psm_state import HALTED
from tests.contracts.venues.hops import (
    RECEIVER,
    Conduct,
    allowance,
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
from tests.support import peg_modules
from tests.support.answers import read_from
from tests.support.peg_modules import Module
from tests.support.routers import STRANGER, Desk, Reverted

CASH, GEMS = 5_000_000 * 10**18, 4_000_000 * 10**6
FEES = [(0, 0), (10**15, 3 * 10**15 + 7), (333_333_333_333_333, 10**18)]


@pytest.fixture(params=["LitePSM", "wrapper"])
def module(request: pytest.FixtureRequest, desk: Desk) -> Module:
    """A module of either kind, of USDC, with money in till and pocket."""
    return opened(desk, wrapped=request.param == "wrapper")


def opened(desk: Desk, *, wrapped: bool = False, gem: Address | None = None) -> Module:
    """A LitePSM of DAI and USDC or another gem, or the wrapper of one, with money in till and pocket."""
    module = peg_modules.place(desk.node, token(desk, "DAI"), gem or token(desk, "USDC"))
    hand(desk, module.dai, module.till, CASH)
    hand(desk, module.gem, module.pocket, GEMS)
    if not wrapped:
        return module
    wrapper = peg_modules.wrap(desk.node, module)
    hand(desk, module.dai, wrapper.address, CASH)
    return wrapper


def state_of(desk: Desk, module: Module, tin: int = 0, tout: int = 0) -> MakerPSMState:
    """The module at these fees, as the executor reads it."""
    peg_modules.charge(desk.node, module, tin, tout)
    return read_from(desk.node, maker_psm.read(module.pool))


def sell(module: Module, amount: int | None) -> MakerPSMSwap:
    """The gem, paid as a tracked token, to the router."""
    payer, to = Payer.TRACKED, Recipient.ROUTER
    return MakerPSMSwap(module.address, module.coarser, module.dai, payer, to, amount, module.gem)


def buy(module: Module, amount: int | None) -> MakerPSMSwap:
    """The gem for the other token, paid as a tracked token, to the router."""
    payer, to = Payer.TRACKED, Recipient.ROUTER
    return MakerPSMSwap(module.address, module.coarser, module.gem, payer, to, amount, module.dai, buy=True)


@pytest.mark.parametrize(("tin", "tout"), FEES)
def test_gem_is_sold_for_what_the_maths_say(desk: Desk, module: Module, tin: int, tout: int) -> None:
    amount, before = 98_765_432_109, held(desk, module.dai)
    hand(desk, module.gem, desk.router, amount)
    expected = maker_psm.amount_out(state_of(desk, module, tin, tout), not module.buying, amount)

    execute(desk, tracking(module.gem, sell(module, amount), gift(desk, module.gem, amount)))

    assert held(desk, module.dai) - before == expected > 0
    assert held(desk, module.gem) == amount
    assert allowance(desk, module.gem, module.address) == 0


@pytest.mark.parametrize(("tin", "tout"), FEES)
@pytest.mark.parametrize("amount", [98_765 * 10**18 + 432_109_876, 10**12 - 1, 10**12, 2 * 10**12 - 1, 1])
def test_as_much_gem_is_bought_as_the_amount_pays_for_and_no_more_is_spent(
    desk: Desk, module: Module, tin: int, tout: int, amount: int
) -> None:
    before = held(desk, module.gem)
    hand(desk, module.dai, desk.router, amount)
    state = state_of(desk, module, tin, tout)
    expected = maker_psm.amount_out(state, module.buying, amount)
    cost = maker_psm.amount_in(state, module.buying, expected) if expected else 0

    execute(desk, tracking(module.dai, buy(module, amount), gift(desk, module.dai, cost)))

    assert held(desk, module.gem) - before == expected
    # The present made up for what was spent: to the wei.
    assert held(desk, module.dai) == amount
    assert cost <= amount < maker_psm.amount_in(state, module.buying, expected + 1)
    assert allowance(desk, module.dai, module.address) == 0


def test_the_settlement_token_pays_and_the_receiver_gets_what_comes_out(desk: Desk) -> None:
    module, dai, usdc = opened(desk), token(desk, "DAI"), token(desk, "USDC")
    hand(desk, dai, desk.router, 10**21)
    hand(desk, usdc, desk.router, 10**9)
    payer, to = Payer.SETTLEMENT, Recipient.EXPLICIT
    bought = MakerPSMSwap(module.address, 12, usdc, payer, to, 10**21, to=RECEIVER, buy=True)
    execute(desk, bought, gift(desk, dai, 10**21), settlement="DAI")
    assert held(desk, usdc, RECEIVER) == 10**9
    sold = MakerPSMSwap(module.address, 12, dai, payer, to, 10**9, to=RECEIVER)
    execute(desk, sold, gift(desk, usdc, 10**9), settlement="USDC")
    assert held(desk, dai, RECEIVER) == 10**21


def test_there_and_back_hands_each_steps_output_to_the_next(desk: Desk, module: Module) -> None:
    amount = 12_345 * 10**18 + 678
    hand(desk, module.dai, desk.router, amount)
    state = state_of(desk, module, 10**15, 2 * 10**15)
    there = maker_psm.amount_out(state, module.buying, amount)
    cost = maker_psm.amount_in(state, module.buying, there)
    back = maker_psm.amount_out(maker_psm.after(state, module.buying, amount), not module.buying, there)
    sink, given = pay_last(desk, module.dai), gift(desk, module.dai, cost)
    steps = (given, tracking(module.gem, buy(module, amount), sell(module, None)), sink)
    execute(desk, tracking(module.dai, *steps))
    assert held(desk, module.dai, sink.pool) == back < cost
    assert held(desk, module.dai) == amount


def test_what_the_last_step_gave_buys_gem(desk: Desk) -> None:
    module, dai, usdc = opened(desk), token(desk, "DAI"), token(desk, "USDC")
    sink = pay_last(desk, usdc)
    steps = (gift(desk, dai, 7 * 10**18 + 5), buy(module, None))
    execute(desk, tracking(usdc, tracking(dai, *steps), sink))
    assert held(desk, usdc, sink.pool) == 7 * 10**6
    assert held(desk, dai) == 5


@pytest.mark.parametrize("decimals", [0, 18])
@pytest.mark.parametrize("answer", [0, 1], ids=["true", "nothing"])
def test_gem_of_any_habit_goes_in_and_comes_out(desk: Desk, decimals: int, answer: int) -> None:
    gem = place(desk, "QuirkyToken", "(uint8)", decimals)
    module = opened(desk, gem=gem)
    quirks(desk, gem, answer=answer, zero_first=True)
    hand(desk, gem, desk.router, 1_000)
    dai = held(desk, module.dai)
    execute(desk, tracking(gem, sell(module, 1_000), gift(desk, gem, 1_000)))
    paid = 1_000 * 10 ** (18 - decimals)
    assert held(desk, module.dai) - dai == paid
    execute(desk, tracking(module.dai, buy(module, paid), gift(desk, module.dai, paid)))
    assert held(desk, gem) == 2_000
    assert allowance(desk, gem, module.address) == allowance(desk, module.dai, module.address) == 0


def test_what_a_taxed_gem_left_is_what_the_next_step_gets(desk: Desk) -> None:
    gem = place(desk, "QuirkyToken", "(uint8)", 6)
    module = opened(desk, gem=gem)
    quirks(desk, gem, fee_bps=100)
    hand(desk, module.dai, desk.router, 10**21)
    sink = pay_last(desk, gem)
    bought = tracking(module.dai, gift(desk, module.dai, 10**21), buy(module, 10**21))
    execute(desk, tracking(gem, bought, sink))
    # Of a thousand 1 % was kept on the way out of the pocket, and 1 % of the rest on the way on.
    assert held(desk, gem, sink.pool) == 990 * 99 * 10**4
    assert held(desk, gem) == 0


HALTS = {
    "sold": ((HALTED, 0), "maker_psm_selling_halted"),
    "bought": ((0, HALTED), "buying_halted"),
}


@pytest.mark.parametrize("name", HALTS)
def test_a_direction_that_is_halted_says_so(desk: Desk, module: Module, name: str) -> None:
    fees, expected = HALTS[name]
    state_of(desk, module, *fees)
    hop, paid = (sell(module, 10**6), module.gem) if name == "sold" else (buy(module, 10**6), module.dai)
    hand(desk, paid, desk.router, 10**6)
    reason = refused(desk, tracking(paid, hop))
    assert (reason.code, reason.meaning) == (expected, Meaning.PAUSED)


def refused(desk: Desk, step: Step) -> DecodedError:
    """Why a plan of this step reverts."""
    calldata = plan(step)
    with pytest.raises(Reverted) as found:
        desk.simulate(calldata)
    return decode_revert(found.value.data, calldata)


@pytest.mark.parametrize("bought", [True, False])
def test_a_module_that_holds_too_little_says_so(desk: Desk, bought: bool) -> None:
    gem, dai = (peg_modules.dollar(desk.node, decimals) for decimals in (6, 18))
    module = peg_modules.place(desk.node, dai, gem)
    hop, paid = (buy(module, 10**12), dai) if bought else (sell(module, 1), gem)
    hand(desk, paid, desk.router, 10**12)
    reason = refused(desk, tracking(paid, hop))
    assert (reason.code, reason.meaning) == ("maker_psm_reserve_too_low", Meaning.NO_LIQUIDITY)
    assert reason.through == (module.address,)


def test_a_module_without_an_allowance_from_its_pocket_sells_nothing(desk: Desk) -> None:
    module, nothing = opened(desk), abi.encode_call("allow(address,address,uint256)", *(STRANGER,) * 2, 0)
    data = nothing[:4] + abi.encode("(address,address,uint256)", module.gem, module.address, 10**6)
    desk.node.send(STRANGER, module.pocket, data)
    state = state_of(desk, module)
    hand(desk, module.dai, desk.router, 10**24)
    assert (state.allowed, maker_psm.stretch(state, module.buying, 0).end) == (10**6, 10**18 + 10**12 - 1)
    reason = refused(desk, tracking(module.dai, buy(module, 10**18 + 10**12)))
    assert reason.code == "token_allowance_too_low"
    execute(desk, tracking(module.dai, buy(module, 10**18 + 10**12 - 1), gift(desk, module.dai, 10**18)))


def test_what_tells_no_fee_is_no_module(desk: Desk) -> None:
    dai, usdc = token(desk, "DAI"), token(desk, "USDC")
    hand(desk, dai, desk.router, 10**18)
    someone, weth = to_address("0x" + "de" * 20), token(desk, "WETH")
    hop = MakerPSMSwap(someone, 12, usdc, Payer.TRACKED, Recipient.ROUTER, 10**18, dai, buy=True)
    reason = refused(desk, tracking(dai, hop))
    assert (reason.name, reason.args["psm"]) == ("NoFee", someone.lower())
    for address in (dai, weth):
        assert refused(desk, tracking(dai, replace(hop, pool=address))).through == (address,)


@pytest.mark.parametrize("coarser", [60, 78, 255])
def test_a_price_that_is_no_number_any_more_fails_the_plan(desk: Desk, coarser: int) -> None:
    module = opened(desk)
    hand(desk, module.dai, desk.router, 10**18)
    hop = tracking(module.dai, replace(buy(module, 10**18), coarser=coarser))
    assert refused(desk, hop).name == "Panic"


@pytest.mark.parametrize("coarser", [11, 13])
def test_a_step_that_is_wrong_about_the_gem_costs_nothing(desk: Desk, coarser: int) -> None:
    """The module asks for more than was allowed, or leaves some of the allowance."""
    module = opened(desk)
    hand(desk, module.dai, desk.router, 10**21)
    reason = refused(desk, tracking(module.dai, replace(buy(module, 10**20), coarser=coarser)))
    assert reason.name == ("ERC20InsufficientAllowance" if coarser == 11 else "AllowanceLeft")


@pytest.mark.parametrize(
    ("says", "pulls", "name"), [(10**18, 10**6, "ERC20InsufficientAllowance"), (0, 10, "AllowanceLeft")]
)
def test_a_module_that_takes_another_fee_than_it_says_fails_the_plan(
    desk: Desk, says: int, pulls: int, name: str
) -> None:
    """At a fee of the whole, half as much is bought and allowed for."""
    dai, usdc = token(desk, "DAI"), token(desk, "USDC")
    hand(desk, dai, desk.router, 2 * 10**6)
    venue = odd_venue(desk, Conduct(dai, pulls + 1, usdc, says=says))
    hop = MakerPSMSwap(venue, 0, usdc, Payer.TRACKED, Recipient.ROUTER, 10**6, dai, buy=True)
    assert refused(desk, tracking(dai, hop)).name == name
