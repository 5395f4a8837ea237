"""To the unit: the gas that a batch asks for or gives to a receiver, and the bytes of a reason it tells."""

from __future__ import annotations

import pytest

from devnet import abi
from executor.domain.address import to_address
from executor.plan import Tip
from executor.plan.encoding import encode_plan
from executor.plan.steps import DecodedPlan, Header
from tests.contracts.schemes import plan_of, v3_through
from tests.contracts.test_batch import batch, refusal
from tests.contracts.test_unreadable_balances import place
from tests.contracts.venues.hops import gift, token
from tests.support.routers import FOREVER, OPERATOR, STRANGER, Desk

REPORTING_GAS = 25_000
RECEIVER_GAS = 50_000
# What a call that brings value adds, and what the first instruction of its receiver costs.
STIPEND, GAS_INSTRUCTION = 2_300, 2
# Keeps the gas that it has at first, and one more than the length of what it was called with.
MEASURER = bytes.fromhex("5a5f5536600101600155" + "00")


@pytest.mark.parametrize("gas", [63, 64 * 63, 500_000, 20_000_000])
def test_a_batch_names_the_gas_that_it_needs(desk: Desk, gas: int) -> None:
    """A call gets at most 63 of 64 parts of what is left, and reporting takes its own."""
    data = batch(plan_of(), plan_of(), gas=10**12 + gas)
    needed = abi.decode("(uint256,uint256,uint256)", refusal(desk, data)[4:])[2]
    assert needed == 10**12 + gas + (10**12 + gas) // 63 + REPORTING_GAS


@pytest.mark.parametrize("all_or_nothing", [False, True])
def test_of_a_long_reason_the_first_1024_bytes_are_told_as_they_are(desk: Desk, all_or_nothing: bool) -> None:
    pool = place(desk, "OutspokenPool")
    said = bytes(1 + n % 251 for n in range(5_000))
    desk.node.send(STRANGER, pool, abi.encode_call("say(bytes)", said), gas=10_000_000)
    data = batch(plan_of(v3_through(pool, 1)), all_or_nothing=all_or_nothing)
    if all_or_nothing:
        _, told = abi.decode("(uint256,bytes)", refusal(desk, data)[4:])
    else:
        (log,) = desk.node.send(OPERATOR, desk.router, data, gas=3_000_000)["logs"]
        (told,) = abi.decode("(bytes)", bytes.fromhex(log["data"][2:]))
    assert told == abi.encode_call("CallFailed(address,bytes)", pool, said)[:1024]


def test_a_receiver_of_a_tip_gets_its_gas_and_no_data(desk: Desk) -> None:
    receiver = to_address("0x" + "5e" * 20)
    desk.node.set_code(receiver, MEASURER)
    present = gift(desk, token(desk, "WETH"), 100)
    tip = Tip(0, 7, receiver)
    desk.execute(encode_plan(DecodedPlan(Header(0, FOREVER, 0, tip=tip), (present,))))
    assert desk.node.balance(receiver) == 7
    assert desk.node.storage(receiver, 0) == RECEIVER_GAS + STIPEND - GAS_INSTRUCTION
    assert desk.node.storage(receiver, 1) == 1
