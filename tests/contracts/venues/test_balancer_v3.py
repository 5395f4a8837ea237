"""Balancer V3 on account: what its router quotes is what ours gets; what is left open undoes all."""

from __future__ import annotations

from functools import lru_cache

import pytest

from devnet import abi
from devnet.artifacts import Artifact
from devnet.compiler import compile_files
from devnet.market import trade
from devnet.node import ETHER
from devnet.place import Placer
from executor.domain.address import Address, to_address
from executor.plan.format import Payer, Recipient, V2Output
from executor.plan.steps import (
    BalancerV3Send,
    BalancerV3Settle,
    BalancerV3Swap,
    BalancerV3Unlock,
    Step,
    Track,
    V2Swap,
)
from tests.contracts.venues.hops import RECEIVER, execute, gift, hand, held, plan, token
from tests.support.routers import STRANGER, ZERO, Desk, Reverted

WEIGHTED = "balancer_v3 USDC/WETH"
UNEVEN = "balancer_v3 DAI/WETH"
STABLE = "balancer_v3 DAI/USDC/USDT"
AMOUNTS = {"WETH": 3 * ETHER, "USDC": 5_000 * 10**6, "DAI": 7_000 * ETHER, "USDT": 900 * 10**6}
QUERY = "querySwapSingleTokenExactIn(address,address,address,uint256,address,bytes)"
TRADES = [
    (WEIGHTED, "WETH", "USDC"),
    (WEIGHTED, "USDC", "WETH"),
    (UNEVEN, "DAI", "WETH"),
    (STABLE, "DAI", "USDT"),
    (STABLE, "USDT", "USDC"),
]


@lru_cache(maxsize=1)
def _contracts() -> dict[str, Artifact]:
    return compile_files(["tests/contracts/solidity/OddLender.sol"])


def vault(desk: Desk) -> Address:
    """The Vault."""
    return to_address(desk.book.contracts["balancer_v3_vault"])


def swap(desk: Desk, pool: str, sold: str, bought: str, amount: int | None = None) -> BalancerV3Swap:
    """The hop."""
    address = to_address(desk.record(pool).address)
    return BalancerV3Swap(address, token(desk, sold), token(desk, bought), amount)


def send(desk: Desk, symbol: str, amount: int | None = None) -> BalancerV3Send:
    """To the router; what the last step gave unless an amount is named."""
    return BalancerV3Send(token(desk, symbol), Recipient.ROUTER, amount)


def pay(amount: int) -> BalancerV3Settle:
    """In the settlement token."""
    return BalancerV3Settle(Payer.SETTLEMENT, amount)


def quoted(desk: Desk, pool: str, sold: str, bought: str, amount: int) -> int:
    """What Balancer's own router says; it answers only to the zero address."""
    address, router = desk.record(pool).address, desk.book.contracts["balancer_v3_router"]
    assets = desk.book.tokens[sold], desk.book.tokens[bought]
    call = abi.encode_call(QUERY, address, *assets, amount, STRANGER, b"")
    return int.from_bytes(desk.node.call(router, call, from_=ZERO)[:32], "big")


def refused(desk: Desk, *steps: Step, settlement: str = "WETH") -> str:
    """The innermost reason for which the plan is undone."""
    with pytest.raises(Reverted) as error:
        desk.simulate(plan(*steps, settlement=settlement))
    return error.value.reason.name


@pytest.mark.parametrize(("pool", "sold", "bought"), TRADES)
def test_the_router_gets_what_balancers_router_quotes(desk: Desk, pool: str, sold: str, bought: str) -> None:
    amount, asset, wanted = AMOUNTS[sold], token(desk, sold), token(desk, bought)
    desk.node.set_erc20_balance(asset, desk.router, amount)
    expected = quoted(desk, pool, sold, bought, amount)
    before = held(desk, wanted)
    steps = BalancerV3Unlock((swap(desk, pool, sold, bought, amount), send(desk, bought), pay(amount)))
    execute(desk, steps, gift(desk, asset, amount), settlement=sold)
    assert held(desk, wanted) - before == expected > 0


def test_base_runs_the_same_steps(base_desk: Desk) -> None:
    pool, amount = "balancer_v3 WETH/USDC", AMOUNTS["WETH"]
    expected = quoted(base_desk, pool, "WETH", "USDC", amount)
    steps = (swap(base_desk, pool, "WETH", "USDC", amount), send(base_desk, "USDC"), pay(amount))
    execute(base_desk, BalancerV3Unlock(steps), gift(base_desk, token(base_desk, "WETH"), amount))
    assert held(base_desk, token(base_desk, "USDC")) == expected > 0


def test_hops_in_one_unlock_net_out(desk: Desk) -> None:
    """WETH for dollars of one kind for those of another: the first kind never moves."""
    amount, weth = AMOUNTS["WETH"], token(desk, "WETH")
    dollars = quoted(desk, WEIGHTED, "WETH", "USDC", amount)
    expected = quoted(desk, STABLE, "USDC", "DAI", dollars)
    steps = (
        swap(desk, WEIGHTED, "WETH", "USDC", amount),
        swap(desk, STABLE, "USDC", "DAI"),
        send(desk, "DAI"),
        pay(amount),
    )
    execute(desk, BalancerV3Unlock(steps), gift(desk, weth, amount))
    assert held(desk, token(desk, "DAI")) == expected > 0
    assert held(desk, token(desk, "USDC")) == 0


def test_a_trade_on_account_needs_no_money_of_its_own(desk: Desk) -> None:
    """Dollars go from the Vault straight to a pair, whose WETH pays the Vault."""
    weth, amount = token(desk, "WETH"), 10 * ETHER
    trade(desk.node, desk.record("sushi_v2 USDC/WETH"), desk.book.tokens["WETH"], 400 * ETHER)
    desk.node.set_erc20_balance(weth, desk.router, 0)
    pair = desk.pool("sushi_v2 USDC/WETH")
    home = V2Swap(
        pair.address,
        pair.zero_for_one(desk.token("USDC")),
        Payer.NONE,
        Recipient.ROUTER,
        V2Output.COMPUTED,
        fee_bps=30,
    )
    there = BalancerV3Send(token(desk, "USDC"), Recipient.NEXT_POOL)
    unlock = BalancerV3Unlock((swap(desk, WEIGHTED, "WETH", "USDC", amount), there, home, pay(amount)))
    dollars = quoted(desk, WEIGHTED, "WETH", "USDC", amount)
    reserves = desk.node.call(pair.address, abi.encode_call("getReserves()"))
    dollar_reserve, ether_reserve = (int.from_bytes(reserves[at : at + 32], "big") for at in (0, 32))
    back = dollars * 997 * ether_reserve // (dollar_reserve * 1000 + dollars * 997)
    assert back > amount
    desk.execute(plan(unlock, minimum=back - amount))
    assert held(desk, weth) == back - amount


@pytest.mark.parametrize("literal", [True, False])
def test_what_is_sent_goes_to_whom_the_step_names(desk: Desk, literal: bool) -> None:
    amount = AMOUNTS["WETH"]
    expected = quoted(desk, WEIGHTED, "WETH", "USDC", amount)
    given = expected if literal else None
    sent = BalancerV3Send(token(desk, "USDC"), Recipient.EXPLICIT, given, RECEIVER)
    steps = BalancerV3Unlock((swap(desk, WEIGHTED, "WETH", "USDC", amount), pay(amount), sent))
    execute(desk, steps, gift(desk, token(desk, "WETH"), amount))
    assert held(desk, token(desk, "USDC"), RECEIVER) == expected


def test_an_unlock_inside_an_unlock_shares_its_account(desk: Desk) -> None:
    """Balancer opens its lock more than once: what the inner one leaves open the outer one settles."""
    amount = AMOUNTS["WETH"]
    expected = quoted(desk, WEIGHTED, "WETH", "USDC", amount)
    inner = BalancerV3Unlock((swap(desk, WEIGHTED, "WETH", "USDC", amount), send(desk, "USDC")))
    execute(desk, BalancerV3Unlock((inner, pay(amount))), gift(desk, token(desk, "WETH"), amount))
    assert held(desk, token(desk, "USDC")) == expected


def test_a_debt_or_a_credit_left_open_undoes_all(desk: Desk) -> None:
    amount = AMOUNTS["WETH"]
    hop = swap(desk, WEIGHTED, "WETH", "USDC", amount)
    assert refused(desk, BalancerV3Unlock((hop, send(desk, "USDC")))) == "BalanceNotSettled"
    short = (hop, send(desk, "USDC"), pay(amount - 1))
    assert refused(desk, BalancerV3Unlock(short)) == "BalanceNotSettled"
    left = (hop, send(desk, "USDC", 5), pay(amount))
    assert refused(desk, BalancerV3Unlock(left)) == "BalanceNotSettled"


def test_steps_outside_an_unlock_find_the_vault_locked(desk: Desk) -> None:
    hop = swap(desk, WEIGHTED, "WETH", "USDC", ETHER)
    assert refused(desk, hop) == "VaultIsNotUnlocked"
    assert refused(desk, send(desk, "WETH", 1)) == "VaultIsNotUnlocked"
    assert refused(desk, pay(1)) == "VaultIsNotUnlocked"


def test_only_the_settlement_token_and_tracked_tokens_pay(desk: Desk) -> None:
    usdc = token(desk, "USDC")
    hand(desk, usdc, desk.router, 10**9)
    step = BalancerV3Unlock((BalancerV3Settle(Payer.TRACKED, 10**9, usdc),))
    assert refused(desk, step) == "TokenNotTracked"


def test_a_tracked_token_that_pays_must_come_back(desk: Desk) -> None:
    usdc, amount = token(desk, "USDC"), AMOUNTS["USDC"]
    hand(desk, usdc, desk.router, amount)
    hop = swap(desk, WEIGHTED, "USDC", "WETH", amount)
    unlock = BalancerV3Unlock((hop, send(desk, "WETH"), BalancerV3Settle(Payer.TRACKED, amount, usdc)))
    assert refused(desk, Track(usdc, (unlock,))) == "TrackedTokenFell"
    execute(desk, Track(usdc, (unlock, gift(desk, usdc, amount))))


def test_a_payment_that_somebody_else_claims_undoes_all(desk: Desk) -> None:
    """The Vault's accounts are by token, not by caller: a token whose friend acts in mid-transfer takes the
    credit.
    """
    gossip = to_address(Placer(desk.node).deploy(_contracts()["GossipingToken"]))
    desk.node.send(STRANGER, gossip, abi.encode_call("give(address,uint256)", desk.router, 10**18))
    step = Track(gossip, (BalancerV3Unlock((BalancerV3Settle(Payer.TRACKED, 10**18, gossip),)),))
    assert refused(desk, step) == "BalanceNotSettled"
    desk.node.send(STRANGER, gossip, abi.encode_call("watch(address)", vault(desk)))
    assert refused(desk, step) == "PaymentNotCredited"
    assert held(desk, gossip) == 10**18
