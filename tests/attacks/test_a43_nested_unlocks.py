"""A43: the router's call arrives while somebody else holds the lock of a singleton.

Uniswap V4's manager can be unlocked once, and keeps its accounts by caller; Balancer V3's Vault once more,
and keeps them by token. The thief unlocks, has an operator run a plan inside, and settles as he likes.
"""

from __future__ import annotations

import pytest

from devnet import abi
from devnet.node import ETHER
from executor.plan.format import Payer, Recipient
from executor.plan.steps import BalancerV3Send, BalancerV3Settle, BalancerV3Unlock, V4Settle, V4Take, V4Unlock
from tests.attacks.keepers import keeper, triggers
from tests.attacks.scene import THIEF, nothing_lost, refused, sent
from tests.attacks.steps import balancer_v3_unlock, turn_of, v4_swap, v4_unlock
from tests.attacks.thieves import Act, accomplice, act_through, turns
from tests.contracts.lenders.loans import SOURCES
from tests.contracts.lenders.loans import place as place_odd
from tests.contracts.schemes import plan_of
from tests.contracts.venues.hops import gift, token
from tests.support.routers import OPERATOR, OWNER, STRANGER, Desk

AMOUNT = 3 * ETHER
LOAN = 20 * ETHER
EMPTY_BYTES = abi.encode("(bytes)", b"")


@pytest.mark.parametrize("name", ["uniswap_v4", "balancer_v3"])
def test_a_plan_of_an_operator_who_holds_the_lock_loses_nothing(desk: Desk, name: str) -> None:
    """Uniswap's lock is taken then, Balancer's opens once more."""
    holder = place_odd(desk, "LockHolder")
    desk.send(OWNER, "allowOperator(address,bool)", holder, True)
    source, before = SOURCES[name], desk.balance("WETH")
    loan = plan_of(source.loan(desk, "WETH", LOAN, gift(desk, token(desk, "WETH"), ETHER)), minimum=ETHER)
    signature = "runInside(address,address,bytes,bool)"
    call = abi.encode_call(signature, source.address(desk), desk.router, loan, name == "balancer_v3")
    with nothing_lost(desk):
        if name == "uniswap_v4":
            assert refused(desk, STRANGER, call, to=holder).name == "AlreadyUnlocked"
        else:
            sent(desk, STRANGER, call, to=holder)
            assert desk.balance("WETH") == before + ETHER


def inside_v4(desk: Desk, *acts: Act) -> tuple[str, bytes]:
    """The thief unlocks the manager and acts."""
    manager = desk.book.contracts["uniswap_v4_pool_manager"]
    thief = accomplice(desk, *acts, answer=EMPTY_BYTES)
    desk.node.set_erc20_balance(desk.book.tokens["WETH"], thief, 10 * ETHER)
    return act_through(thief, manager, abi.encode_call("unlock(bytes)", b""))


def inside_v3(desk: Desk, *acts: Act) -> tuple[str, bytes]:
    """The thief unlocks the Vault, which calls him with the bytes that he gives it, and acts."""
    vault = desk.book.contracts["balancer_v3_vault"]
    thief = accomplice(desk, *acts)
    for symbol in ("WETH", "USDC"):
        desk.node.set_erc20_balance(desk.book.tokens[symbol], thief, 10**22)
    return act_through(thief, vault, abi.encode_call("unlock(bytes)", b"\x01\x02\x03\x04"))


def test_inside_the_thiefs_unlock_of_the_manager_no_plan_unlocks_and_the_router_loses_nothing(
    desk: Desk,
) -> None:
    by = keeper(desk)
    plans = (
        plan_of(v4_unlock(desk, AMOUNT)),
        plan_of(SOURCES["uniswap_v4"].loan(desk, "WETH", LOAN, gift(desk, token(desk, "WETH"), ETHER))),
        plan_of(V4Unlock(())),
    )
    with nothing_lost(desk):
        to, data = inside_v4(desk, *(triggers(desk, by, plan) for plan in plans))
        sent(desk, THIEF, data, to=to)
        # He had his turn, and no plan came through in it.
        assert turns(desk, to) == (1, 0)


@pytest.mark.parametrize("taken", ["a debt", "a credit", "a payment"])
def test_steps_on_account_inside_the_thiefs_unlock_leave_him_nothing(desk: Desk, taken: str) -> None:
    """A swap, a take or a payment without an unlock of the router's own: its account is its own there, and
    what it leaves open closes the thief's lock in his face.
    """
    by, usdc, weth = keeper(desk), token(desk, "USDC"), desk.book.tokens["WETH"]
    manager = desk.book.contracts["uniswap_v4_pool_manager"]
    steps = {
        "a debt": (v4_swap(desk, AMOUNT), V4Take(usdc, Recipient.ROUTER)),
        "a credit": (v4_swap(desk, AMOUNT),),
        "a payment": (V4Settle(Payer.SETTLEMENT, AMOUNT),),
    }[taken]
    grab = abi.encode_call("take(address,address,uint256)", weth, THIEF, AMOUNT)
    with nothing_lost(desk):
        to, data = inside_v4(desk, triggers(desk, by, plan_of(*steps)), Act(manager, grab))
        assert refused(desk, THIEF, data, to=to).name == "CurrencyNotSettled"


def test_inside_the_thiefs_unlock_of_the_vault_an_honest_plan_earns_what_it_was_promised(desk: Desk) -> None:
    by, before = keeper(desk), desk.balance("WETH")
    present = gift(desk, token(desk, "WETH"), ETHER)
    plan = plan_of(SOURCES["balancer_v3"].loan(desk, "WETH", LOAN, present), minimum=ETHER)
    with nothing_lost(desk):
        to, data = inside_v3(desk, triggers(desk, by, plan, must=True))
        sent(desk, THIEF, data, to=to)
    assert desk.balance("WETH") == before + ETHER


def test_what_a_plan_leaves_on_the_vaults_books_inside_the_thiefs_unlock_it_must_have_earned(
    desk: Desk,
) -> None:
    """Its credit is anybody's there: a payment or a swap that is not taken out is a present to the thief,
    which the profit rule does not let the router make out of its inventory.
    """
    by, weth, usdc = keeper(desk), desk.book.tokens["WETH"], token(desk, "USDC")
    vault = desk.book.contracts["balancer_v3_vault"]
    swap, _, settle = balancer_v3_unlock(desk, AMOUNT).continuation
    plans = (
        plan_of(BalancerV3Settle(Payer.SETTLEMENT, AMOUNT)),
        plan_of(settle, swap),
        plan_of(settle, swap, BalancerV3Send(usdc, Recipient.ROUTER, 1)),
        plan_of(BalancerV3Unlock((settle,))),
    )
    grab = abi.encode_call("sendTo(address,address,uint256)", weth, THIEF, AMOUNT)
    for plan in plans:
        with nothing_lost(desk):
            # Nothing was paid in, so what he takes he owes: the Vault does not close over it.
            to, data = inside_v3(desk, triggers(desk, by, plan), Act(vault, grab))
            assert refused(desk, THIEF, data, to=to).name == "BalanceNotSettled"
            to, data = inside_v3(desk, triggers(desk, by, plan))
            sent(desk, THIEF, data, to=to)
            assert turns(desk, to) == (1, 0)


def test_what_a_plan_takes_off_the_books_inside_the_thiefs_unlock_he_owes(desk: Desk) -> None:
    """The other way round: the router takes, and the thief, whose lock it is, has to pay."""
    by, weth = keeper(desk), token(desk, "WETH")
    plan = plan_of(BalancerV3Send(weth, Recipient.ROUTER, AMOUNT), minimum=AMOUNT)
    with nothing_lost(desk):
        to, data = inside_v3(desk, triggers(desk, by, plan))
        assert refused(desk, THIEF, data, to=to).name == "BalanceNotSettled"
    vault, before = desk.book.contracts["balancer_v3_vault"], desk.balance("WETH")
    pays = abi.encode_call("transfer(address,uint256)", vault, AMOUNT)
    books = abi.encode_call("settle(address,uint256)", weth, AMOUNT)
    with nothing_lost(desk):
        to, data = inside_v3(desk, triggers(desk, by, plan), Act(weth, pays), Act(vault, books))
        sent(desk, THIEF, data, to=to)
    assert desk.balance("WETH") == before + AMOUNT


@pytest.mark.parametrize("singleton", ["uniswap_v4", "balancer_v3"])
def test_a_thief_who_unlocks_in_the_middle_of_the_routers_plan_reaches_none_of_its_callbacks(
    desk: Desk, singleton: str
) -> None:
    """He has the singleton call him, and would forward what it says to the router."""
    address = SOURCES[singleton].address(desk)
    forward = accomplice(desk, Act(desk.router, forwards=True), answer=EMPTY_BYTES)
    unlock = abi.encode_call(
        "act(address,bytes)", address, abi.encode_call("unlock(bytes)", b"\x01\x02\x03\x04")
    )
    thief = accomplice(desk, Act(forward, unlock))
    with nothing_lost(desk, thief, forward):
        sent(desk, OPERATOR, plan_of(turn_of(thief)))
        had, done = turns(desk, forward)
        assert (had, done) == (1, 0)
