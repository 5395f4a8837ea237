"""Curve pools of every shape: what the pool quotes is what the router gets.

The pools are written from Curve's published invariants and ABI and checked against a model: no package holds
the bytecode.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from devnet import abi
from devnet.market import trade_curve
from devnet.node import ETHER
from executor.domain.address import Address, to_address
from executor.plan.format import Measure as MeasureKind
from executor.plan.format import Payer, Recipient
from executor.plan.steps import CurveExchange, Measure, WrapNative
from tests.contracts.venues.hops import (
    NATIVE,
    RECEIVER,
    allowance,
    ask,
    execute,
    gift,
    hand,
    held,
    pay_last,
    token,
    tracking,
)
from tests.support.routers import Desk, Reverted

THREE = "curve_stable DAI/USDC/USDT"
NG = "curve_stable_ng USDC/USDT"
WIDE = "curve_stable_uint DAI/USDC"
ETHER_POOL = "curve_stable_ether ETH/STETH"
TWO_CRYPTO = "curve_two_crypto USDC/WETH"
TRI_CRYPTO = "curve_tri_crypto USDT/WBTC/WETH"
AMOUNTS = {
    "DAI": 1_234 * 10**18,
    "USDC": 5_678 * 10**6,
    "USDT": 91 * 10**6,
    "WETH": 2 * ETHER,
    "WBTC": 3 * 10**7,
    "STETH": 4 * ETHER,
}
# What one transfer of STETH may lose, in wei.
LOST = 2
TRADES = [
    (THREE, "DAI", "USDC"),
    (THREE, "USDC", "USDT"),
    (THREE, "USDT", "DAI"),
    (NG, "USDC", "USDT"),
    (NG, "USDT", "USDC"),
    (WIDE, "DAI", "USDC"),
    (WIDE, "USDC", "DAI"),
    (TWO_CRYPTO, "USDC", "WETH"),
    (TWO_CRYPTO, "WETH", "USDC"),
    (TRI_CRYPTO, "USDT", "WETH"),
    (TRI_CRYPTO, "WETH", "WBTC"),
    (TRI_CRYPTO, "WBTC", "USDT"),
]


def coins(desk: Desk, pool: str) -> list[str]:
    """The pool's coins, in the order of its indexes."""
    return [
        "ETH" if to_address(coin) == NATIVE else desk.book.symbol(coin) for coin in desk.record(pool).tokens
    ]


def takes_uint256(pool: str) -> bool:
    """Whether the pool's indexes are uint256: those of crypto pools and of some stable ones."""
    return "crypto" in pool or pool == WIDE


def asset(desk: Desk, symbol: str) -> Address:
    """A token, or the chain's own coin."""
    return NATIVE if symbol == "ETH" else token(desk, symbol)


def quoted(desk: Desk, pool: str, sold: str, bought: str, amount: int) -> int:
    """What the pool says that it would give."""
    index = "uint256" if takes_uint256(pool) else "int128"
    i, j = coins(desk, pool).index(sold), coins(desk, pool).index(bought)
    return ask(desk, desk.record(pool).address, f"get_dy({index},{index},uint256)", i, j, amount)


def given_to_another(desk: Desk, pool: str, sold: str, bought: str, amount: int) -> int:
    """What somebody else gets for the same amount; undone."""
    with desk.node.isolated():
        return trade_curve(desk.node, desk.record(pool), asset(desk, sold), amount, asset(desk, bought))


def exchange(desk: Desk, pool: str, sold: str, bought: str, amount: int | None = None) -> CurveExchange:
    """Paid with a tracked token, to the router."""
    return CurveExchange(
        to_address(desk.record(pool).address),
        coins(desk, pool).index(sold),
        coins(desk, pool).index(bought),
        asset(desk, bought),
        Payer.TRACKED,
        Recipient.ROUTER,
        amount_in=amount,
        token_in=asset(desk, sold),
        uint256_indexes=takes_uint256(pool),
        native_in=sold == "ETH",
    )


def with_settlement(hop: CurveExchange) -> CurveExchange:
    """The same hop, paid with the settlement token."""
    return replace(hop, payer=Payer.SETTLEMENT, token_in=None)


@pytest.mark.parametrize(("pool", "sold", "bought"), TRADES)
def test_the_router_gets_what_anybody_gets_and_the_pool_quotes(
    desk: Desk, pool: str, sold: str, bought: str
) -> None:
    amount, paid, got = AMOUNTS[sold], asset(desk, sold), asset(desk, bought)
    desk.node.set_erc20_balance(paid, desk.router, amount)
    before, quote = held(desk, got), quoted(desk, pool, sold, bought, amount)
    expected = given_to_another(desk, pool, sold, bought, amount)
    hop = exchange(desk, pool, sold, bought, amount)
    execute(desk, tracking(paid, hop, gift(desk, paid, amount)), settlement=other(sold))
    assert held(desk, got) - before == expected > 0
    # The oldest pools round once more when they quote than when they trade.
    assert quote - expected in ((0, 1) if pool in (THREE, WIDE) else (0,))
    assert held(desk, paid) == amount
    assert allowance(desk, paid, to_address(desk.record(pool).address)) == 0


@pytest.mark.parametrize("amount", [1, 10**11, 10**12, 10**12 + 1])
def test_an_amount_too_small_for_one_unit_gives_nothing_and_harms_nothing(desk: Desk, amount: int) -> None:
    dai, usdc = token(desk, "DAI"), token(desk, "USDC")
    hand(desk, dai, desk.router, amount)
    expected, before = given_to_another(desk, THREE, "DAI", "USDC", amount), held(desk, usdc)
    sink = pay_last(desk, usdc)
    hop = exchange(desk, THREE, "DAI", "USDC", amount)
    execute(desk, tracking(usdc, tracking(dai, gift(desk, dai, amount), hop), sink))
    assert held(desk, usdc, sink.pool) == expected
    assert held(desk, usdc) == before
    assert allowance(desk, dai, to_address(desk.record(THREE).address)) == 0


def other(sold: str) -> str:
    """A settlement token that is not the one sold."""
    return "DAI" if sold != "DAI" else "USDT"


@pytest.mark.parametrize(("pool", "sold", "bought"), [(THREE, "USDT", "USDC"), (TWO_CRYPTO, "WETH", "USDC")])
def test_the_settlement_token_pays(desk: Desk, pool: str, sold: str, bought: str) -> None:
    amount, paid = AMOUNTS[sold], asset(desk, sold)
    desk.node.set_erc20_balance(paid, desk.router, amount)
    expected = given_to_another(desk, pool, sold, bought, amount)
    before = held(desk, asset(desk, bought))
    hop = with_settlement(exchange(desk, pool, sold, bought, amount))
    execute(desk, hop, gift(desk, paid, amount), settlement=sold)
    assert held(desk, asset(desk, bought)) - before == expected


@pytest.mark.parametrize(("pool", "sold", "bought"), [(THREE, "DAI", "USDC"), (TRI_CRYPTO, "USDT", "WETH")])
def test_the_output_is_sent_on_to_whom_it_should(desk: Desk, pool: str, sold: str, bought: str) -> None:
    amount, paid = AMOUNTS[sold], asset(desk, sold)
    desk.node.set_erc20_balance(paid, desk.router, amount)
    expected = given_to_another(desk, pool, sold, bought, amount)
    before = held(desk, asset(desk, bought))
    hop = replace(exchange(desk, pool, sold, bought, amount), recipient=Recipient.EXPLICIT, to=RECEIVER)
    execute(desk, with_settlement(hop), gift(desk, paid, amount), settlement=sold)
    assert held(desk, asset(desk, bought), RECEIVER) == expected
    assert held(desk, asset(desk, bought)) == before


def test_each_exchange_hands_its_output_to_the_next(desk: Desk) -> None:
    dai, usdc, amount = token(desk, "DAI"), token(desk, "USDC"), AMOUNTS["DAI"]
    desk.node.set_erc20_balance(dai, desk.router, amount)
    dollars = given_to_another(desk, THREE, "DAI", "USDC", amount)
    expected = quoted(desk, TWO_CRYPTO, "USDC", "WETH", dollars)
    before = held(desk, token(desk, "WETH"))
    hops = (
        with_settlement(exchange(desk, THREE, "DAI", "USDC", amount)),
        exchange(desk, TWO_CRYPTO, "USDC", "WETH"),
    )
    execute(desk, tracking(usdc, *hops), gift(desk, dai, amount), settlement="DAI")
    assert held(desk, token(desk, "WETH")) - before == expected
    assert held(desk, usdc) == 0


def test_the_chains_own_coin_goes_in(desk: Desk) -> None:
    desk.node.set_balance(desk.router, 5 * ETHER)
    expected, steth = given_to_another(desk, ETHER_POOL, "ETH", "STETH", 2 * ETHER), token(desk, "STETH")
    hop = exchange(desk, ETHER_POOL, "ETH", "STETH", 2 * ETHER)
    execute(desk, tracking(NATIVE, hop, gift(desk, NATIVE, 2 * ETHER)))
    assert held(desk, steth) == expected
    assert held(desk, NATIVE) == 5 * ETHER


def test_the_chains_own_coin_comes_out_and_is_wrapped(desk: Desk) -> None:
    steth, amount = token(desk, "STETH"), AMOUNTS["STETH"]
    hand(desk, steth, desk.router, amount + LOST)
    expected = given_to_another(desk, ETHER_POOL, "STETH", "ETH", amount)
    before = held(desk, token(desk, "WETH"))
    hops = tracking(NATIVE, exchange(desk, ETHER_POOL, "STETH", "ETH", amount), WrapNative())
    execute(desk, tracking(steth, hops, gift(desk, steth, amount + LOST)))
    assert held(desk, token(desk, "WETH")) - before == expected
    assert held(desk, NATIVE) == 0
    assert allowance(desk, steth, to_address(desk.record(ETHER_POOL).address)) == 0


def test_what_arrived_counts_where_a_transfer_loses_a_wei(desk: Desk) -> None:
    steth, amount = token(desk, "STETH"), ETHER + 7
    sink = pay_last(desk, steth)
    hop = exchange(desk, ETHER_POOL, "ETH", "STETH", amount)
    arrived = given_to_another(desk, ETHER_POOL, "ETH", "STETH", amount)
    execute(desk, tracking(steth, tracking(NATIVE, gift(desk, NATIVE, amount), hop), sink))
    assert held(desk, steth) + held(desk, steth, sink.pool) in range(arrived - LOST, arrived + 1)


def test_the_chains_own_coin_that_is_not_tracked_does_not_go_in(desk: Desk) -> None:
    desk.node.set_balance(desk.router, 5 * ETHER)
    with pytest.raises(Reverted) as refused:
        execute(desk, exchange(desk, ETHER_POOL, "ETH", "STETH", ETHER))
    assert refused.value.reason.name == "TokenNotTracked"


def test_the_chains_own_coin_is_not_sent_on(desk: Desk) -> None:
    steth = token(desk, "STETH")
    hand(desk, steth, desk.router, ETHER)
    hop = exchange(desk, ETHER_POOL, "STETH", "ETH", ETHER // 2)
    hop = replace(hop, recipient=Recipient.EXPLICIT, to=RECEIVER)
    with pytest.raises(Reverted) as refused:
        execute(desk, tracking(steth, hop, gift(desk, steth, ETHER)))
    assert refused.value.reason.name == "TokenCallFailed"


def test_a_fee_that_the_token_takes_is_not_taken_for_output(desk: Desk) -> None:
    usdt, dai, amount = token(desk, "USDT"), token(desk, "DAI"), AMOUNTS["DAI"]
    charge(desk, usdt)
    desk.node.set_erc20_balance(dai, desk.router, amount)
    arrived = given_to_another(desk, THREE, "DAI", "USDT", amount)
    before = held(desk, usdt)
    sink = pay_last(desk, usdt)
    hop = with_settlement(exchange(desk, THREE, "DAI", "USDT", amount))
    execute(desk, tracking(usdt, hop, sink), gift(desk, dai, amount), settlement="DAI")
    assert held(desk, usdt, sink.pool) == arrived - arrived * 10 // 10_000
    assert held(desk, usdt) == before


def charge(desk: Desk, usdt: str) -> None:
    """Switch Tether's fee on: 10 basis points."""
    owner = to_address(f"0x{ask(desk, usdt, 'owner()'):040x}")
    desk.node.send(owner, usdt, abi.encode_call("setParams(uint256,uint256)", 10, 49))


def test_the_whole_gain_of_a_scope_pays_for_the_next_exchange(desk: Desk) -> None:
    usdc, weth, dai = token(desk, "USDC"), token(desk, "WETH"), token(desk, "DAI")
    desk.node.set_erc20_balance(usdc, desk.router, 10**9)
    amount = AMOUNTS["DAI"]
    desk.node.set_erc20_balance(dai, desk.router, amount)
    first, second = amount // 3, amount - amount // 3
    before = held(desk, weth)
    hops = (
        with_settlement(exchange(desk, THREE, "DAI", "USDC", first)),
        with_settlement(exchange(desk, THREE, "DAI", "USDC", second)),
        Measure(MeasureKind.SURPLUS, usdc),
        exchange(desk, TWO_CRYPTO, "USDC", "WETH"),
    )
    execute(desk, tracking(usdc, *hops), gift(desk, dai, amount), settlement="DAI")
    assert held(desk, usdc) == 10**9
    assert held(desk, weth) > before
