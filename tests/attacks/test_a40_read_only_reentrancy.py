"""A40: what a plan reads is read in the middle of somebody else's call, when it is not true.

A pair in the middle of a flash swap, the V4 PoolManager with a swap that is not settled, a Curve pool that is
just sending ether, a vault whose share price was pushed: in that moment the thief has an operator run a plan.
"""

from __future__ import annotations

import pytest

from devnet import abi
from devnet.market import trade
from devnet.node import ETHER
from devnet.protocols.uniswap_v4 import key_of
from executor.domain.address import Address, to_address
from executor.plan.encoding import encode_plan
from executor.plan.format import Payer, Recipient
from executor.plan.guards import V2Reserves, V4Price
from executor.plan.steps import CurveExchange, DecodedPlan, ERC4626Deposit, Header, Step, Track, V2Quote
from tests.attacks.bytecode import instructions, selectors_compared
from tests.attacks.keepers import keeper, triggers
from tests.attacks.scene import THIEF, nothing_lost, sent
from tests.attacks.steps import (
    V2_POOL,
    V4_POOL,
    curve_exchange,
    peg_module,
    peg_module_swap,
    pool,
    v2_swap,
    v3_swap,
    v4_unlock,
)
from tests.attacks.thieves import Act, accomplice, act_through, plot, turns
from tests.attacks.trades import earning_route, plan_for
from tests.contracts.venues.hops import NATIVE, gift, token
from tests.support.routers import FOREVER, Desk, router_artifacts

PUSH = 10**12
PRICES = (
    "getRate()",
    "get_virtual_price()",
    "price_oracle()",
    "price_scale()",
    "get_dy(int128,int128,uint256)",
    "get_dy(uint256,uint256,uint256)",
    "convertToAssets(uint256)",
    "convertToShares(uint256)",
    "previewRedeem(uint256)",
    "previewDeposit(uint256)",
    "totalAssets()",
    "totalSupply()",
    "getPoolTokens(bytes32)",
    "getActualSupply()",
    "getInvariant()",
    "latestAnswer()",
    "latestRoundData()",
    "observe(uint32[])",
    "getMidPrice()",
    "getPMMState()",
    "getVaultReserve()",
    "querySellBase(address,uint256)",
    "querySellQuote(address,uint256)",
)


@pytest.mark.parametrize("part", ["ArbRouter", "RouterControl", "RouterExtension", "RouterSimulator"])
def test_the_router_asks_nobody_for_a_price_that_a_join_or_an_exit_can_bend(part: str) -> None:
    """What it reads are balances and allowances, a pair's reserves, what a Solidly pair quotes, the fee of a
    peg stability module, and a price to compare.
    """
    asked = selectors_compared(part) | words_written(part)
    assert not {abi.selector(name) for name in PRICES} & asked


def words_written(part: str) -> set[bytes]:
    """Selectors in the upper bytes of longer constants."""
    code = router_artifacts()[part].deployed_bytecode
    return {immediate[:4] for _, immediate in instructions(code) if len(immediate) == 32}


def guarded(desk: Desk, *steps: Step, guard: V2Reserves | V4Price | None = None) -> bytes:
    header = Header(0, FOREVER, 0, () if guard is None else (guard,))
    return encode_plan(DecodedPlan(header, steps))


def reserves(desk: Desk) -> V2Reserves:
    """The guard that the pair is as it is now, to the wei."""
    data = desk.node.call(pool(desk, V2_POOL), abi.encode_call("getReserves()"))
    reserve0, reserve1 = (int.from_bytes(data[at : at + 32], "big") for at in (0, 32))
    return V2Reserves(pool(desk, V2_POOL), reserve0, reserve1, 0)


def flash_swap(desk: Desk, plan: bytes) -> tuple[Address, Address, bytes]:
    """The thief takes half of the pair's WETH, has the plan run, and pays back."""
    weth, pair = desk.book.tokens["WETH"], pool(desk, V2_POOL)
    half = desk.node.erc20_balance(weth, pair) // 2
    back = abi.encode_call("transfer(address,uint256)", pair, half * 1000 // 997 + 1)
    thief = accomplice(desk, triggers(desk, keeper(desk), plan), Act(weth, back, must=True))
    desk.node.set_erc20_balance(weth, thief, half)
    take = abi.encode_call("swap(uint256,uint256,address,bytes)", 0, half, thief, b"\x01")
    return thief, pair, take


def plans_over_the_pair(desk: Desk) -> dict[str, bytes]:
    stale = reserves(desk)
    other = v3_swap(desk, ETHER)
    quote = V2Quote(pool(desk, V2_POOL), False, 30, ETHER)
    return {
        "trades there": guarded(desk, v2_swap(desk, ETHER), guard=stale),
        "trades elsewhere": guarded(desk, other, guard=stale),
        "asks for a quote": guarded(desk, quote, other, guard=stale),
    }


def test_a_guard_that_reads_a_pair_in_the_middle_of_a_flash_swap_decides_nothing(desk: Desk) -> None:
    """It passes, since the pair has not booked yet; what may be lost the profit rule decides."""
    for name, plan in plans_over_the_pair(desk).items():
        with desk.node.isolated():
            thief, pair, take = flash_swap(desk, plan)
            with nothing_lost(desk, thief):
                to, data = act_through(thief, pair, take)
                sent(desk, THIEF, data, to=to)
            had, done = turns(desk, thief)
            # Only the repayment came through.
            assert (had, done) == (1, 1), name


def test_an_honest_plan_run_in_the_middle_of_a_flash_swap_keeps_its_promise_or_fails(desk: Desk) -> None:
    found = earning_route(desk, "v3_v2_v3")
    thief, pair, take = flash_swap(desk, plan_for(found))
    before = desk.balance("WETH")
    with nothing_lost(desk, thief):
        to, data = act_through(thief, pair, take)
        sent(desk, THIEF, data, to=to)
    assert desk.balance("WETH") - before in (0, found.gross_profit)


def price_in_manager(desk: Desk) -> V4Price:
    """The guard that the V4 pool's price is as it is now."""
    pool_id = str(desk.record(V4_POOL).pool_id)
    slot = abi.storage_key(6, bytes.fromhex(pool_id[2:]))
    manager = desk.book.contracts["uniswap_v4_pool_manager"]
    word = int(desk.node.rpc("eth_getStorageAt", manager, slot, "latest"), 16)
    return V4Price(pool_id, word & (1 << 160) - 1, 1_000)


def test_a_price_that_is_pushed_inside_an_unlock_of_the_thiefs_moves_nothing_of_the_routers(
    desk: Desk,
) -> None:
    """He swaps, does not settle yet, and has plans run that read or use the pushed price; then he pays."""
    manager, record = desk.book.contracts["uniswap_v4_pool_manager"], desk.record(V4_POOL)
    usdc, weth = desk.book.tokens["USDC"], desk.book.tokens["WETH"]
    found, guard = earning_route(desk, "v2_v3"), price_in_manager(desk)
    plans = (
        guarded(desk, v3_swap(desk, ETHER), guard=guard),
        guarded(desk, v4_unlock(desk, ETHER)),
        plan_for(found),
    )
    with desk.node.isolated():
        bought = trade(desk.node, record, usdc, PUSH)
    pays = (
        Act(manager, swap_in_manager(key_of(record), -PUSH, usdc == record.tokens[0]), must=True),
        Act(manager, abi.encode_call("sync(address)", usdc), must=True),
        Act(usdc, abi.encode_call("transfer(address,uint256)", manager, PUSH), must=True),
        Act(manager, abi.encode_call("settle()"), must=True),
        Act(manager, abi.encode_call("take(address,address,uint256)", weth, THIEF, bought), must=True),
    )
    by = keeper(desk)
    tried = [triggers(desk, by, plan) for plan in plans]
    thief = accomplice(desk, pays[0], *tried, *pays[1:], answer=abi.encode("(bytes)", b""))
    desk.node.set_erc20_balance(usdc, thief, PUSH)
    before = desk.balance("WETH")
    with nothing_lost(desk, thief):
        to, data = act_through(thief, manager, abi.encode_call("unlock(bytes)", b""))
        sent(desk, THIEF, data, to=to, gas=16_000_000)
    # Of the plans only the honest one came through, which has nothing to do with that pool.
    assert turns(desk, thief) == (1, len(pays) + 1)
    assert desk.balance("WETH") - before == found.gross_profit


def swap_in_manager(key: tuple[object, ...], amount: int, zero_for_one: bool) -> bytes:
    limit = 4295128740 if zero_for_one else 1461446703485210103287273052203988822378723970341
    signature = "swap((address,address,uint24,int24,address),(bool,int256,uint160),bytes)"
    return abi.encode_call(signature, key, (zero_for_one, amount, limit), b"")


def test_a_curve_pool_that_is_sending_ether_gives_no_better_price_than_it_keeps(desk: Desk) -> None:
    """The thief is paid in ether, and in that moment has plans run over the same pool and another."""
    record = desk.record("curve_stable_ether ETH/STETH")
    curve, staked = to_address(record.address), to_address(record.tokens[1])
    there = CurveExchange(curve, 0, 1, staked, Payer.TRACKED, Recipient.ROUTER, ETHER, NATIVE, native_in=True)
    back = CurveExchange(curve, 1, 0, NATIVE, Payer.TRACKED, Recipient.ROUTER, None, staked)
    plans = (
        guarded(desk, Track(NATIVE, (Track(staked, (there, back)),))),
        guarded(desk, Track(NATIVE, (there,))),
        guarded(desk, curve_exchange(desk, ETHER)),
    )
    by = keeper(desk)
    thief = accomplice(desk)
    desk.node.set_balance(thief, 3 * ETHER)
    buy = abi.encode_call("exchange(int128,int128,uint256,uint256)", 0, 1, ETHER, 0)
    plot(desk, thief, Act(curve, buy, value=ETHER, must=True))
    sent(desk, THIEF, b"\x01", to=thief)
    shares = desk.node.erc20_balance(staked, thief)
    assert shares > ETHER // 2
    to, data = act_through(thief, staked, abi.encode_call("approve(address,uint256)", curve, shares))
    sent(desk, THIEF, data, to=to)
    plot(desk, thief, *(triggers(desk, by, plan) for plan in plans))
    sell = abi.encode_call("exchange(int128,int128,uint256,uint256)", 1, 0, shares, 0)
    with nothing_lost(desk, thief, tokens=[staked]):
        to, data = act_through(thief, curve, sell)
        sent(desk, THIEF, data, to=to)
    _, done = turns(desk, thief)
    assert done == 1  # his own purchase; no plan


def test_a_vault_whose_share_price_was_pushed_in_front_of_the_plan_costs_the_router_nothing(
    desk: Desk,
) -> None:
    """A gift makes each share dearer: the deposit gets fewer, and the plan less than was promised."""
    dai, vault = token(desk, "DAI"), token(desk, "sDAI")
    before = desk.node.erc20_balance(vault, desk.router)
    deposit = ERC4626Deposit(vault, Payer.SETTLEMENT, Recipient.ROUTER, 10**21)
    plan = encode_plan(DecodedPlan(Header(2, FOREVER, 0), (deposit,)))
    held = desk.node.erc20_balance(dai, vault)
    gift = abi.encode_call("transfer(address,uint256)", vault, held)
    thief = accomplice(desk, Act(dai, gift, must=True), triggers(desk, keeper(desk), plan))
    desk.node.set_erc20_balance(dai, thief, held)
    with nothing_lost(desk, thief):
        sent(desk, THIEF, b"\x01", to=thief)
    assert desk.node.erc20_balance(vault, desk.router) == before


def test_a_peg_module_whose_fee_was_raised_in_front_of_the_plan_costs_the_router_nothing(desk: Desk) -> None:
    """The fee is read in the middle of the plan: less is bought, and the plan has less than was promised."""
    module, amount = peg_module(desk), 10**21
    buy = Track(module.dai, (gift(desk, module.dai, amount), peg_module_swap(module, amount, buy=True)))
    plan = encode_plan(DecodedPlan(Header(1, FOREVER, amount // module.details.unit), (buy,)))
    raised = abi.encode_call("charge(uint256,uint256)", 0, 10**15)
    thief = accomplice(desk, Act(module.till, raised, must=True), triggers(desk, keeper(desk), plan))
    desk.simulate(plan)
    with nothing_lost(desk, thief, module.address):
        sent(desk, THIEF, b"\x01", to=thief)
    assert turns(desk, thief) == (1, 1)
    assert desk.node.erc20_balance(module.gem, module.pocket) == 10**10
