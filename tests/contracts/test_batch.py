"""`executeBatch`: many plans in one transaction, none of which can take the others down with it."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from devnet import abi
from devnet.compiler import compile_files
from devnet.errors import RpcError
from devnet.market import trade
from devnet.node import ETHER, Receipt
from devnet.place import Placer
from executor.chain.receipts import batch_outcomes, parse_receipt
from executor.domain.address import Address, to_address
from executor.domain.route import Funding
from executor.plan import Tip, encode
from executor.plan.batch import BatchEntry, PlanOutcome, decode_batch_revert, encode_batch
from executor.plan.steps import Track
from tests.contracts.evil_pool import TRICKS, set_trick
from tests.contracts.schemes import Deed, place, plan_of, scheme, v3_through
from tests.contracts.test_execution import sized
from tests.support.routers import FOREVER, OPERATOR, OWNER, STRANGER, Desk, Reverted

GAS = 600_000
TOO_LITTLE = "BatchGasTooLow(uint256,uint256,uint256)"
DAI_LOOP = (("uniswap_v2 DAI/WETH", "WETH"), ("sushi_v2 DAI/WETH", "DAI"))
USDC_LOOP = (("uniswap_v2 USDC/WETH", "WETH"), ("sushi_v2 USDC/WETH", "USDC"))


def earning_plan(desk: Desk, hops: Sequence[tuple[str, str]], *, tip: Tip | None = None) -> bytes:
    """A plan over a gap that somebody has just opened; it asks for all that it gives."""
    route = desk.route("WETH", *hops)
    token = route.legs[0].token_out
    trade(desk.node, desk.record(hops[0][0]), token.address, 400_000 * 10**token.decimals)
    plan = sized(desk, route, 5 * ETHER, Funding.INVENTORY)
    assert plan.gross_profit > 0
    minimum = 0 if tip else plan.gross_profit
    return encode(
        plan,
        settlement_index=0,
        minimum_profit=minimum,
        deadline=FOREVER,
        tip=tip,
        wrapped_native=desk.token("WETH").address,
    )


def hostile(desk: Desk, contract: str, signature: str = "()", *arguments: object) -> Address:
    """A pool of tests/contracts/solidity/Operators.sol."""
    code = compile_files(["tests/contracts/solidity/Operators.sol"])[contract]
    return to_address(Placer(desk.node).deploy(code, signature, *arguments))


def batch(*plans: bytes, gas: int = GAS, all_or_nothing: bool = False) -> bytes:
    return encode_batch([BatchEntry(plan, gas) for plan in plans], all_or_nothing=all_or_nothing)


def outcomes(desk: Desk, receipt: Receipt, entries: Sequence[BatchEntry] = ()) -> list[PlanOutcome]:
    """What the router's own logs say of each plan."""
    parsed = parse_receipt(receipt, receipt["transactionHash"])
    return list(batch_outcomes(parsed, desk.router, entries))


def refusal(desk: Desk, data: bytes, *, sender: str = OPERATOR) -> bytes:
    """The revert data of a batch that is refused as a whole."""
    with pytest.raises(Reverted) as refused:
        desk.call(data, sender=sender)
    return refused.value.data


def test_every_plan_earns_what_it_would_have_earned_alone(desk: Desk) -> None:
    plans = [earning_plan(desk, hops) for hops in (DAI_LOOP, USDC_LOOP)]
    alone = [desk.simulate(plan) for plan in plans]
    before = desk.balance("WETH")
    told = outcomes(desk, desk.execute(batch(*plans)))
    assert told == [PlanOutcome(0, alone[0]), PlanOutcome(1, alone[1])]
    assert desk.balance("WETH") - before == sum(alone)


def test_a_plan_that_fails_is_undone_alone_and_reported_with_its_reason(desk: Desk) -> None:
    first, last = (earning_plan(desk, hops) for hops in (DAI_LOOP, USDC_LOOP))
    stale = plan_of(minimum=1)
    before = desk.balance("WETH")
    told = outcomes(desk, desk.execute(batch(first, stale, first, last)))
    assert [outcome.index for outcome in told] == [0, 1, 2, 3]
    assert [outcome.profit is None for outcome in told] == [False, True, True, False]
    for failed in told[1:3]:
        assert failed.reason is not None
        assert failed.reason.name == "ProfitBelowMinimum"
    assert desk.balance("WETH") - before == sum(outcome.profit or 0 for outcome in told)


def test_all_or_nothing_is_undone_by_the_first_failure_which_is_named(desk: Desk) -> None:
    good = earning_plan(desk, DAI_LOOP)
    before = desk.balance("WETH")
    data = batch(good, plan_of(minimum=1), good, all_or_nothing=True)
    failure = decode_batch_revert(refusal(desk, data), [])
    assert (failure.plan_index, failure.name) == (1, "ProfitBelowMinimum")
    assert desk.balance("WETH") == before
    told = outcomes(desk, desk.execute(batch(good, plan_of(), all_or_nothing=True)))
    assert [outcome.index for outcome in told] == [0, 1]
    assert desk.balance("WETH") > before


def test_the_hop_that_a_plan_failed_at_is_found_in_the_batch(desk: Desk) -> None:
    false_pool = place(desk, "EvilPool")
    set_trick(desk, false_pool, TRICKS["NeverCallBack"][0])
    bad = plan_of(Track(desk.token("USDC").address, ()), v3_through(false_pool, ETHER))
    entries = [BatchEntry(plan_of(), GAS), BatchEntry(bad, GAS)]
    receipt = desk.execute(encode_batch(entries))
    (_, failed) = outcomes(desk, receipt, entries)
    undone = decode_batch_revert(refusal(desk, encode_batch(entries, all_or_nothing=True)), entries)
    for reason in (failed.reason, undone):
        assert reason is not None
        assert (reason.name, reason.hop and reason.hop.pool) == ("CallbackMissing", false_pool)


def test_a_pool_that_burns_gas_gets_no_more_than_its_plan_may_use(desk: Desk) -> None:
    eater = plan_of(v3_through(hostile(desk, "GasEater"), ETHER))
    good = earning_plan(desk, DAI_LOOP)
    honest = int(desk.execute(batch(good, plan_of()))["gasUsed"], 16)
    good = earning_plan(desk, DAI_LOOP)
    receipt = desk.execute(batch(good, eater, gas=400_000))
    told = outcomes(desk, receipt)
    assert [outcome.profit is None for outcome in told] == [False, True]
    assert told[1].reason is not None
    assert told[1].reason.name == "Empty"
    assert int(receipt["gasUsed"], 16) < honest + 400_000


@pytest.mark.parametrize("size", [5_000, 300_000])
def test_a_pool_that_floods_its_answer_does_not_make_the_batch_pay_for_it(desk: Desk, size: int) -> None:
    pool = hostile(desk, "Flooder", "(uint256)", size)
    flood = plan_of(v3_through(pool, ETHER))
    good = earning_plan(desk, DAI_LOOP)
    told = outcomes(desk, desk.execute(batch(flood, good, gas=GAS)))
    assert [outcome.profit is None for outcome in told] == [True, False]
    assert told[0].reason is not None
    if size == 5_000:
        assert told[0].reason.through == (pool,)
    used = [int(desk.node.rpc("eth_estimateGas", request(desk, batch(flood, gas=GAS))), 16)]
    assert used[0] < GAS + GAS // 63 + 70_000


@pytest.mark.parametrize(("size", "told"), [(500, 612), (5_000, 1_024)])
def test_no_more_than_1024_bytes_of_a_reason_are_reported(desk: Desk, size: int, told: int) -> None:
    """612: the bytes of the pool, wrapped in the error that names it."""
    pool = hostile(desk, "Flooder", "(uint256)", size)
    receipt = desk.execute(batch(plan_of(v3_through(pool, ETHER))))
    (log,) = [log for log in receipt["logs"] if log["topics"][0] == abi.topic("PlanFailed(uint256,bytes)")]
    (reason,) = abi.decode("(bytes)", bytes.fromhex(log["data"][2:]))
    assert len(reason) == told


def least_gas(desk: Desk, data: bytes) -> int:
    """The least gas with which a batch is not refused for too little of it."""
    too_little, enough = 30_000, 16_000_000
    while enough - too_little > 1:
        gas = (too_little + enough) // 2
        try:
            desk.node.rpc("eth_call", request(desk, data, gas), "latest")
            enough = gas
        except RpcError as error:
            refused = str(error.data).startswith("0x" + abi.selector(TOO_LITTLE).hex())
            too_little, enough = (gas, enough) if refused else (too_little, gas)
    return enough


@pytest.mark.parametrize("gas", [70_000, 500_000])
def test_whoever_passes_the_check_of_gas_can_report_whatever_happens(desk: Desk, gas: int) -> None:
    hungry = plan_of(v3_through(hostile(desk, "GasEatingFlooder"), ETHER))
    data = batch(*[hungry] * 3, gas=gas)
    receipt = desk.node.send(OPERATOR, desk.router, data, gas=least_gas(desk, data))
    assert [outcome.profit for outcome in outcomes(desk, receipt)] == [None] * 3


@pytest.mark.parametrize("gas", [100_000, 5_000_000])
def test_a_plan_gets_just_the_gas_that_it_was_promised(desk: Desk, gas: int) -> None:
    teller = plan_of(v3_through(hostile(desk, "GasTeller"), ETHER))
    data = batch(teller, gas=gas, all_or_nothing=True)
    reasons = set()
    for given in (least_gas(desk, data), 15_000_000):
        with pytest.raises(RpcError) as refused:
            desk.node.rpc("eth_call", request(desk, data, given), "latest")
        reasons.add(str(refused.value.data))
    assert len(reasons) == 1


def request(desk: Desk, data: bytes, gas: int | None = None) -> dict[str, str]:
    call = {"from": OPERATOR, "to": desk.router, "data": f"0x{data.hex()}"}
    return call if gas is None else {**call, "gas": hex(gas)}


def test_no_plan_starts_without_the_gas_that_it_was_promised(desk: Desk) -> None:
    plans = [earning_plan(desk, hops) for hops in (DAI_LOOP, USDC_LOOP)]
    data = batch(*plans)
    # Pools write their oracles once a block: in the block of the last trade a call would take less.
    desk.node.mine()
    enough = int(desk.node.rpc("eth_estimateGas", request(desk, data)), 16)
    before = desk.balance("WETH")
    for gas in range(enough // 2, enough - 2_000, enough // 40):
        with pytest.raises(RpcError) as refused:
            desk.node.rpc("eth_call", request(desk, data, gas), "latest")
        assert str(refused.value.data).startswith("0x" + abi.selector(TOO_LITTLE).hex())
    # A little more: the estimate is for another second than the block's, in which pools may write more.
    told = outcomes(desk, desk.node.send(OPERATOR, desk.router, data, gas=enough + enough // 20))
    assert [outcome.profit is not None for outcome in told] == [True, True]
    assert desk.balance("WETH") > before


def test_the_nodes_estimate_gives_every_plan_of_a_batch_its_gas(desk: Desk) -> None:
    """Also one that burns all it may use: what comes after it still runs."""
    eater = plan_of(v3_through(hostile(desk, "GasEater"), ETHER))
    data = batch(eater, earning_plan(desk, DAI_LOOP), eater)
    desk.node.mine()
    told = outcomes(desk, desk.node.send(OPERATOR, desk.router, data))
    assert [outcome.profit is None for outcome in told] == [True, False, True]


@pytest.mark.parametrize(
    "call",
    [b"", b"\x61", abi.encode_call("withdraw(address,address,uint256)", STRANGER, STRANGER, 1)],
    ids=["nothing", "one_byte", "withdraw"],
)
def test_only_plans_can_be_batched(desk: Desk, call: bytes) -> None:
    desk.send(OWNER, "allowOperator(address,bool)", OWNER, True)
    rows = [(GAS, plan_of()), (GAS, call)]
    data = abi.encode_call("executeBatch((uint64,bytes)[],bool)", rows, False)
    for sender in (OPERATOR, OWNER):
        assert refusal(desk, data, sender=sender)[:4] == abi.selector("NotAPlan(uint256)")


def test_a_further_operator_may_run_batches_until_it_is_disallowed(desk: Desk) -> None:
    data = batch(plan_of(), plan_of())
    desk.send(OWNER, "allowOperator(address,bool)", STRANGER, True)
    assert int.from_bytes(desk.call(data, sender=STRANGER), "big") == 2
    one_fails = batch(plan_of(), plan_of(minimum=1))
    assert int.from_bytes(desk.call(one_fails, sender=STRANGER), "big") == 1
    desk.send(OWNER, "allowOperator(address,bool)", STRANGER, False)
    assert refusal(desk, data, sender=STRANGER)[:4] == abi.selector("NotOperator(address)")


def test_a_batch_in_the_middle_of_a_plan_runs_nothing(desk: Desk) -> None:
    accomplice = place(desk, "OperatorContract")
    desk.send(OWNER, "allowOperator(address,bool)", accomplice, True)
    schemer = place(desk, "Schemer")
    inner = abi.encode_call("call(address,bytes)", desk.router, batch(plan_of(), plan_of(), gas=200_000))
    scheme(desk, schemer, before=[Deed(accomplice, inner)])
    told = outcomes(desk, desk.execute(batch(plan_of(v3_through(schemer, ETHER)), gas=2_000_000)))
    assert [outcome.profit for outcome in told] == [None, None, 0]
    assert [outcome.reason.name for outcome in told if outcome.reason] == ["AlreadyRunning"] * 2


def test_each_plan_pays_its_own_tip_and_keeps_its_own_minimum(desk: Desk) -> None:
    receiver = to_address("0x" + "5e" * 20)
    plans = [
        earning_plan(desk, hops, tip=Tip(share_bps=5_000, receiver=receiver))
        for hops in (DAI_LOOP, USDC_LOOP)
    ]
    tips = [desk.rehearse(plan).tip for plan in plans]
    told = outcomes(desk, desk.execute(batch(*plans)))
    assert [outcome.profit is None for outcome in told] == [False, False]
    assert desk.node.balance(receiver) == sum(tips) > 0


def test_tokens_tracked_or_callbacks_registered_by_a_failed_plan_are_forgotten_with_it(desk: Desk) -> None:
    broken = plan_of(v3_through(place(desk, "EvilPool"), ETHER), minimum=2**90)
    good = earning_plan(desk, DAI_LOOP)
    told = outcomes(desk, desk.execute(batch(broken, good, broken)))
    assert [outcome.profit is None for outcome in told] == [True, False, True]
