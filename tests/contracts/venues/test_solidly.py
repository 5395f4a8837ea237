"""Aerodrome's pools, volatile and stable: the pool's own quote is what the router gets."""

from __future__ import annotations

from dataclasses import replace

import pytest

from devnet import abi
from devnet.errors import TransactionError
from devnet.node import ETHER
from executor.domain.address import Address, to_address
from executor.plan.format import Payer, Recipient
from executor.plan.steps import SolidlyQuote, SolidlySwap
from tests.contracts.venues.hops import (
    RECEIVER,
    Conduct,
    ask,
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
from tests.support.routers import STRANGER, Desk, Reverted

QUOTE = "getAmountOut(uint256,address)"
MINIMUM_LIQUIDITY = 10**6


def volatile(desk: Desk) -> Address:
    """The pool of WETH and USDC on the local Base chain."""
    found = [pool for pool in desk.book.pools if pool.venue == "aerodrome_v2" and not pool.stable]
    return to_address(found[0].address)


def opened(desk: Desk, asset: Address, amount: int, dollars: int, *, stable: bool) -> Address:
    """A new pool of Aerodrome's factory that holds `amount` of `asset` and `dollars` of USDC."""
    factory, usdc = desk.book.contracts["aerodrome_v2_factory"], token(desk, "USDC")
    create = abi.encode_call("createPool(address,address,bool)", asset, usdc, stable)
    pool = to_address("0x" + desk.node.call(factory, create)[-20:].hex())
    desk.node.send(STRANGER, factory, create)
    hand(desk, asset, pool, amount)
    hand(desk, usdc, pool, dollars)
    desk.node.send(STRANGER, pool, abi.encode_call("mint(address)", STRANGER))
    return pool


def stable_dollars(desk: Desk) -> tuple[Address, Address]:
    """A stable pool of USDC and a dollar of 18 decimals, and that dollar."""
    dollar = place(desk, "QuirkyToken", "(uint8)", 18)
    return opened(desk, dollar, 10**24, 10**12, stable=True), dollar


def swap(desk: Desk, pool: Address, asset: Address, amount: int | None = None) -> SolidlySwap:
    """Paid with the settlement token, to the router."""
    zero_for_one = ask(desk, pool, "token0()") == int(asset, 16)
    return SolidlySwap(pool, zero_for_one, asset, Payer.SETTLEMENT, Recipient.ROUTER, amount_in=amount)


def other(desk: Desk, pool: Address, asset: Address) -> Address:
    """The pool's token that is not `asset`."""
    both = {to_address(f"0x{ask(desk, pool, name):040x}") for name in ("token0()", "token1()")}
    (left,) = both - {asset}
    return left


@pytest.mark.parametrize(("sold", "amount"), [("WETH", 3 * ETHER), ("USDC", 5_000 * 10**6), ("USDC", 1_001)])
def test_a_volatile_pool_gives_what_it_quotes(base_desk: Desk, sold: str, amount: int) -> None:
    desk, pool, asset = base_desk, volatile(base_desk), token(base_desk, sold)
    bought = other(desk, pool, asset)
    desk.node.set_erc20_balance(asset, desk.router, amount)
    before, expected = held(desk, bought), ask(desk, pool, QUOTE, amount, asset)
    execute(desk, swap(desk, pool, asset, amount), gift(desk, asset, amount), settlement=sold)
    assert held(desk, bought) - before == expected > 0


@pytest.mark.parametrize("sells_dollars", [True, False])
@pytest.mark.parametrize("cents", [1, 100_000, 12_345_678])
def test_a_stable_pool_gives_what_it_quotes(base_desk: Desk, sells_dollars: bool, cents: int) -> None:
    desk = base_desk
    pool, dollar = stable_dollars(desk)
    asset, unit = (dollar, 10**16) if sells_dollars else (token(desk, "USDC"), 10**4)
    amount, bought = cents * unit, other(desk, pool, asset)
    hand(desk, asset, desk.router, amount)
    before, expected = held(desk, bought), ask(desk, pool, QUOTE, amount, asset)
    hop = replace(swap(desk, pool, asset, amount), payer=Payer.TRACKED)
    execute(desk, tracking(asset, hop, gift(desk, asset, amount)))
    assert held(desk, bought) - before == expected > 0


@pytest.mark.parametrize(("sold", "amount"), [("DAI", 12 * ETHER + 1), ("USDC", 34_567_891)])
def test_a_stable_pool_of_the_book_gives_what_it_quotes(base_desk: Desk, sold: str, amount: int) -> None:
    desk, asset = base_desk, token(base_desk, sold)
    (pool,) = (to_address(p.address) for p in desk.book.pools if p.venue == "aerodrome_v2" and p.stable)
    bought = other(desk, pool, asset)
    hand(desk, asset, desk.router, amount)
    before, expected = held(desk, bought), ask(desk, pool, QUOTE, amount, asset)
    hop = replace(swap(desk, pool, asset, amount), payer=Payer.TRACKED)
    execute(desk, tracking(asset, hop, gift(desk, asset, amount)))
    assert held(desk, bought) - before == expected > 0


@pytest.mark.parametrize(("decimals", "amount"), [(0, 7), (36, 7 * 10**32)])
def test_decimals_do_not_matter(base_desk: Desk, decimals: int, amount: int) -> None:
    desk, asset = base_desk, place(base_desk, "QuirkyToken", "(uint8)", decimals)
    pool = opened(desk, asset, 10 ** (decimals + 3), 10**12, stable=False)
    hand(desk, asset, desk.router, amount)
    before, expected = held(desk, token(desk, "USDC")), ask(desk, pool, QUOTE, amount, asset)
    hop = replace(swap(desk, pool, asset, amount), payer=Payer.TRACKED)
    execute(desk, tracking(asset, hop, gift(desk, asset, amount)))
    assert held(desk, token(desk, "USDC")) - before == expected > 0


def test_a_quote_is_known_before_the_pool_is_paid(base_desk: Desk) -> None:
    desk, pool, weth = base_desk, volatile(base_desk), token(base_desk, "WETH")
    usdc = token(desk, "USDC")
    expected = ask(desk, pool, QUOTE, ETHER, weth)
    sink = pay_last(desk, usdc)
    execute(desk, tracking(usdc, gift(desk, usdc, expected), SolidlyQuote(pool, weth, ETHER), sink))
    assert held(desk, usdc, sink.pool) == expected


def test_quote_and_swap_take_what_the_last_step_gave(base_desk: Desk) -> None:
    desk, pool, weth = base_desk, volatile(base_desk), token(base_desk, "WETH")
    usdc = token(desk, "USDC")
    bought = ask(desk, pool, QUOTE, ETHER, weth)
    hops = (swap(desk, pool, weth, ETHER), replace(swap(desk, pool, usdc), payer=Payer.TRACKED))
    before = held(desk, weth)
    execute(desk, tracking(usdc, *hops), gift(desk, weth, ETHER))
    assert held(desk, usdc) == 0
    lost = before + ETHER - held(desk, weth)
    # Two fees of 0.3 %, on one and then on the other side.
    assert 0.005 < lost / ETHER < 0.007
    sink = pay_last(desk, weth)
    quoted = ask(desk, pool, QUOTE, bought, usdc)
    quote = SolidlyQuote(pool, usdc)
    paid = replace(sink, payer=Payer.SETTLEMENT, token=None)
    execute(desk, gift(desk, usdc, bought), quote, paid, gift(desk, weth, quoted))
    assert held(desk, weth, sink.pool) == quoted


def test_an_output_goes_straight_to_the_next_pool_which_is_not_paid_again(base_desk: Desk) -> None:
    desk, pool, usdc = base_desk, volatile(base_desk), token(base_desk, "USDC")
    stable, dollar = stable_dollars(desk)
    bought = ask(desk, pool, QUOTE, ETHER, token(desk, "WETH"))
    expected = ask(desk, stable, QUOTE, bought, usdc)
    first = replace(swap(desk, pool, token(desk, "WETH"), ETHER), recipient=Recipient.NEXT_POOL)
    second = replace(swap(desk, stable, usdc), payer=Payer.NONE, recipient=Recipient.EXPLICIT, to=RECEIVER)
    execute(desk, first, second, gift(desk, token(desk, "WETH"), ETHER))
    assert held(desk, dollar, RECEIVER) == expected


def test_what_really_arrived_at_the_pool_counts_where_a_transfer_costs(base_desk: Desk) -> None:
    desk, taxed = base_desk, place(base_desk, "QuirkyToken", "(uint8)", 18)
    pool = opened(desk, taxed, 10**24, 10**12, stable=False)
    quirks(desk, taxed, fee_bps=100)
    amount = 10**18
    hand(desk, taxed, desk.router, amount)
    before, expected = held(desk, token(desk, "USDC")), ask(desk, pool, QUOTE, amount * 99 // 100, taxed)
    hop = replace(swap(desk, pool, taxed, amount), payer=Payer.TRACKED, measured=True)
    given = gift(desk, taxed, amount * 100 // 99 + 1)
    with pytest.raises(Reverted):
        execute(desk, tracking(taxed, replace(hop, measured=False), given))
    execute(desk, tracking(taxed, hop, given))
    assert held(desk, token(desk, "USDC")) - before == expected > 0


@pytest.mark.parametrize("sold", ["WETH", "USDC"])
def test_what_arrived_is_told_by_the_reserve_of_the_side_that_goes_in(base_desk: Desk, sold: str) -> None:
    desk, pool, asset, amount = base_desk, volatile(base_desk), token(base_desk, sold), 10**9
    bought = other(desk, pool, asset)
    desk.node.set_erc20_balance(asset, desk.router, amount)
    before, expected = held(desk, bought), ask(desk, pool, QUOTE, amount, asset)
    hop = replace(swap(desk, pool, asset, amount), measured=True)
    execute(desk, hop, gift(desk, asset, amount), settlement=sold)
    assert held(desk, bought) - before == expected > 0


def test_the_settlement_token_is_paid_whatever_token_the_step_names(base_desk: Desk) -> None:
    desk, pool, usdc = base_desk, volatile(base_desk), token(base_desk, "USDC")
    hand(desk, usdc, desk.router, 10**9)
    # The pool is paid WETH and asked for what it would give for USDC.
    hop = replace(swap(desk, pool, usdc, 10**9), payer=Payer.SETTLEMENT)
    with pytest.raises(Reverted):
        execute(desk, hop)
    assert held(desk, usdc) == 10**9


def test_a_token_that_is_not_tracked_is_not_paid(base_desk: Desk) -> None:
    desk, pool, usdc = base_desk, volatile(base_desk), token(base_desk, "USDC")
    hand(desk, usdc, desk.router, 10**9)
    with pytest.raises(Reverted) as refused:
        execute(desk, replace(swap(desk, pool, usdc, 10**9), payer=Payer.TRACKED))
    assert refused.value.reason.name == "TokenNotTracked"


def test_what_does_not_quote_is_no_pool(base_desk: Desk) -> None:
    desk, weth = base_desk, token(base_desk, "WETH")
    hop = SolidlySwap(RECEIVER, True, weth, Payer.NONE, Recipient.ROUTER, ETHER)
    for step in (SolidlyQuote(RECEIVER, weth, ETHER), hop, replace(hop, measured=True)):
        with pytest.raises(Reverted) as refused:
            execute(desk, step)
        assert refused.value.reason.name == "NoQuote"


def test_what_refuses_to_tell_its_reserves_is_no_pool(base_desk: Desk) -> None:
    """A token's contract is asked, which has no such function, and would keep what it was sent."""
    desk, weth, usdc = base_desk, token(base_desk, "WETH"), token(base_desk, "USDC")
    before = held(desk, weth)
    hop = SolidlySwap(usdc, True, weth, Payer.SETTLEMENT, Recipient.ROUTER, 1_000, measured=True)
    with pytest.raises(Reverted) as refused:
        execute(desk, hop)
    assert (refused.value.reason.name, refused.value.reason.args) == ("NoQuote", {"pool": usdc.lower()})
    with pytest.raises(TransactionError):
        desk.execute(plan(hop))
    assert (held(desk, weth), held(desk, weth, usdc)) == (before, 0)


def test_a_refused_quote_names_who_refused(base_desk: Desk) -> None:
    desk, usdc = base_desk, token(base_desk, "USDC")
    with pytest.raises(Reverted) as refused:
        execute(desk, SolidlyQuote(usdc, usdc, 10**6))
    assert refused.value.reason.through == (usdc,)


def test_a_pool_that_gives_less_than_it_quotes_costs_the_plan_and_not_the_router(base_desk: Desk) -> None:
    desk, weth, usdc = base_desk, token(base_desk, "WETH"), token(base_desk, "USDC")
    false = odd_venue(desk, Conduct(weth, 0, usdc, gives=999))
    hand(desk, usdc, desk.router, 10**9)
    hops = (SolidlySwap(false, True, weth, Payer.SETTLEMENT, Recipient.ROUTER, 1_000), pay_last(desk, usdc))
    with pytest.raises(Reverted) as refused:
        execute(desk, tracking(usdc, *hops), gift(desk, weth, 1_000))
    assert refused.value.reason.name == "TrackedTokenFell"
