"""Balancer V2 pools, weighted and stable: what the Vault quotes is what the router gets."""

from __future__ import annotations

from dataclasses import replace

import pytest

from devnet.node import ETHER
from executor.domain.address import Address, to_address
from executor.plan.format import Payer, Recipient
from executor.plan.steps import BalancerV2Swap
from tests.contracts.venues.hops import (
    NATIVE,
    RECEIVER,
    allowance,
    ask,
    execute,
    gift,
    held,
    pay_last,
    token,
    tracking,
)
from tests.support.routers import Desk, Reverted

QUERY = "querySwap((bytes32,uint8,address,address,uint256,bytes),(address,bool,address,bool))"
AMOUNTS = {"WETH": 3 * 10**18, "USDC": 5_000 * 10**6, "DAI": 7_000 * 10**18, "USDT": 900 * 10**6}
TRADES = [
    ("balancer_v2 USDC/WETH", "WETH", "USDC"),
    ("balancer_v2 USDC/WETH", "USDC", "WETH"),
    ("balancer_v2 DAI/WETH", "WETH", "DAI"),
    ("balancer_v2 DAI/USDC/USDT", "DAI", "USDT"),
    ("balancer_v2 DAI/USDC/USDT", "USDT", "USDC"),
]


def swap(desk: Desk, pool: str, token_in: str, token_out: str, amount: int | None = None) -> BalancerV2Swap:
    """The hop, paid with the settlement token, to the router."""
    pool_id = str(desk.record(pool).pool_id)
    return BalancerV2Swap(
        to_address(pool_id[:42]),
        "0x" + pool_id[42:],
        token(desk, token_out),
        Payer.SETTLEMENT,
        Recipient.ROUTER,
        amount_in=amount,
    )


def quoted(desk: Desk, pool: str, token_in: Address, token_out: Address, amount: int) -> int:
    """What Balancer's own query contract says that the Vault would give."""
    pool_id = bytes.fromhex(str(desk.record(pool).pool_id)[2:])
    single = (pool_id, 0, token_in, token_out, amount, b"")
    return ask(
        desk, desk.book.contracts["balancer_v2_queries"], QUERY, single, (RECEIVER, False, RECEIVER, False)
    )


def vault(desk: Desk) -> Address:
    """The Vault's address."""
    return to_address(desk.book.contracts["balancer_v2_vault"])


@pytest.mark.parametrize(("pool", "sold", "bought"), TRADES)
def test_the_router_gets_what_the_vault_quotes(desk: Desk, pool: str, sold: str, bought: str) -> None:
    amount, asset = AMOUNTS[sold], token(desk, sold)
    desk.node.set_erc20_balance(asset, desk.router, amount)
    expected = quoted(desk, pool, asset, token(desk, bought), amount)
    before = held(desk, token(desk, bought))
    execute(desk, swap(desk, pool, sold, bought, amount), gift(desk, asset, amount), settlement=sold)
    assert held(desk, token(desk, bought)) - before == expected > 0
    assert allowance(desk, asset, vault(desk)) == 0


def test_a_tracked_token_pays_and_the_output_goes_to_whom_it_should(desk: Desk) -> None:
    pool, usdc, amount = "balancer_v2 USDC/WETH", token(desk, "USDC"), AMOUNTS["USDC"]
    desk.node.set_erc20_balance(usdc, desk.router, amount)
    expected = quoted(desk, pool, usdc, token(desk, "WETH"), amount)
    hop = replace(
        swap(desk, pool, "USDC", "WETH", amount),
        payer=Payer.TRACKED,
        token_in=usdc,
        recipient=Recipient.EXPLICIT,
        to=RECEIVER,
    )
    execute(desk, tracking(usdc, hop, gift(desk, usdc, amount)))
    assert held(desk, token(desk, "WETH"), RECEIVER) == expected
    assert held(desk, usdc) == amount


def test_the_amount_may_be_what_the_last_step_gave_and_gives_the_next(desk: Desk) -> None:
    pool, dai, amount = "balancer_v2 DAI/USDC/USDT", token(desk, "DAI"), AMOUNTS["DAI"]
    desk.node.set_erc20_balance(dai, desk.router, amount)
    expected = quoted(desk, pool, dai, token(desk, "USDC"), amount)
    sink = pay_last(desk, token(desk, "USDC"))
    hops = (gift(desk, dai, amount), swap(desk, pool, "DAI", "USDC"), sink)
    execute(desk, tracking(token(desk, "USDC"), *hops), settlement="DAI")
    assert held(desk, token(desk, "USDC"), sink.pool) == expected
    assert held(desk, dai) == amount


def test_the_vault_takes_and_gives_the_chains_own_coin(desk: Desk) -> None:
    pool, usdc, amount = "balancer_v2 USDC/WETH", token(desk, "USDC"), 2 * ETHER
    desk.node.set_balance(desk.router, amount)
    dollars = quoted(desk, pool, token(desk, "WETH"), usdc, amount)
    sell = replace(swap(desk, pool, "WETH", "USDC", amount), payer=Payer.TRACKED, token_in=NATIVE)
    back = replace(swap(desk, pool, "USDC", "WETH"), payer=Payer.TRACKED, token_in=usdc, token_out=NATIVE)
    with desk.node.isolated():
        execute(desk, tracking(NATIVE, sell, gift(desk, NATIVE, amount)))
        assert held(desk, usdc) == dollars > 0
        assert held(desk, NATIVE) == amount
    execute(desk, tracking(NATIVE, tracking(usdc, sell, back), gift(desk, NATIVE, amount)))
    assert held(desk, usdc) == 0
    # Two fees of the pool's, and what the price moved.
    assert 2 * amount * 99 // 100 < held(desk, NATIVE) < 2 * amount


def test_the_chains_own_coin_that_is_not_tracked_does_not_go_in(desk: Desk) -> None:
    desk.node.set_balance(desk.router, ETHER)
    hop = swap(desk, "balancer_v2 USDC/WETH", "WETH", "USDC", ETHER)
    with pytest.raises(Reverted) as refused:
        execute(desk, replace(hop, payer=Payer.TRACKED, token_in=NATIVE))
    assert refused.value.reason.name == "TokenNotTracked"


def test_a_token_that_is_not_tracked_does_not_go_in(desk: Desk) -> None:
    usdc = token(desk, "USDC")
    desk.node.set_erc20_balance(usdc, desk.router, AMOUNTS["USDC"])
    hop = swap(desk, "balancer_v2 USDC/WETH", "USDC", "WETH", AMOUNTS["USDC"])
    with pytest.raises(Reverted) as refused:
        execute(desk, replace(hop, payer=Payer.TRACKED, token_in=usdc))
    assert refused.value.reason.name == "TokenNotTracked"


def test_a_pool_that_the_vault_does_not_know_is_refused_by_the_vault(desk: Desk) -> None:
    hop = replace(swap(desk, "balancer_v2 USDC/WETH", "WETH", "USDC", ETHER), pool=RECEIVER)
    with pytest.raises(Reverted) as refused:
        execute(desk, hop)
    assert refused.value.reason.through == (vault(desk),)
    assert refused.value.reason.args == {"message": "BAL#500"}
