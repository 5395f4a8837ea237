"""Whatever the amount: what the executor is quoted by a pool is what the router gets of it, to the wei."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from devnet.node import Node
from executor.domain.address import to_address
from executor.domain.call import Reading
from executor.domain.errors import MathsError
from executor.plan.format import Payer, Recipient
from executor.plan.steps import (
    BalancerV2Swap,
    CurveExchange,
    ERC4626Deposit,
    ERC4626Redeem,
    MakerPSMSwap,
    SolidlySwap,
    Step,
)
from executor.venues import balancer_v2, curve_pools, dodo_v2, erc4626, maker_psm, solidly
from tests.contracts.venues.hops import execute, gift, hand, held, token, tracking
from tests.support import dodo_pools, peg_modules
from tests.support.answers import read_from
from tests.support.routers import Desk, Reverted

random_amounts = settings(
    max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
# From one smallest unit to some hundred thousand dollars.
MOST = {"WETH": 10**20, "USDC": 10**11, "DAI": 10**23, "USDT": 10**11, "WBTC": 10**9, "sDAI": 10**23}


@dataclass(frozen=True)
class Hop:
    """What goes in and comes out, how the pool is asked, and the step.

    `slack`: by how much less than quoted it may give; `gives_nothing`: whether it trades for no output.
    """

    sold: str
    bought: str
    ask: Callable[[Node, int], Reading[int]]
    step: Callable[[int], Step]
    slack: int = 0
    gives_nothing: bool = True


def curve(desk: Desk, pool: str, sold: str, bought: str) -> Hop:
    """An exchange at a Curve pool."""
    record, (coin_in, coin_out) = desk.record(pool), (token(desk, sold), token(desk, bought))
    address = to_address(record.address)
    found = read_from(desk.node, curve_pools.details(address))

    def step(amount: int) -> Step:
        return CurveExchange(
            address,
            found.index(coin_in),
            found.index(coin_out),
            coin_out,
            Payer.TRACKED,
            Recipient.ROUTER,
            amount,
            coin_in,
            uint256_indexes=found.uint256_indexes,
        )

    oldest = record.venue in ("curve_stable", "curve_stable_uint")
    return Hop(
        sold,
        bought,
        lambda node, amount: curve_pools.quote(address, found, coin_in, coin_out, amount),
        step,
        slack=int(oldest),
    )


def balancer(desk: Desk, pool: str, sold: str, bought: str) -> Hop:
    """A swap at the Balancer V2 Vault."""
    address, (token_in, token_out) = (
        to_address(desk.record(pool).address),
        (token(desk, sold), token(desk, bought)),
    )
    found = read_from(desk.node, balancer_v2.details(address))

    def step(amount: int) -> Step:
        payer, to = Payer.TRACKED, Recipient.ROUTER
        return BalancerV2Swap(address, found.pool_id_tail, token_out, payer, to, amount, token_in)

    return Hop(
        sold,
        bought,
        lambda node, amount: balancer_v2.quote(address, found, token_in, token_out, amount),
        step,
    )


def vault(desk: Desk, sold: str, bought: str) -> Hop:
    """A deposit into the vault of DAI, or a redemption."""
    shares, dai = token(desk, "sDAI"), token(desk, "DAI")
    found = read_from(desk.node, erc4626.details(shares))

    def step(amount: int) -> Step:
        if sold == "DAI":
            return ERC4626Deposit(shares, Payer.TRACKED, Recipient.ROUTER, amount, dai)
        return ERC4626Redeem(shares, dai, Recipient.ROUTER, amount)

    return Hop(
        sold, bought, lambda node, amount: erc4626.quote(shares, found, token(desk, sold), amount), step
    )


def peg_module(desk: Desk, sold: str, bought: str) -> Hop:
    """A trade at a peg stability module with a fee that can pay half of the amounts that are tried."""
    dai, usdc = token(desk, "DAI"), token(desk, "USDC")
    module = peg_modules.place(desk.node, dai, usdc)
    hand(desk, dai, module.till, MOST["DAI"] // 2)
    hand(desk, usdc, module.pocket, MOST["USDC"] // 2)
    peg_modules.charge(desk.node, module, 10**15 + 1, 10**16 + 3)
    token_in, token_out = token(desk, sold), token(desk, bought)

    def step(amount: int) -> Step:
        payer, to, buy = Payer.TRACKED, Recipient.ROUTER, bought == "USDC"
        return MakerPSMSwap(module.address, 12, token_out, payer, to, amount, token_in, buy=buy)

    def ask(node: Node, amount: int) -> Reading[int]:
        state = yield from maker_psm.read(module.pool)
        return maker_psm.amount_out(state, module.buying is (bought == "USDC"), amount)

    return Hop(sold, bought, ask, step)


def dodo(desk: Desk, sold: str, bought: str) -> Hop:
    """A sale to a pool of DODO."""
    placed, asset = dodo_pools.ether_dollars(desk.node, desk.book), token(desk, sold)
    details = read_from(desk.node, dodo_v2.details(placed.address))
    return Hop(
        sold,
        bought,
        lambda node, amount: dodo_v2.quote(placed.address, details, asset, amount),
        lambda amount: dodo_pools.swap(placed, amount, base_in=sold == "WETH", payer=Payer.TRACKED),
    )


ETHEREUM: Mapping[str, Callable[[Desk], Hop]] = {
    "classic": lambda desk: curve(desk, "curve_stable DAI/USDC/USDT", "USDT", "DAI"),
    "wide": lambda desk: curve(desk, "curve_stable_uint DAI/USDC", "DAI", "USDC"),
    "new": lambda desk: curve(desk, "curve_stable_ng USDC/USDT", "USDC", "USDT"),
    "two": lambda desk: curve(desk, "curve_two_crypto USDC/WETH", "WETH", "USDC"),
    "three": lambda desk: curve(desk, "curve_tri_crypto USDT/WBTC/WETH", "WETH", "WBTC"),
    "weighted": lambda desk: balancer(desk, "balancer_v2 DAI/WETH", "DAI", "WETH"),
    "stable": lambda desk: balancer(desk, "balancer_v2 DAI/USDC/USDT", "USDC", "DAI"),
    "maker": lambda desk: dodo(desk, "WETH", "USDC"),
    "maker's other way": lambda desk: dodo(desk, "USDC", "WETH"),
    "deposit": lambda desk: vault(desk, "DAI", "sDAI"),
    "redemption": lambda desk: vault(desk, "sDAI", "DAI"),
    "gem sold": lambda desk: peg_module(desk, "USDC", "DAI"),
    "gem bought": lambda desk: peg_module(desk, "DAI", "USDC"),
}


def carry_out(desk: Desk, hop: Hop, amount: int) -> None:
    """Ask, then trade: the quote is what arrives; what the pool does not quote it does not trade either."""
    sold, bought = token(desk, hop.sold), token(desk, hop.bought)
    hand(desk, sold, desk.router, amount)
    steps = tracking(sold, hop.step(amount), gift(desk, sold, amount))
    settlement = "USDC" if hop.sold == "WETH" else "WETH"
    try:
        expected = read_from(desk.node, hop.ask(desk.node, amount))
    except MathsError:
        expected = -1
    if expected < 0 or (expected == 0 and not hop.gives_nothing):
        with pytest.raises(Reverted):
            execute(desk, steps, settlement=settlement)
        return
    before = held(desk, bought)
    execute(desk, steps, settlement=settlement)
    assert 0 <= expected - (held(desk, bought) - before) <= hop.slack


@random_amounts
@given(data=st.data(), name=st.sampled_from(sorted(ETHEREUM)))
def test_a_quote_is_what_the_router_gets_on_ethereum(desk: Desk, data: Any, name: str) -> None:
    with desk.node.isolated():
        hop = ETHEREUM[name](desk)
        carry_out(desk, hop, data.draw(st.integers(1, MOST[hop.sold])))


@random_amounts
@given(data=st.data(), stable=st.booleans(), first=st.booleans())
def test_a_quote_is_what_the_router_gets_on_base(
    base_desk: Desk, data: Any, stable: bool, first: bool
) -> None:
    desk = base_desk
    (record,) = (pool for pool in desk.book.pools if pool.venue == "aerodrome_v2" and pool.stable is stable)
    address, symbols = to_address(record.address), [desk.book.symbol(each) for each in record.tokens]
    sold, bought = symbols if first else reversed(symbols)

    def step(amount: int) -> Step:
        return SolidlySwap(address, first, token(desk, sold), Payer.TRACKED, Recipient.ROUTER, amount)

    with desk.node.isolated():
        paid = token(desk, sold)
        hop = Hop(
            sold, bought, lambda _, amount: solidly.quote(address, paid, amount), step, gives_nothing=False
        )
        carry_out(desk, hop, data.draw(st.integers(1, MOST[hop.sold])))
