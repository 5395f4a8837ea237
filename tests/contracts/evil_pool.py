"""A pool of a thief's that a lured operator names in a genuine plan, and its tricks."""

from __future__ import annotations

from devnet import abi
from devnet.node import ETHER
from executor.domain.address import Address
from executor.plan.steps import Step
from tests.contracts.schemes import plan_of, v3_through
from tests.support.routers import STRANGER, Desk

TRICKS = {
    "AskTooMuch": (1, "PaymentOverCap"),
    "CallBackTwice": (2, "CallbackNotRegistered"),
    "ChangeData": (3, "CallbackNotRegistered"),
    "NeverCallBack": (4, "CallbackMissing"),
    "WrongSelector": (5, "CallbackNotRegistered"),
    "KeepAll": (0, "ProfitBelowMinimum"),
}
"""By name: the number by which the pool knows it, and how it ends."""


def swap_on(pool: Address, *inside: Step) -> bytes:
    """A plan that pays the pool one WETH in its callback and asks for a profit."""
    return plan_of(v3_through(pool, ETHER, *inside), minimum=1)


def set_trick(
    desk: Desk, pool: Address, trick: int, target: str = "0x" + "00" * 20, data: bytes = b""
) -> None:
    """Tell the pool what to do when it is called."""
    desk.node.send(STRANGER, pool, abi.encode_call("set(uint8,address,bytes)", trick, target, data))
