"""A42: a plan that fails in a batch takes something of the others with it.

Their gas, the memory that its return data fill, an allowance, a registration, accounts left open at a
singleton, inventory spent before it failed: one of each kind, between two plans that earn.
"""

from __future__ import annotations

import pytest

from devnet import abi
from devnet.compiler import compile_files
from devnet.node import ETHER, Receipt
from devnet.place import Placer
from executor.chain.receipts import batch_outcomes, parse_receipt
from executor.domain.address import Address, to_address
from executor.plan import decode
from executor.plan.batch import BatchEntry, PlanOutcome, encode_batch
from executor.plan.format import Payer, Recipient, V2Output
from executor.plan.simulated import simulation_of
from executor.plan.steps import CurveExchange, Track, V2FlashSwap, V2Swap, V4Unlock
from tests.attacks.keepers import call_all, patient_operator
from tests.attacks.scene import THIEF, nothing_lost, sent
from tests.attacks.steps import V2_POOL, curve_exchange, loans, pool, v2_swap, v4_swap, v4_unlock
from tests.attacks.thieves import Act, accomplice
from tests.attacks.trades import earning_route, plan_for
from tests.attacks.transients import left_in_transient
from tests.contracts.schemes import place, plan_of, scheme, v3_through
from tests.contracts.test_batch import DAI_LOOP, USDC_LOOP, earning_plan
from tests.contracts.venues.hops import gift, token
from tests.support.routers import OPERATOR, OWNER, Desk

GAS = 900_000
AMOUNT = 3 * ETHER


def hostile(desk: Desk, contract: str, signature: str = "()", *arguments: object) -> Address:
    """A pool that eats gas or floods its answer."""
    code = compile_files(["tests/contracts/solidity/Operators.sol"])[contract]
    return to_address(Placer(desk.node).deploy(code, signature, *arguments))


def silent_pool(desk: Desk) -> Address:
    """A pool that never calls back."""
    silent = place(desk, "EvilPool")
    desk.node.send(THIEF, silent, abi.encode_call("set(uint8,address,bytes)", 4, THIEF, b""))
    return silent


def asking_pool(desk: Desk, amount: int) -> Address:
    """A pool that asks for so much and gives nothing."""
    asking = place(desk, "Schemer")
    scheme(desk, asking, asked=(amount, 0))
    return asking


def lazy_venue(desk: Desk) -> CurveExchange:
    """An exchange that does not pull what it was allowed to."""
    usdc, idle = to_address(desk.book.tokens["USDC"]), accomplice(desk)
    return CurveExchange(idle, 0, 1, usdc, Payer.SETTLEMENT, Recipient.ROUTER, AMOUNT)


def failing(desk: Desk) -> dict[str, tuple[bytes, str]]:
    """Plans that fail, each with something in its hands, and the reason that is reported."""
    usdc = to_address(desk.book.tokens["USDC"])
    keeps = V2Swap(
        asking_pool(desk, 0), True, Payer.TRACKED, Recipient.ROUTER, V2Output.LITERAL, 0, 10**9, 0, token=usdc
    )
    flash = V2FlashSwap(pool(desk, V2_POOL), False, V2Output.LITERAL, (), amount_out=10**6)
    return {
        "spent inventory": (plan_of(v2_swap(desk, AMOUNT)), "ProfitBelowMinimum"),
        "paid a false pool": (plan_of(v3_through(asking_pool(desk, AMOUNT), AMOUNT)), "ProfitBelowMinimum"),
        "a callback that is due": (plan_of(v3_through(silent_pool(desk), AMOUNT)), "CallbackMissing"),
        "an allowance": (plan_of(lazy_venue(desk)), "AllowanceLeft"),
        "an open account": (plan_of(V4Unlock((v4_swap(desk, AMOUNT),))), "CurrencyNotSettled"),
        "a flash swap": (plan_of(flash), "Error"),
        "a loan": (plan_of(loans(desk, AMOUNT, v2_swap(desk, AMOUNT))["aave_v3"]), "ProfitBelowMinimum"),
        "a scope": (plan_of(Track(usdc, (keeps,))), "TrackedTokenFell"),
        "all its gas": (plan_of(v3_through(hostile(desk, "GasEater"), AMOUNT)), "Empty"),
        "a flood": (plan_of(v3_through(hostile(desk, "Flooder", "(uint256)", 300_000), AMOUNT)), ""),
        "a flood for the last gas": (plan_of(v3_through(hostile(desk, "GasEatingFlooder"), AMOUNT)), ""),
    }


KINDS = (
    "spent inventory",
    "paid a false pool",
    "a callback that is due",
    "an allowance",
    "an open account",
    "a flash swap",
    "a loan",
    "a scope",
    "all its gas",
    "a flood",
    "a flood for the last gas",
)


def outcomes(desk: Desk, receipt: Receipt) -> list[PlanOutcome]:
    """What the router's own logs say of each plan."""
    return list(batch_outcomes(parse_receipt(receipt, receipt["transactionHash"]), desk.router))


def batch(*plans: bytes, all_or_nothing: bool = False) -> bytes:
    return encode_batch([BatchEntry(plan, GAS) for plan in plans], all_or_nothing=all_or_nothing)


def test_the_kinds_are_those_that_are_tried(desk: Desk) -> None:
    assert tuple(failing(desk)) == KINDS


def test_all_that_fail_together_take_nothing_from_the_plans_that_earn(desk: Desk) -> None:
    """An earning plan first, in between and last; the failing ones one after the other, all in one batch."""
    bad = failing(desk)
    good = [earning_plan(desk, hops) for hops in (DAI_LOOP, USDC_LOOP)]
    alone = [desk.simulate(plan) for plan in good]
    half = len(KINDS) // 2
    plans = [plan for plan, _ in bad.values()]
    entries = [good[0], *plans[:half], plan_of(present_and_v4(desk)), *plans[half:], good[1]]
    before = desk.balance("WETH")
    with nothing_lost(desk):
        receipt = sent(desk, OPERATOR, batch(*entries), gas=16_700_000)
    told = outcomes(desk, receipt)
    assert [outcome.profit is not None for outcome in told] == [
        True,
        *[False] * half,
        True,
        *[False] * (len(KINDS) - half),
        True,
    ]
    assert [told[0].profit, told[-1].profit] == alone
    gained = sum(outcome.profit or 0 for outcome in told)
    assert desk.balance("WETH") - before == gained > sum(alone)
    reasons = [outcome.reason.name for outcome in told if outcome.reason is not None]
    for (kind, (_, expected)), found in zip(bad.items(), reasons, strict=True):
        # What is left of a flood, cut off, has no name.
        assert found == (expected or "Unknown") or (kind, found) == ("a flood", "Empty")


def present_and_v4(desk: Desk) -> Track:
    """A swap at the V4 manager, which locks only if nothing was left open there before."""
    present = gift(desk, token(desk, "WETH"), 2 * AMOUNT)
    usdc = to_address(desk.book.tokens["USDC"])
    return Track(usdc, (present, v4_unlock(desk, AMOUNT), curve_exchange(desk, AMOUNT // 10)))


@pytest.mark.parametrize("kind", ["a callback that is due", "an allowance", "an open account", "a scope"])
def test_what_a_failed_plan_had_in_its_hands_is_gone_in_the_same_transaction(desk: Desk, kind: str) -> None:
    """Read from the trace, at the end of the batch and before the transaction's."""
    plan, _ = failing(desk)[kind]
    by = patient_operator(desk)
    data = call_all(batch(plan, plan_of(), plan), router=desk.router)
    left, writes = left_in_transient(desk, THIEF, by, data)
    assert left == {}
    assert writes >= 2
    (step,) = decode(plan).steps
    with nothing_lost(desk, str(getattr(step, "pool", THIEF))):
        sent(desk, THIEF, data, to=by)


def test_each_failing_plan_undoes_a_batch_that_is_all_or_nothing(desk: Desk) -> None:
    good = earning_plan(desk, DAI_LOOP)
    with nothing_lost(desk):
        before = desk.balance("WETH")
        for plan, _ in failing(desk).values():
            data = batch(good, plan, all_or_nothing=True)
            hash_ = desk.node.submit(OPERATOR, desk.router, data, gas=8_000_000)
            assert desk.node.wait_for(hash_)["status"] == "0x0"
        assert desk.balance("WETH") == before


def test_a_gas_eater_is_given_no_more_than_its_entry_says_and_never_the_others_share(desk: Desk) -> None:
    eater, good = failing(desk)["all its gas"][0], earning_plan(desk, DAI_LOOP)
    for many in (1, 3):
        with desk.node.isolated():
            receipt = sent(desk, OPERATOR, batch(*[eater] * many, good), gas=16_000_000)
            told = outcomes(desk, receipt)
            assert [outcome.profit is not None for outcome in told] == [*[False] * many, True]
            assert int(receipt["gasUsed"], 16) < (many + 1) * GAS


def test_a_batch_with_too_little_gas_starts_no_plan_that_could_be_starved(desk: Desk) -> None:
    """A third party cannot choose the gas; a relay that lowers it gets the whole batch refused."""
    good = earning_plan(desk, DAI_LOOP)
    data = batch(good, good)
    with nothing_lost(desk):
        for gas in (GAS // 2, GAS, GAS + 50_000):
            hash_ = desk.node.submit(OPERATOR, desk.router, data, gas=gas)
            assert desk.node.wait_for(hash_)["status"] == "0x0", gas


def test_a_pool_in_a_batch_reaches_the_other_plans_by_no_call(desk: Desk) -> None:
    """Its turn is in the middle of the first; an accomplice of the thief's is an operator."""
    found = earning_route(desk)
    helper = place(desk, "OperatorContract")
    desk.send(OWNER, "allowOperator(address,bool)", helper, True)
    inner = (plan_for(found), batch(plan_for(found)), simulation_of(plan_of()))
    acts = [Act(helper, abi.encode_call("call(address,bytes)", desk.router, call)) for call in inner]
    thief = accomplice(desk, *acts)
    turn = V2Swap(thief, True, Payer.NONE, Recipient.ROUTER, V2Output.LITERAL, 0, 0, 0)
    before = desk.balance("WETH")
    with nothing_lost(desk, thief):
        told = outcomes(desk, sent(desk, OPERATOR, batch(plan_of(turn), plan_for(found))))
    own = [outcome.profit for outcome in told]
    assert own[-1] == found.gross_profit
    assert desk.balance("WETH") - before == found.gross_profit
