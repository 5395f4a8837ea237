"""Operators that are contracts: what anybody can have them send, in a moment of his choosing."""

from __future__ import annotations

from devnet import abi
from devnet.compiler import compile_files
from devnet.node import Receipt
from devnet.place import Placer
from executor.domain.address import Address, to_address
from tests.attacks.scene import THIEF, sent
from tests.attacks.thieves import Act
from tests.contracts.schemes import place
from tests.support.routers import OWNER, Desk


def keeper(desk: Desk) -> Address:
    """An operator that anybody may have call the router, at whatever moment: the worst that there is."""
    contract = place(desk, "OperatorContract")
    desk.send(OWNER, "allowOperator(address,bool)", contract, True)
    return contract


def triggers(desk: Desk, by: Address, plan: bytes, *, must: bool = False) -> Act:
    """In his turn a thief has the keeper run this plan."""
    return Act(by, abi.encode_call("call(address,bytes)", desk.router, plan), must=must)


def patient_operator(desk: Desk) -> Address:
    """An operator that makes several calls in one transaction, whether they fail or not."""
    code = compile_files(["tests/contracts/solidity/Operators.sol"])["PatientOperator"]
    contract = to_address(Placer(desk.node).deploy(code))
    desk.send(OWNER, "allowOperator(address,bool)", contract, True)
    return contract


def call_all(*calls: bytes, router: str) -> bytes:
    """What has a patient operator make these calls."""
    return abi.encode_call("callAll(address,bytes[])", router, list(calls))


def answers(receipt: Receipt) -> list[tuple[bool, bytes]]:
    """How the calls of a patient operator ended."""
    topic = abi.topic("Answered(bool,bytes)")
    logs = [log for log in receipt["logs"] if log["topics"][0] == topic]
    return [abi.decode("(bool,bytes)", bytes.fromhex(log["data"][2:])) for log in logs]


def ran_all(desk: Desk, operator: Address, *calls: bytes) -> list[tuple[bool, bytes]]:
    """Has a patient operator make these calls in one real transaction; how they ended."""
    data = call_all(*calls, router=desk.router)
    return answers(sent(desk, THIEF, data, to=operator, gas=15_000_000))
