"""A33: a wei that rounding leaves between chained hops, and accounts that are left open in an unlock.

Chained exact outputs must meet to the wei; what a singleton keeps on account must be even when it locks; and
somebody who gets a turn while it is unlocked may take, pay or leave open what he likes, on its books.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from devnet import abi
from devnet.node import ETHER
from executor.domain.errors import MathsError
from executor.domain.route import Funding
from executor.plan.format import Payer, Recipient, V2Output
from executor.plan.steps import (
    BalancerV3Settle,
    BalancerV3Unlock,
    V2Swap,
    V3Swap,
    V4Settle,
    V4Take,
    V4Unlock,
)
from tests.attacks.scene import THIEF, nothing_lost, refused, sent
from tests.attacks.steps import V2_POOL, balancer_v3_unlock, pool, turn_of, v3_swap, v4_swap, v4_unlock
from tests.attacks.thieves import Act, accomplice
from tests.attacks.trades import earning_route, plan_for
from tests.contracts.schemes import plan_of
from tests.contracts.test_execution import ROUTES, open_gap, sized
from tests.contracts.venues.hops import gift, token
from tests.support.routers import OPERATOR, Desk, Reverted

AMOUNT = 3 * ETHER
AWKWARD = (1, 2, 3, 7, 997, 10**6 + 3, 10**12 + 39, 10**15 + 37, 10**18 + 9, 2**62 - 57)


@pytest.mark.parametrize("shape", ["v3_v3", "v2_v3_v2_v3", "v3_v2_v3_v2"])
def test_chained_hops_meet_to_the_wei_or_the_plan_is_undone(desk: Desk, shape: str) -> None:
    """Each amount is what rounding is least kind to; each pool asks for what the one before it gives."""
    route = desk.route("WETH", *ROUTES[shape])
    open_gap(desk, route)
    came_through = 0
    with nothing_lost(desk):
        for amount in AWKWARD:
            try:
                found = sized(desk, route, amount, Funding.CALLBACK_CHAIN)
                plan = plan_for(found, minimum=0)
                assert desk.simulate(plan) >= 0
            except (Reverted, MathsError):
                continue
            came_through += 1
            with desk.node.isolated():
                sent(desk, OPERATOR, plan)
    assert came_through >= 4


def pair_inside_a_v3_pool(desk: Desk, dollars: int, change: int) -> V3Swap:
    """The V3 pool sells WETH for dollars that a pair sends it, one more or less than it is owed."""
    pair = pool(desk, V2_POOL)
    reserves = desk.node.call(pair, abi.encode_call("getReserves()"))
    dollar_reserve, ether_reserve = (int.from_bytes(reserves[at : at + 32], "big") for at in (0, 32))
    just_enough = ether_reserve * dollars * 1000 // ((dollar_reserve - dollars) * 997) + 1
    payer, output = Payer.SETTLEMENT, V2Output.LITERAL
    sends = V2Swap(pair, False, payer, Recipient.CALLER, output, 0, just_enough, dollars + change)
    buys = v3_swap(desk, dollars, sends)
    return replace(buys, zero_for_one=True, payer=Payer.NONE)


@pytest.mark.parametrize("change", [-1, 0, 1])
def test_a_hop_that_is_a_wei_off_what_its_pool_is_owed_undoes_the_plan(desk: Desk, change: int) -> None:
    earning_route(desk, "v2_v3")
    plan = plan_of(pair_inside_a_v3_pool(desk, 9_000 * 10**6, change))
    with nothing_lost(desk):
        if change == 0:
            sent(desk, OPERATOR, plan)
        else:
            message = "IIA" if change < 0 else "UniswapV2: K"
            assert refused(desk, OPERATOR, plan).args == {"message": message}


@pytest.mark.parametrize("change", [-1, 1])
def test_a_wei_left_open_on_account_undoes_the_plan(desk: Desk, change: int) -> None:
    usdc = token(desk, "USDC")
    taken = V4Take(usdc, Recipient.ROUTER)
    uneven_payment = V4Unlock((v4_swap(desk, AMOUNT), taken, V4Settle(Payer.SETTLEMENT, AMOUNT + change)))
    swap, send, settle = balancer_v3_unlock(desk, AMOUNT).continuation
    assert isinstance(settle, BalancerV3Settle)
    uneven = BalancerV3Unlock((swap, send, replace(settle, amount=AMOUNT + change)))
    with nothing_lost(desk):
        assert refused(desk, OPERATOR, plan_of(uneven_payment)).name == "CurrencyNotSettled"
        assert refused(desk, OPERATOR, plan_of(uneven)).name == "BalanceNotSettled"


def output_of(desk: Desk, unlock: V4Unlock | BalancerV3Unlock) -> int:
    """What the swap that an unlock begins with gives, as a rehearsal tells."""
    opcode = unlock.continuation[0].encode()[0]
    told = desk.rehearse(plan_of(gift(desk, token(desk, "WETH"), AMOUNT), unlock))
    return next(hop.output for hop in told.hops if hop.opcode == opcode)


def deeds_at_the_manager(desk: Desk) -> dict[str, list[Act]]:
    """What somebody can do on the manager's books while the router has it unlocked."""
    manager, weth = desk.book.contracts["uniswap_v4_pool_manager"], desk.book.tokens["WETH"]
    take = abi.encode_call("take(address,address,uint256)", weth, THIEF, ETHER)
    mint = abi.encode_call("mint(address,uint256,uint256)", THIEF, int(weth, 16), ETHER)
    for_router = abi.encode_call("settleFor(address)", desk.router)
    clear = abi.encode_call("clear(address,uint256)", weth, 1)
    sync = abi.encode_call("sync(address)", weth)
    return {
        "takes on his own account": [Act(manager, take)],
        "mints a claim on his own account": [Act(manager, mint)],
        "pays onto the router's account": [
            Act(manager, sync),
            Act(weth, abi.encode_call("transfer(address,uint256)", manager, 5)),
            Act(manager, for_router),
        ],
        "clears a credit": [Act(manager, clear)],
        "takes the router's credit": [Act(manager, take_usdc(desk))],
    }


def take_usdc(desk: Desk) -> bytes:
    return abi.encode_call("take(address,address,uint256)", desk.book.tokens["USDC"], THIEF, 10**6)


OPENING = (
    "takes on his own account",
    "mints a claim on his own account",
    "pays onto the router's account",
    "takes the router's credit",
)
DEEDS = (*OPENING, "clears a credit")


@pytest.mark.parametrize("deed", DEEDS)
def test_a_turn_in_the_middle_of_an_unlock_gets_nothing_off_the_routers_account(
    desk: Desk, deed: str
) -> None:
    """Between the swap, which leaves the router a credit, and the take."""
    acts = deeds_at_the_manager(desk)[deed]
    thief = accomplice(desk, *acts)
    desk.node.set_erc20_balance(desk.book.tokens["WETH"], thief, ETHER)
    honest = v4_unlock(desk, AMOUNT)
    swap, take, pay = honest.continuation
    plan = plan_of(V4Unlock((swap, turn_of(thief, output_of(desk, honest)), take, pay)))
    with nothing_lost(desk, thief):
        reason = refused(desk, OPERATOR, plan)
    # Where the deed came through the books are not even; where the manager refused it, they are, and this
    # sale for dollars stops at the profit rule.
    opened = deed in OPENING
    assert reason.name == ("CurrencyNotSettled" if opened else "ProfitBelowMinimum")


def test_what_was_paid_onto_the_vaults_books_can_be_claimed_by_another_but_not_kept(desk: Desk) -> None:
    """The Vault's accounts are by token and not by caller. The books are even; the profit rule is not."""
    vault, weth = desk.book.contracts["balancer_v3_vault"], desk.book.tokens["WETH"]
    claim = abi.encode_call("sendTo(address,address,uint256)", weth, THIEF, AMOUNT)
    thief = accomplice(desk, Act(vault, claim, must=True))
    pays = BalancerV3Settle(Payer.SETTLEMENT, AMOUNT)
    with nothing_lost(desk, thief):
        reason = refused(desk, OPERATOR, plan_of(BalancerV3Unlock((pays, turn_of(thief, 0)))))
        assert reason.name == "ProfitBelowMinimum"
        # Nor when the payment was for a swap that is still to come.
        swap, send, settle = balancer_v3_unlock(desk, AMOUNT).continuation
        plan = plan_of(BalancerV3Unlock((settle, turn_of(thief, 0), swap, send)))
        assert refused(desk, OPERATOR, plan).name == "BalanceNotSettled"


def test_a_credit_that_another_takes_makes_the_routers_own_take_a_debt(desk: Desk) -> None:
    vault, usdc = desk.book.contracts["balancer_v3_vault"], desk.book.tokens["USDC"]
    claim = abi.encode_call("sendTo(address,address,uint256)", usdc, THIEF, 10**6)
    thief = accomplice(desk, Act(vault, claim, must=True))
    honest = balancer_v3_unlock(desk, AMOUNT)
    swap, send, settle = honest.continuation
    turn = turn_of(thief, output_of(desk, honest))
    with nothing_lost(desk, thief):
        plan = plan_of(BalancerV3Unlock((swap, turn, send, settle)))
        assert refused(desk, OPERATOR, plan).name == "BalanceNotSettled"
