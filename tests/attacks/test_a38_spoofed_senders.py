"""A38: the sender is made to look like somebody else.

An address behind the calldata, as trusted forwarders put it; an aggregator or a batch in between; and
accounts that delegate their code by EIP-7702: the operator's own, a stranger's that takes on the router's
code, and one that wakes up when it is paid.
"""

from __future__ import annotations

import pytest

from devnet import abi
from devnet.node import ETHER
from executor.domain.address import to_address
from executor.domain.deployment import Part
from executor.plan import Tip, decode
from executor.plan.batch import BatchEntry, encode_batch
from executor.plan.encoding import encode_plan
from executor.plan.format import Payer, Recipient, V2Output
from executor.plan.simulated import simulation_of
from executor.plan.steps import DecodedPlan, Header, Step, Track, V2Swap
from tests.attacks.bytecode import rare_instructions
from tests.attacks.callbacks import AAVE, SWAPS, calls
from tests.attacks.delegation import delegate, new_account, through
from tests.attacks.keepers import keeper
from tests.attacks.scene import MAX, STOCK, THIEF, nothing_lost, place, refused, sent, why_refused
from tests.attacks.steps import turn_of
from tests.attacks.test_a34_role_matrix import ALLOWED, call_of
from tests.attacks.trades import earning_route, plan_for
from tests.contracts.schemes import plan_of
from tests.support.routers import FOREVER, OPERATOR, OWNER, PAUSER, Desk, router_artifacts


def test_an_address_behind_the_calldata_is_not_taken_for_the_sender(desk: Desk) -> None:
    """ERC-2771's way: the sender in the last 20 bytes."""
    with nothing_lost(desk):
        for signature, (_, error) in ALLOWED.items():
            for person in (OWNER, OPERATOR, PAUSER):
                forged = call_of(desk, signature) + bytes.fromhex(person[2:])
                assert why_refused(desk, THIEF, forged).name == error, signature
            assert refused(desk, THIEF, forged).name == error


def test_an_aggregator_in_between_is_the_sender_whoever_calls_it(desk: Desk) -> None:
    """Multicall3 lets everybody call everything: it has no role, not even when the owner uses it."""
    aggregator = desk.book.contracts["multicall3"]
    with nothing_lost(desk, gas_of=[OWNER]):
        for signature, (_, error) in ALLOWED.items():
            call = call_of(desk, signature)
            data = abi.encode_call("tryAggregate(bool,(address,bytes)[])", False, [(desk.router, call)])
            for sender in (THIEF, OPERATOR, OWNER):
                (results,) = abi.decode("((bool,bytes)[])", desk.call(data, sender=sender, to=aggregator))
                ((ok, answer),) = results
                assert not ok
                assert answer[:4] == abi.selector(f"{error}(address)"), signature
            sent(desk, OWNER, data, to=aggregator)


def test_a_batch_makes_nobody_the_sender_of_anything_but_plans(desk: Desk) -> None:
    """It runs its entries by delegatecall, with the operator as sender: only plans may be entries."""
    desk.send(OWNER, "allowOperator(address,bool)", OWNER, True)
    others = [call_of(desk, name) for name in ALLOWED if name != "execute()"]
    others += [simulation_of(plan_of()), *calls(desk, ETHER, desk.router).values()]
    with nothing_lost(desk, gas_of=[OWNER]):
        for call in others:
            entries = [(300_000, plan_of()), (300_000, call)]
            data = abi.encode_call("executeBatch((uint64,bytes)[],bool)", entries, False)
            for sender in (OPERATOR, OWNER):
                assert why_refused(desk, sender, data).name == "NotAPlan"
        assert refused(desk, OPERATOR, data).name == "NotAPlan"


@pytest.mark.parametrize("part", [Part.CONTROL, Part.EXTENSION])
def test_roles_and_steps_never_ask_who_signed_the_transaction(part: Part) -> None:
    assert "ORIGIN" not in rare_instructions(router_artifacts()[part.value])


def test_who_signed_the_transaction_can_only_be_a_reason_to_refuse(desk: Desk) -> None:
    """Whatever he is, a call that comes through somebody else has that one's role; and no plan of another
    operator runs in a transaction that an operator sent, whether or not one runs already.
    """
    relay, by = place(desk, "Copyists.Copyist", "(address)", desk.router), keeper(desk)
    through_keeper = abi.encode_call("call(address,bytes)", desk.router, plan_of())
    desk.send(OWNER, "allowOperator(address,bool)", OWNER, True)
    with nothing_lost(desk, gas_of=[OWNER]):
        for sender in (OPERATOR, OWNER):
            for signature, (_, error) in ALLOWED.items():
                assert why_refused(desk, sender, call_of(desk, signature), to=relay).name == error
            assert refused(desk, sender, through_keeper, to=by).name == "AlreadyRunning"
        sent(desk, THIEF, through_keeper, to=by)


def robberies(desk: Desk, thief: str) -> dict[str, bytes]:
    """What a thief would have an operator's account send."""
    taker, found = to_address(thief), {}
    for index, symbol in enumerate(("WETH", "USDC", "DAI", "USDT", "STA", "sDAI")):
        token, half = to_address(desk.book.tokens[symbol]), STOCK[symbol] // 2
        pay = V2Swap(taker, True, Payer.TRACKED, Recipient.ROUTER, V2Output.LITERAL, 0, half, 0, token=token)
        steps: tuple[Step, ...] = (Track(token, (pay,)),)
        found[f"{symbol}, tracked"] = plan_of(*steps, settlement=0 if index else 1)
        found[f"{symbol}, untracked"] = plan_of(pay, settlement=0 if index else 1)
        if index < 4:
            settled = V2Swap(taker, True, Payer.SETTLEMENT, Recipient.ROUTER, V2Output.LITERAL, 0, half, 0)
            found[f"{symbol}, settled"] = plan_of(settled, settlement=index)
    weth = desk.book.tokens["WETH"]
    found["withdraw"] = abi.encode_call("withdraw(address,address,uint256)", weth, thief, MAX)
    found["native"] = abi.encode_call("withdrawNative(address,uint256)", thief, MAX)
    found["operator"] = abi.encode_call("allowOperator(address,bool)", thief, True)
    found["pull"] = abi.encode_call("transferFrom(address,address,uint256)", OWNER, thief, 1)
    return found


ENDS = {
    "tracked": ("TrackedTokenFell",),
    "untracked": ("TokenNotTracked",),
    "settled": ("ProfitBelowMinimum",),
    "": ("NotOwner", "UnknownFunction"),
}


def test_an_operators_account_that_anybody_commands_gives_nobody_the_inventory(desk: Desk) -> None:
    """The operator has delegated his account to a careless wallet: worth as much as his stolen key."""
    key = new_account(desk)
    desk.send(OWNER, "setPrimaryOperator(address)", key.address)
    delegate(desk, key, place(desk, "Delegates.CarelessWallet"))
    taker = place(desk, "Thieves.Accomplice")
    with nothing_lost(desk, taker):
        # The thief does command the operator's account ...
        sent(desk, THIEF, through(desk.router, plan_of()), to=key.address)
        for name, call in robberies(desk, taker).items():
            # ... and gets nothing by it, alone or in a batch.
            reason = refused(desk, THIEF, through(desk.router, call), to=key.address)
            assert reason.name in ENDS[name.partition(", ")[2]], name
            if name.endswith("settled"):
                batch = encode_batch([BatchEntry(call, 500_000)], all_or_nothing=True)
                refused(desk, THIEF, through(desk.router, batch), to=key.address)


def test_an_operators_account_with_code_runs_honest_plans_as_before(desk: Desk) -> None:
    found = earning_route(desk)
    key = new_account(desk)
    desk.send(OWNER, "setPrimaryOperator(address)", key.address)
    delegate(desk, key, place(desk, "Delegates.CarelessWallet"))
    before = desk.balance("WETH")
    with nothing_lost(desk):
        sent(desk, THIEF, through(desk.router, plan_for(found)), to=key.address)
    assert desk.balance("WETH") - before == found.gross_profit


def test_an_operators_account_that_wakes_up_when_it_is_paid_runs_no_plan_inside_its_plan(desk: Desk) -> None:
    """The tip goes to the operator's own account, whose code calls the router once more."""
    key = new_account(desk)
    desk.send(OWNER, "setPrimaryOperator(address)", key.address)
    delegate(desk, key, place(desk, "Delegates.JumpyWallet"))
    found = earning_route(desk)
    inner = (plan_of(), simulation_of(plan_of()), encode_batch([BatchEntry(plan_of(), 30_000)]))
    callbacks = calls(desk, ETHER, key.address)
    for again in (*inner, callbacks[SWAPS[0]], callbacks[AAVE]):
        with desk.node.isolated():
            tell = abi.encode_call("tell(address,bytes)", desk.router, again)
            sent(desk, THIEF, tell, to=key.address)
            plan = plan_for(
                found, minimum=found.gross_profit // 2, tip=Tip(1_000, 0, to_address(key.address))
            )
            with nothing_lost(desk):
                sent(desk, THIEF, through(desk.router, plan), to=key.address)
            done = desk.node.call(key.address, abi.encode_call("counts()"))
            assert int.from_bytes(done[32:], "big") == 0


@pytest.mark.parametrize("part", list(Part))
def test_a_strangers_account_that_takes_on_a_parts_code_has_none_of_its_roles_or_money(
    desk: Desk, part: Part
) -> None:
    """Its storage is its own, and so is its address: callbacks meant for the router do not go there."""
    key = new_account(desk)
    delegate(desk, key, str(desk.parts[part]))
    weth = desk.book.tokens["WETH"]
    tried = {
        "withdraw": abi.encode_call("withdraw(address,address,uint256)", weth, THIEF, 1),
        "plan": plan_of(),
        "rehearsal": simulation_of(plan_of()),
        "swap": abi.encode_call("swap(uint256,uint256,address,bytes)", 0, 0, THIEF, b""),
        **calls(desk, ETHER, desk.router),
    }
    with nothing_lost(desk, key.address):
        for call in tried.values():
            refused(desk, THIEF, call, to=key.address)
        # Named as a pool in a plan of a lured operator.
        hop = turn_of(to_address(key.address))
        refused(desk, OPERATOR, plan_of(hop))
        assert key.address.lower() not in (str(desk.view("owner()", "(address)")), OPERATOR.lower())


def test_a_receiver_with_delegated_code_reaches_nothing_by_being_paid(desk: Desk) -> None:
    """A stranger's account is the tip's receiver, and calls the router as whoever it pleases."""
    key = new_account(desk)
    delegate(desk, key, place(desk, "Delegates.JumpyWallet"))
    found = earning_route(desk)
    plain = decode(plan_for(found, minimum=found.gross_profit // 2))
    header = Header(0, FOREVER, found.gross_profit // 2, (), Tip(5_000, 0, to_address(key.address)))
    plan = encode_plan(DecodedPlan(header, plain.steps))
    taking = abi.encode_call("withdraw(address,address,uint256)", desk.book.tokens["WETH"], THIEF, 1)
    for data in (taking, plan, abi.encode_call("pause()")):
        with desk.node.isolated():
            sent(desk, THIEF, abi.encode_call("tell(address,bytes)", desk.router, data), to=key.address)
            with nothing_lost(desk):
                sent(desk, OPERATOR, plan)
            counts = desk.node.call(key.address, abi.encode_call("counts()"))
            assert abi.decode("(uint256,uint256)", counts) == (1, 0)
