"""A10: whoever gets a turn in the middle of a plan, of a withdrawal or of a payment tries to enter again:
pools of every shape, tokens with hooks, hooks of Uniswap V4, receivers of the chain's own coin.

The one who enters is even an operator, as a stolen account with code of its own would be.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from devnet import abi
from devnet.node import ETHER
from executor.domain.address import Address, to_address
from executor.plan.batch import BatchEntry, encode_batch
from executor.plan.encoding import encode_plan
from executor.plan.format import Payer, Recipient, V2CallbackKind, V2Output
from executor.plan.header import Tip
from executor.plan.simulated import simulation_of
from executor.plan.steps import (
    CurveExchange,
    DecodedPlan,
    DodoV2Swap,
    ERC4626Deposit,
    Header,
    MakerPSMSwap,
    SolidlySwap,
    Step,
    Track,
    UnwrapNative,
    V2FlashSwap,
    V2Swap,
    V4Unlock,
)
from tests.attacks.callbacks import SWAPS, calls, loan_data, swap_data
from tests.attacks.scene import MAX, THIEF, allowances, holdings, nothing_lost, refused, sent
from tests.attacks.thieves import (
    Act,
    accomplice,
    hook_token,
    pair_of,
    plot,
    pretend,
    refusal,
    turns,
)
from tests.contracts.schemes import place as place_pool
from tests.contracts.schemes import plan_of, v2_through, v3_through
from tests.contracts.venues.hops import gift, token
from tests.contracts.venues.test_uniswap_v4 import TAKING, open_pool, pay, swap, take
from tests.support.routers import FOREVER, OPERATOR, OWNER, Desk

AMOUNT = 5 * ETHER


def intrusions(desk: Desk, thief: str) -> list[Act]:
    """All that somebody might try who has a turn."""
    weth, router = desk.book.tokens["WETH"], desk.router
    plan = plan_of(v3_through(to_address(thief), AMOUNT))
    entered = [
        plan,
        plan_of(settlement=1),
        encode_batch([BatchEntry(plan_of(), 300_000)], all_or_nothing=True),
        simulation_of(plan_of()),
        abi.encode_call("withdraw(address,address,uint256)", weth, thief, MAX),
        abi.encode_call("withdrawNative(address,uint256)", thief, MAX),
        abi.encode_call("setPrimaryOperator(address)", thief),
        abi.encode_call("allowOperator(address,bool)", THIEF, True),
        abi.encode_call("setPauser(address)", thief),
        abi.encode_call("setSettlementToken(address)", thief),
        abi.encode_call("transferOwnership(address)", thief),
        abi.encode_call("acceptOwnership()"),
        abi.encode_call("pause()"),
        abi.encode_call("unpause()"),
        # A step as the extension would get it.
        bytes(96) + Track(to_address(weth), ()).encode(),
    ]
    parts = [Act(part, call) for part in desk.parts.values() if part != router for call in entered[2:5]]
    pulled = abi.encode_call("transferFrom(address,address,uint256)", router, thief, 1)
    called_back = calls(desk, AMOUNT, router, loan=loan_data(desk, AMOUNT)).values()
    return [*(Act(router, call) for call in (*entered, *called_back)), *parts, Act(weth, pulled)]


@pytest.fixture
def thief(desk: Desk) -> Address:
    """An accomplice that is an operator."""
    contract = accomplice(desk)
    desk.send(OWNER, "allowOperator(address,bool)", contract, True)
    return contract


def v3_door(desk: Desk, thief: Address) -> tuple[Step, ...]:
    """It calls back as it must in the end."""
    return (v3_through(thief, 0),)


def flash_door(desk: Desk, thief: Address) -> tuple[Step, ...]:
    """Likewise, for a pair."""
    return (V2FlashSwap(thief, True, V2Output.LITERAL, (), amount_out=0, callback=V2CallbackKind.UNISWAP),)


def v2_door(desk: Desk, thief: Address) -> tuple[Step, ...]:
    """A pair that is called without a registration."""
    return (v2_through(thief, 0),)


def solidly_door(desk: Desk, thief: Address) -> tuple[Step, ...]:
    """A pool of the Solidly shape."""
    pretend(desk, thief, "getAmountOut(uint256,address)", "(uint256)", 1)
    weth = to_address(desk.book.tokens["WETH"])
    return (SolidlySwap(thief, True, weth, Payer.NONE, Recipient.ROUTER, amount_in=0),)


def curve_door(desk: Desk, thief: Address) -> tuple[Step, ...]:
    """A pool that could pull, and is allowed nothing."""
    usdc = to_address(desk.book.tokens["USDC"])
    return (CurveExchange(thief, 0, 1, usdc, Payer.SETTLEMENT, Recipient.ROUTER, amount_in=0),)


def dodo_door(desk: Desk, thief: Address) -> tuple[Step, ...]:
    """A pool of DODO."""
    usdc = to_address(desk.book.tokens["USDC"])
    return (DodoV2Swap(thief, True, usdc, Payer.NONE, Recipient.ROUTER),)


def vault_door(desk: Desk, thief: Address) -> tuple[Step, ...]:
    """A vault of ERC-4626."""
    pretend(desk, thief, "balanceOf(address)", "(uint256)", 0)
    return (ERC4626Deposit(thief, Payer.SETTLEMENT, Recipient.ROUTER, amount_in=0),)


def peg_module_door(desk: Desk, thief: Address) -> tuple[Step, ...]:
    """A peg stability module, which is allowed nothing."""
    usdc = to_address(desk.book.tokens["USDC"])
    return (MakerPSMSwap(thief, 12, usdc, Payer.SETTLEMENT, Recipient.ROUTER, amount_in=0),)


def token_door(desk: Desk, thief: Address) -> tuple[Step, ...]:
    """A token with hooks, which a real pair sells."""
    token = hook_token(desk)
    pair = pair_of(desk, token, "WETH", 10**24, 1_000 * ETHER)
    sent(desk, THIEF, abi.encode_call("listen(address)", thief), to=token)
    weth = to_address(desk.book.tokens["WETH"])
    zero_for_one = int(weth, 16) < int(token, 16)
    buys = V2Swap(
        pair,
        zero_for_one,
        Payer.SETTLEMENT,
        Recipient.ROUTER,
        V2Output.COMPUTED,
        fee_bps=30,
        amount_in=ETHER,
    )
    return buys, gift(desk, weth, ETHER)


def hook_door(desk: Desk, thief: Address) -> tuple[Step, ...]:
    """A hook of a real V4 pool, in the middle of the router's own unlock."""
    usdc, weth, amount = (*(to_address(desk.book.tokens[it]) for it in ("USDC", "WETH")), 10**9)
    key = open_pool(desk, 10)
    sent(desk, THIEF, abi.encode_call("scheme(address,bytes)", thief, b"\x01"), to=TAKING)
    return V4Unlock((swap(key, weth, amount), take(usdc), pay(amount))), gift(desk, weth, amount)


DOORS: dict[str, Callable[[Desk, Address], tuple[Step, ...]]] = {
    "a V2 pair": v2_door,
    "a V2 pair of a flash swap": flash_door,
    "a V3 pool": v3_door,
    "a Solidly pool": solidly_door,
    "a Curve pool": curve_door,
    "a pool of DODO": dodo_door,
    "a vault": vault_door,
    "a peg module": peg_module_door,
    "a token with hooks": token_door,
    "a V4 hook": hook_door,
}


def promise(desk: Desk, door: str) -> tuple[tuple[Act, ...], bytes]:
    """The callback that a pool at some of the doors must make in the end, and what it answers."""
    if door == "a V3 pool":
        call = abi.encode_call(SWAPS[0], 0, 0, swap_data(desk, 0))
    elif door == "a V2 pair of a flash swap":
        call = calls(desk, 0, desk.router, loan=loan_data(desk, 0, flags=2)[:21])[
            "uniswapV2Call(address,uint256,uint256,bytes)"
        ]
    else:
        return (), b""
    return (Act(desk.router, call, must=True),), bytes(64)


WITH_CALLBACK = ("a V3 pool", "a V2 pair of a flash swap")


@pytest.mark.parametrize(
    ("door", "paid"), [*((door, False) for door in DOORS), *((door, True) for door in WITH_CALLBACK)]
)
def test_whoever_has_a_turn_in_a_plan_enters_nowhere(
    desk: Desk, thief: Address, door: str, paid: bool
) -> None:
    """Before the callback that it must make, where it must, and after it (`paid`)."""
    steps = DOORS[door](desk, thief)
    kept, answer = promise(desk, door)
    tried = intrusions(desk, thief)
    acts = (*kept, *tried) if paid else (*tried, *kept)
    plot(desk, thief, *acts, answer=answer)
    with nothing_lost(desk, thief):
        sent(desk, OPERATOR, plan_of(*steps), gas=12_000_000)
        had, done = turns(desk, thief)
        assert had > 0
        assert done == len(kept)


def test_a_receiver_of_a_tip_enters_nowhere(desk: Desk, thief: Address) -> None:
    """It has little gas: so it tries one thing in each plan."""
    weth = to_address(desk.book.tokens["WETH"])
    tip = Tip(10_000, 0, thief)
    plan = encode_plan(DecodedPlan(Header(0, FOREVER, 0, tip=tip), (gift(desk, weth, ETHER),)))
    with nothing_lost(desk, thief):
        for act in intrusions(desk, thief)[:14]:
            plot(desk, thief, act)
            with desk.node.isolated():
                sent(desk, OPERATOR, plan)
                assert turns(desk, thief)[1] == 0


def test_a_receiver_of_the_owners_withdrawal_has_no_rights_of_the_owners(desk: Desk, thief: Address) -> None:
    """No plan is running then, so that an operator may run one: it loses nothing either."""
    acts = [act for act in intrusions(desk, thief) if act.data[:4] not in allowed_to_operators()]
    plot(desk, thief, *acts, Act(desk.router, plan_of()))
    with nothing_lost(desk, thief, gas_of=[OWNER]):
        withdraw = abi.encode_call("withdrawNative(address,uint256)", thief, 0)
        sent(desk, OWNER, withdraw, gas=12_000_000)
        assert turns(desk, thief) == (1, 1)


def allowed_to_operators() -> tuple[bytes, ...]:
    """What an operator may call while no plan is running."""
    names = ("execute()", "simulate()", "executeBatch((uint64,bytes)[],bool)")
    return tuple(abi.selector(name) for name in names)


def test_a_thief_who_has_the_operators_role_taken_away_in_mid_plan_gains_nothing(
    desk: Desk, thief: Address
) -> None:
    """The owner is an account of several signers, who have agreed to replace the operator; anybody may carry
    that out, and the thief does so in the operator's own plan. No plan of his runs inside it even then, not
    one that would do nothing.
    """
    signers = place_pool(desk, "SignersAccount")
    desk.send(OWNER, "transferOwnership(address)", signers)
    for agreed in (
        abi.encode_call("acceptOwnership()"),
        abi.encode_call("setPrimaryOperator(address)", thief),
    ):
        agree = abi.encode_call("agree(address,bytes)", desk.router, agreed)
        sent(desk, THIEF, agree, to=signers)
    carry_out = abi.encode_call("carryOut()")
    sent(desk, THIEF, carry_out, to=signers)
    keeper = place_pool(desk, "Schemer")
    thefts = [
        plan_of(),
        plan_of(settlement=1),
        encode_batch([BatchEntry(plan_of(), 300_000)], all_or_nothing=True),
        simulation_of(plan_of()),
        plan_of(v2_through(keeper, AMOUNT)),
        plan_of(v2_through(keeper, 10**9), settlement=1),
        plan_of(Track(token(desk, "DAI"), (v2_through(keeper, 10**18, token=token(desk, "DAI")),))),
        encode_plan(
            DecodedPlan(
                Header(0, FOREVER, 0, tip=Tip(10_000, 0, to_address(THIEF))), (v2_through(keeper, 1),)
            )
        ),
    ]
    acts = [Act(signers, carry_out, must=True), *(Act(desk.router, plan) for plan in thefts)]
    plot(desk, thief, *acts)
    before, operator = holdings(desk), desk.node.storage(desk.router, 0)
    sent(desk, OPERATOR, plan_of(v2_through(thief, 0)), gas=9_000_000)
    assert turns(desk, thief) == (1, 1)
    assert refusal(desk, thief).name == "AlreadyRunning"
    assert desk.node.storage(desk.router, 0) != operator
    assert holdings(desk) == before
    assert allowances(desk, [thief, keeper]) == {}
    # In a transaction of its own, the first of them comes through.
    plot(desk, thief, Act(desk.router, thefts[0], must=True))
    sent(desk, THIEF, b"\x01", to=thief)


def test_unwrapping_gives_nobody_a_turn_and_keeps_nothing(desk: Desk, thief: Address) -> None:
    """The coin that comes in the middle of a plan is taken from whoever sends it, and from nobody else."""
    weth = to_address(desk.book.tokens["WETH"])
    plot(desk, thief, Act(desk.router, value=1, must=True))
    desk.node.set_balance(thief, 10)
    with nothing_lost(desk, thief):
        sent(desk, OPERATOR, plan_of(UnwrapNative(1), gift(desk, weth, 1), v2_through(thief, 0)))
        assert desk.node.balance(thief) == 9
        assert refused(desk, THIEF, b"", value=1).name == "NativeNotExpected"


def test_a_settlement_token_with_hooks_gives_the_receiver_of_a_payment_no_way_in(
    desk: Desk, thief: Address
) -> None:
    """The owner has set a token that tells its receiver of a payment, and the false pool listens to it."""
    hooked = hook_token(desk, router=10**21)
    desk.send(OWNER, "setSettlementToken(address)", hooked)
    sent(desk, THIEF, abi.encode_call("listen(address)", thief), to=hooked)
    back = Act(hooked, abi.encode_call("transfer(address,uint256)", desk.router, 10**20))
    plot(desk, thief, *intrusions(desk, thief), back)
    with nothing_lost(desk, thief, tokens=[hooked]):
        # It has a turn before the payment and after it, and gives back what it then has; and one as a pool.
        sent(desk, THIEF, abi.encode_call("give(address,uint256)", thief, 10**20), to=hooked)
        sent(desk, OPERATOR, plan_of(v2_through(thief, 10**20), settlement=4), gas=12_000_000)
        had, done = turns(desk, thief)
        assert (had, done) == (3, 2)


def test_a_token_with_hooks_cannot_make_the_owner_withdraw_twice(desk: Desk, thief: Address) -> None:
    hooked = hook_token(desk, router=100)
    sent(desk, THIEF, abi.encode_call("listen(address)", thief), to=hooked)
    again = abi.encode_call("withdraw(address,address,uint256)", hooked, thief, 40)
    plot(desk, thief, Act(desk.router, again))
    desk.send(OWNER, "withdraw(address,address,uint256)", hooked, thief, 40)
    assert turns(desk, thief) == (2, 0)
    assert desk.node.erc20_balance(hooked, desk.router) == 60


def test_a_plan_that_fails_inside_a_transaction_leaves_the_router_free(desk: Desk, thief: Address) -> None:
    """The lock goes with the call that took it: a caller who swallows the failure can run the next plan."""
    plot(desk, thief, Act(desk.router, plan_of(minimum=1)), Act(desk.router, plan_of(), must=True))
    with nothing_lost(desk, thief):
        sent(desk, THIEF, b"\x01", to=thief)
        assert turns(desk, thief) == (1, 1)
