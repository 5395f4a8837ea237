"""Uniswap V4 on account: what its quoter says is what the router gets; what is left open undoes all."""

from __future__ import annotations

from functools import lru_cache

import pytest

from devnet import abi, artifacts
from devnet.artifacts import Artifact
from devnet.book import POOL_KEY
from devnet.compiler import compile_files
from devnet.manifest import UNISWAP_V4
from devnet.market import trade
from devnet.node import ETHER
from devnet.place import Placer
from devnet.protocols.tokens import TREASURY
from devnet.protocols.uniswap_v4 import key_of
from executor.domain.address import Address, to_address
from executor.plan.format import Payer, Recipient, V2Output
from executor.plan.steps import Step, Track, V2Swap, V4Settle, V4Swap, V4Take, V4Unlock
from tests.contracts.venues.hops import (
    NATIVE,
    RECEIVER,
    ask,
    execute,
    gift,
    hand,
    held,
    plan,
    token,
    tracking,
)
from tests.support.routers import OWNER, STRANGER, Desk, Reverted

MIDDLE = "uniswap_v4 USDC/WETH 3000"
STABLE = "uniswap_v4 DAI/USDC 100"
ETHER_POOL = "uniswap_v4 ETH/USDC 500"
HOOKED = "uniswap_v4 USDC/WETH 3000 hooked"
AMOUNTS = {"WETH": 3 * ETHER, "USDC": 5_000 * 10**6, "DAI": 7_000 * ETHER}
QUOTE = f"quoteExactInputSingle(({POOL_KEY},bool,uint128,bytes))"
# After a swap, with a delta of its own: what a hook may do stands in its address.
TAKING = "0x" + "00" * 16 + "badc0044"
PRICE_ONE = 1 << 96

Key = tuple[str, str, int, int, str]


@lru_cache(maxsize=1)
def _contracts() -> dict[str, Artifact]:
    return compile_files(["tests/contracts/solidity/AccountVenues.sol"])


def key(desk: Desk, pool: str) -> Key:
    """The pool's key."""
    currency0, currency1, fee, spacing, hooks = key_of(desk.record(pool))
    return str(currency0), str(currency1), int(fee), int(spacing), str(hooks)


def swap(of: Key, sold: Address, amount: int | None = None) -> V4Swap:
    """The hop on the pool of that key."""
    lower, upper, hooks = to_address(of[0]), to_address(of[1]), to_address(of[4])
    return V4Swap(lower, upper, of[2], of[3], hooks, sold == lower, amount)


def quoted(desk: Desk, of: Key, sold: Address, amount: int) -> int:
    """What Uniswap's own quoter says that the pool gives."""
    quoter = desk.book.contracts["uniswap_v4_quoter"]
    return ask(desk, quoter, QUOTE, (of, sold == to_address(of[0]), amount, b""))


def take(bought: Address, amount: int | None = None) -> V4Take:
    """To the router; what the last step gave unless an amount is named."""
    return V4Take(bought, Recipient.ROUTER, amount)


def pay(amount: int) -> V4Settle:
    """In the settlement token."""
    return V4Settle(Payer.SETTLEMENT, amount)


def manager(desk: Desk) -> Address:
    """The PoolManager."""
    return to_address(desk.book.contracts["uniswap_v4_pool_manager"])


@pytest.mark.parametrize(
    ("pool", "sold", "bought"),
    [(MIDDLE, "WETH", "USDC"), (MIDDLE, "USDC", "WETH"), (STABLE, "DAI", "USDC"), (HOOKED, "WETH", "USDC")],
)
def test_the_router_gets_what_the_quoter_says(desk: Desk, pool: str, sold: str, bought: str) -> None:
    amount, asset, wanted = AMOUNTS[sold], token(desk, sold), token(desk, bought)
    desk.node.set_erc20_balance(asset, desk.router, amount)
    expected = quoted(desk, key(desk, pool), asset, amount)
    before = held(desk, wanted)
    steps = V4Unlock((swap(key(desk, pool), asset, amount), take(wanted), pay(amount)))
    execute(desk, steps, gift(desk, asset, amount), settlement=sold)
    assert held(desk, wanted) - before == expected > 0


def test_base_runs_the_same_steps(base_desk: Desk) -> None:
    usdc, amount, of = token(base_desk, "USDC"), AMOUNTS["USDC"], key(base_desk, ETHER_POOL)
    base_desk.node.set_erc20_balance(usdc, base_desk.router, amount)
    expected = quoted(base_desk, of, usdc, amount)
    steps = V4Unlock((swap(of, usdc, amount), take(NATIVE), pay(amount)))
    execute(base_desk, steps, gift(base_desk, usdc, amount), settlement="USDC")
    assert held(base_desk, NATIVE) == expected > 0


def test_the_chains_own_coin_comes_out(desk: Desk) -> None:
    usdc, amount, of = token(desk, "USDC"), AMOUNTS["USDC"], key(desk, ETHER_POOL)
    desk.node.set_erc20_balance(usdc, desk.router, amount)
    expected = quoted(desk, of, usdc, amount)
    execute(
        desk,
        V4Unlock((swap(of, usdc, amount), take(NATIVE), pay(amount))),
        gift(desk, usdc, amount),
        settlement="USDC",
    )
    assert held(desk, NATIVE) == expected > 0


def sell_ether(desk: Desk, amount: int) -> tuple[Step, int]:
    """The chain's own coin, which somebody gives, for dollars; and how many."""
    usdc, of = token(desk, "USDC"), key(desk, ETHER_POOL)
    paid = V4Settle(Payer.TRACKED, amount, NATIVE)
    unlock = V4Unlock((swap(of, NATIVE, amount), take(usdc), paid))
    return tracking(NATIVE, gift(desk, NATIVE, amount), unlock), quoted(desk, of, NATIVE, amount)


def test_the_chains_own_coin_goes_in(desk: Desk) -> None:
    steps, expected = sell_ether(desk, ETHER)
    execute(desk, steps)
    assert held(desk, token(desk, "USDC")) == expected > 0
    assert held(desk, NATIVE) == 0


def test_a_currency_that_somebody_left_synced_does_not_stop_a_payment_in_the_own_coin(desk: Desk) -> None:
    operator = to_address(Placer(desk.node).deploy(_contracts()["CarelessOperator"]))
    desk.send(OWNER, "allowOperator(address,bool)", operator, True)
    steps, expected = sell_ether(desk, ETHER)
    usdc = token(desk, "USDC")
    call = abi.encode_call(
        "run(address,address,address,bytes)", manager(desk), usdc, desk.router, plan(steps)
    )
    desk.node.send(STRANGER, operator, call, gas=3_000_000)
    assert held(desk, usdc) == expected


def test_hops_in_one_unlock_net_out(desk: Desk) -> None:
    """The coin for dollars for WETH: the dollars never move."""
    usdc, weth, amount = token(desk, "USDC"), token(desk, "WETH"), ETHER
    dollars = quoted(desk, key(desk, ETHER_POOL), NATIVE, amount)
    expected = quoted(desk, key(desk, MIDDLE), usdc, dollars)
    before = held(desk, weth)
    unlock = V4Unlock(
        (
            swap(key(desk, ETHER_POOL), NATIVE, amount),
            swap(key(desk, MIDDLE), usdc),
            take(weth),
            V4Settle(Payer.TRACKED, amount, NATIVE),
        )
    )
    execute(desk, tracking(NATIVE, gift(desk, NATIVE, amount), unlock))
    assert held(desk, weth) - before == expected > 0
    assert held(desk, usdc) == 0


def test_a_trade_on_account_needs_no_money_of_its_own(desk: Desk) -> None:
    """Dollars go from the manager straight to a pair, whose WETH pays the manager."""
    weth, usdc, amount = token(desk, "WETH"), token(desk, "USDC"), 10 * ETHER
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
    there = V4Take(usdc, Recipient.NEXT_POOL)
    unlock = V4Unlock((swap(key(desk, MIDDLE), weth, amount), there, home, pay(amount)))
    dollars = quoted(desk, key(desk, MIDDLE), weth, amount)
    reserves = desk.node.call(pair.address, abi.encode_call("getReserves()"))
    dollar_reserve, ether_reserve = (int.from_bytes(reserves[at : at + 32], "big") for at in (0, 32))
    back = dollars * 997 * ether_reserve // (dollar_reserve * 1000 + dollars * 997)
    assert back > amount
    desk.execute(plan(unlock, minimum=back - amount))
    assert held(desk, weth) == back - amount


@pytest.mark.parametrize("literal", [True, False])
def test_what_is_taken_goes_to_whom_the_step_names(desk: Desk, literal: bool) -> None:
    weth, usdc, amount = token(desk, "WETH"), token(desk, "USDC"), AMOUNTS["WETH"]
    expected = quoted(desk, key(desk, MIDDLE), weth, amount)
    taken = V4Take(usdc, Recipient.EXPLICIT, expected if literal else None, RECEIVER)
    steps = V4Unlock((swap(key(desk, MIDDLE), weth, amount), taken, pay(amount)))
    execute(desk, steps, gift(desk, weth, amount))
    assert held(desk, usdc, RECEIVER) == expected


def test_a_payment_leaves_the_last_amount_as_it_was(desk: Desk) -> None:
    """So that one may pay before one takes."""
    weth, usdc, amount = token(desk, "WETH"), token(desk, "USDC"), AMOUNTS["WETH"]
    expected = quoted(desk, key(desk, MIDDLE), weth, amount)
    steps = V4Unlock((swap(key(desk, MIDDLE), weth, amount), pay(amount), take(usdc)))
    execute(desk, steps, gift(desk, weth, amount))
    assert held(desk, usdc) == expected


def refused(desk: Desk, *steps: Step, settlement: str = "WETH") -> str:
    """The innermost reason for which the plan is undone."""
    with pytest.raises(Reverted) as error:
        desk.simulate(plan(*steps, settlement=settlement))
    return error.value.reason.name


def test_a_debt_left_open_undoes_all(desk: Desk) -> None:
    weth, amount = token(desk, "WETH"), AMOUNTS["WETH"]
    hop = swap(key(desk, MIDDLE), weth, amount)
    assert refused(desk, V4Unlock((hop, take(token(desk, "USDC"))))) == "CurrencyNotSettled"
    assert refused(desk, V4Unlock((hop, take(token(desk, "USDC")), pay(amount - 1)))) == "CurrencyNotSettled"


def test_a_credit_left_open_undoes_all(desk: Desk) -> None:
    """Also where the pool ran dry and took less than it was offered."""
    weth, usdc = token(desk, "WETH"), token(desk, "USDC")
    hop, amount = swap(key(desk, MIDDLE), weth, AMOUNTS["WETH"]), AMOUNTS["WETH"]
    assert refused(desk, V4Unlock((hop, take(usdc, 5), pay(amount)))) == "CurrencyNotSettled"
    flood = 10**9 * 10**6
    hand(desk, usdc, desk.router, flood)
    steps = V4Unlock((swap(key(desk, STABLE), usdc, flood), take(token(desk, "DAI")), pay(flood)))
    assert refused(desk, steps, settlement="USDC") == "CurrencyNotSettled"


def test_steps_outside_an_unlock_find_the_manager_locked(desk: Desk) -> None:
    weth = token(desk, "WETH")
    assert refused(desk, swap(key(desk, MIDDLE), weth, ETHER)) == "ManagerLocked"
    assert refused(desk, take(weth, 1)) == "ManagerLocked"
    assert refused(desk, pay(1)) == "ManagerLocked"


def test_there_is_one_unlock_at_a_time(desk: Desk) -> None:
    assert refused(desk, V4Unlock((V4Unlock(()),))) == "AlreadyUnlocked"


def test_only_the_settlement_token_and_tracked_tokens_pay(desk: Desk) -> None:
    usdc = token(desk, "USDC")
    hand(desk, usdc, desk.router, 10**9)
    assert refused(desk, V4Unlock((V4Settle(Payer.TRACKED, 10**9, usdc),))) == "TokenNotTracked"
    desk.node.set_balance(desk.router, ETHER)
    assert refused(desk, V4Unlock((V4Settle(Payer.TRACKED, ETHER, NATIVE),))) == "TokenNotTracked"


def test_a_tracked_token_that_pays_must_come_back(desk: Desk) -> None:
    usdc, weth, amount = token(desk, "USDC"), token(desk, "WETH"), AMOUNTS["USDC"]
    hand(desk, usdc, desk.router, amount)
    hop = swap(key(desk, MIDDLE), usdc, amount)
    unlock = V4Unlock((hop, take(weth), V4Settle(Payer.TRACKED, amount, usdc)))
    assert refused(desk, Track(usdc, (unlock,))) == "TrackedTokenFell"
    execute(desk, Track(usdc, (unlock, gift(desk, usdc, amount))))


@pytest.fixture
def taxed(desk: Desk) -> Key:
    """A pool of USDC and WETH whose hook takes a tenth of every output."""
    return open_pool(desk, 10)


def open_pool(desk: Desk, percent: int) -> Key:
    """A pool at a price of one with a hook that takes its share of each output."""
    place, node = Placer(desk.node), desk.node
    place.construct_at(TAKING, _contracts()["TakingHook"], "(address,uint256)", manager(desk), percent)
    usdc, weth = desk.book.tokens["USDC"], desk.book.tokens["WETH"]
    of = (usdc, weth, 3000, 60, TAKING)
    node.send(TREASURY, manager(desk), abi.encode_call(f"initialize({POOL_KEY},uint160)", of, PRICE_ONE))
    file = "foundry-out/PoolModifyLiquidityTest.sol/PoolModifyLiquidityTest.default.json"
    provider = place.deploy(artifacts.load(UNISWAP_V4, file), "(address)", manager(desk))
    for asset in (usdc, weth):
        node.send(TREASURY, asset, abi.encode_call("approve(address,uint256)", provider, 2**256 - 1))
    signature = f"modifyLiquidity({POOL_KEY},(int24,int24,int256,bytes32),bytes)"
    position = (-600, 600, 10**15, bytes(32))
    node.send(TREASURY, provider, abi.encode_call(signature, of, position, b""))
    return of


def test_what_a_hook_takes_is_not_counted_as_given(desk: Desk, taxed: Key) -> None:
    usdc, weth, amount = token(desk, "USDC"), token(desk, "WETH"), 10**9
    hop = swap(taxed, weth, amount)
    expected = quoted(desk, taxed, weth, amount)
    assert 0 < expected < amount * 91 // 100
    execute(desk, V4Unlock((hop, take(usdc), pay(amount))), gift(desk, weth, amount))
    assert held(desk, usdc) == expected
    assert held(desk, usdc, TAKING) > 0


def test_a_hook_that_takes_more_than_the_pool_gives_undoes_all(desk: Desk) -> None:
    """What is left of the output then is a debt."""
    usdc, weth, amount = token(desk, "USDC"), token(desk, "WETH"), 10**9
    greedy = open_pool(desk, 120)
    hop = swap(greedy, weth, amount)
    assert refused(desk, V4Unlock((hop, take(usdc), pay(amount)))) == "CurrencyNotSettled"


def test_a_hook_that_reaches_for_the_router_finds_it_closed(desk: Desk, taxed: Key) -> None:
    """Its turn is in the middle of our unlock, when nobody is due to call back; an operator's rights change
    nothing.
    """
    desk.send(OWNER, "allowOperator(address,bool)", TAKING, True)
    weth, amount = token(desk, "WETH"), 10**9
    hop = swap(taxed, weth, amount)
    data = b"\x02" + bytes.fromhex(desk.book.tokens["WETH"][2:])
    for call in (
        abi.encode_call("unlockCallback(bytes)", data),
        abi.encode_call("withdraw(address,address,uint256)", weth, TAKING, 1),
        plan(),
    ):
        desk.node.send(STRANGER, TAKING, abi.encode_call("scheme(address,bytes)", desk.router, call))
        with pytest.raises(Reverted):
            desk.simulate(plan(V4Unlock((hop, take(token(desk, "USDC")), pay(amount)))))


def test_the_counting_hook_was_called(desk: Desk) -> None:
    """Else the hooked pool of the first test would prove nothing."""
    hook, pool_id = desk.book.contracts["uniswap_v4_counting_hook"], desk.record(HOOKED).pool_id
    counted = "beforeSwapCount(bytes32)"
    before = ask(desk, hook, counted, bytes.fromhex(str(pool_id)[2:]))
    weth, amount = token(desk, "WETH"), AMOUNTS["WETH"]
    unlock = V4Unlock((swap(key(desk, HOOKED), weth, amount), take(token(desk, "USDC")), pay(amount)))
    execute(desk, unlock, gift(desk, weth, amount))
    assert ask(desk, hook, counted, bytes.fromhex(str(pool_id)[2:])) == before + 1
