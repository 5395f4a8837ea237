"""The smallest amounts that the owner can take home."""

from __future__ import annotations

import pytest

from devnet import abi
from devnet.place import Placer
from tests.support.routers import OWNER, STRANGER, Desk, Reverted, test_contracts

WITHDRAW = "withdraw(address,address,uint256)"
HOME = "0x" + "c1" * 20


def test_nothing_can_be_taken_home_of_a_token_that_never_moves_and_not_one_unit(desk: Desk) -> None:
    """Nothing is what was asked for in the first case."""
    token = Placer(desk.node).deploy(test_contracts()["OddToken"], "(uint8)", 0)
    desk.node.send(STRANGER, token, abi.encode_call("give(address,uint256)", desk.router, 10))
    desk.call(abi.encode_call(WITHDRAW, token, HOME, 0), sender=OWNER)
    with pytest.raises(Reverted) as refused:
        desk.call(abi.encode_call(WITHDRAW, token, HOME, 1), sender=OWNER)
    assert refused.value.reason.name == "NothingWithdrawn"
    assert refused.value.reason.args == {"token": token.lower(), "amount": 1}
