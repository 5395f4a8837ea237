"""What owner, operators and pauser can do, and how roles move. (Who cannot do what: tests/attacks, A34.)"""

from __future__ import annotations

import pytest
from eth_hash.auto import keccak

from devnet import abi
from devnet.node import ETHER
from devnet.place import Placer
from executor.domain.deployment import Part
from executor.plan.encoding import encode_plan
from executor.plan.steps import DecodedPlan, Header
from tests.support.routers import (
    FOREVER,
    OPERATOR,
    OWNER,
    PAUSER,
    STRANGER,
    Desk,
    Reverted,
    test_contracts,
)

SECOND = "0x" + "77" * 20
EMPTY_PLAN = encode_plan(DecodedPlan(Header(0, FOREVER, 0), ()))


def test_explorers_find_the_control_part_and_no_code_can_name_them_another(desk: Desk) -> None:
    """EIP-1967 and ERC-897 agree; the number of the slot stands in no code that is ever run again."""
    slot = f"0x{int.from_bytes(keccak(b'eip1967.proxy.implementation'), 'big') - 1:064x}"
    control = desk.parts[Part.CONTROL]
    assert int(desk.node.rpc("eth_getStorageAt", desk.router, slot, "latest"), 16) == int(control, 16)
    assert desk.view("implementation()", "(address)") == control.lower()
    assert desk.view("proxyType()", "(uint256)") == 1
    for address in desk.parts.values():
        assert bytes.fromhex(slot[2:]) not in desk.node.code(address)


def test_a_further_operator_may_execute_until_it_is_disallowed_and_not_while_paused(desk: Desk) -> None:
    desk.send(OWNER, "allowOperator(address,bool)", SECOND, True)
    assert desk.view("isOperator(address)", "(bool)", SECOND)
    assert desk.simulate(EMPTY_PLAN, sender=SECOND) == 0
    desk.send(PAUSER, "pause()")
    with pytest.raises(Reverted, match="Paused"):
        desk.simulate(EMPTY_PLAN, sender=SECOND)
    desk.send(OWNER, "unpause()")
    desk.send(OWNER, "allowOperator(address,bool)", SECOND, False)
    with pytest.raises(Reverted, match="NotOperator"):
        desk.simulate(EMPTY_PLAN, sender=SECOND)


def test_pausing_outlives_a_change_of_the_primary_operator(desk: Desk) -> None:
    desk.send(PAUSER, "pause()")
    desk.send(OWNER, "setPrimaryOperator(address)", SECOND)
    assert desk.view("paused()", "(bool)") is True
    with pytest.raises(Reverted, match="Paused"):
        desk.simulate(EMPTY_PLAN, sender=SECOND)
    with pytest.raises(Reverted, match="NotOperator"):
        desk.simulate(EMPTY_PLAN, sender=OPERATOR)


def test_nobody_is_an_operator_by_being_the_zero_address(desk: Desk) -> None:
    desk.send(OWNER, "setPrimaryOperator(address)", "0x" + "00" * 20)
    with pytest.raises(Reverted, match="NotOperator"):
        desk.simulate(EMPTY_PLAN, sender="0x" + "00" * 20)
    assert desk.view("isOperator(address)", "(bool)", "0x" + "00" * 20) is False


def test_ownership_moves_only_when_the_new_owner_accepts(desk: Desk) -> None:
    desk.send(OWNER, "transferOwnership(address)", SECOND)
    assert desk.view("owner()", "(address)") == OWNER.lower()
    with pytest.raises(Reverted, match="NotPendingOwner"):
        desk.call(abi.encode_call("acceptOwnership()"), sender=STRANGER)
    desk.send(SECOND, "acceptOwnership()")
    assert desk.view("owner()", "(address)") == SECOND
    with pytest.raises(Reverted, match="NotOwner"):
        desk.call(abi.encode_call("unpause()"), sender=OWNER)


def test_nobody_accepts_an_offer_that_was_not_made(desk: Desk) -> None:
    for sender in (OWNER, OPERATOR, PAUSER, STRANGER, "0x" + "00" * 20):
        with pytest.raises(Reverted, match="NotPendingOwner"):
            desk.call(abi.encode_call("acceptOwnership()"), sender=sender)


def test_an_offer_of_ownership_can_be_taken_back(desk: Desk) -> None:
    desk.send(OWNER, "transferOwnership(address)", SECOND)
    desk.send(OWNER, "transferOwnership(address)", "0x" + "00" * 20)
    with pytest.raises(Reverted, match="NotPendingOwner"):
        desk.call(abi.encode_call("acceptOwnership()"), sender=SECOND)


@pytest.mark.parametrize("paused", [False, True], ids=["running", "paused"])
@pytest.mark.parametrize("symbol", ["WETH", "USDC", "DAI", "USDT", "STA"])
def test_the_owner_takes_home_any_token_paused_or_not(desk: Desk, symbol: str, paused: bool) -> None:
    token = desk.book.tokens[symbol]
    desk.node.set_erc20_balance(token, desk.router, 10**6)
    if paused:
        desk.send(PAUSER, "pause()")
    desk.send(OWNER, "withdraw(address,address,uint256)", token, SECOND, 2**256 - 1)
    assert desk.node.erc20_balance(token, desk.router) == 0
    assert desk.node.erc20_balance(token, SECOND) > 0


def test_the_owner_takes_home_eth_that_was_forced_in(desk: Desk) -> None:
    desk.node.set_balance(desk.router, 3 * ETHER)
    desk.send(OWNER, "withdrawNative(address,uint256)", SECOND, ETHER)
    desk.send(OWNER, "withdrawNative(address,uint256)", SECOND, 2**256 - 1)
    assert desk.node.balance(desk.router) == 0
    assert desk.node.balance(SECOND) == 3 * ETHER


def test_a_receiver_that_refuses_eth_is_named(desk: Desk) -> None:
    desk.node.set_balance(desk.router, ETHER)
    picky = Placer(desk.node).deploy(test_contracts()["PickyReceiver"])
    with pytest.raises(Reverted, match="NativeTransferFailed"):
        desk.call(abi.encode_call("withdrawNative(address,uint256)", picky, ETHER), sender=OWNER)


def test_tokens_that_do_not_move_or_revert_do_not_pass_as_withdrawn(desk: Desk) -> None:
    place = Placer(desk.node)
    for habit, error in ((0, "NothingWithdrawn"), (1, None), (2, "Error")):
        token = place.deploy(test_contracts()["OddToken"], "(uint8)", habit)
        desk.node.send(STRANGER, token, abi.encode_call("give(address,uint256)", desk.router, 10))
        call = abi.encode_call("withdraw(address,address,uint256)", token, SECOND, 10)
        if error is None:
            desk.call(call, sender=OWNER)
            continue
        with pytest.raises(Reverted, match=error):
            desk.call(call, sender=OWNER)


@pytest.mark.parametrize("answer_bytes", [0, 1, 32, 64])
def test_the_owner_takes_home_a_token_that_moves_whatever_it_answers(desk: Desk, answer_bytes: int) -> None:
    token = Placer(desk.node).deploy(test_contracts()["OddlyAnsweringToken"], "(uint256)", answer_bytes)
    desk.node.send(STRANGER, token, abi.encode_call("give(address,uint256)", desk.router, 10))
    desk.send(OWNER, "withdraw(address,address,uint256)", token, SECOND, 10)
    assert desk.node.erc20_balance(token, SECOND) == 10


def test_a_token_that_answers_with_a_flood_is_taken_home_at_a_bounded_price(desk: Desk) -> None:
    token = Placer(desk.node).deploy(test_contracts()["OddlyAnsweringToken"], "(uint256)", 100_000)
    desk.node.send(STRANGER, token, abi.encode_call("give(address,uint256)", desk.router, 10))
    desk.send(OWNER, "withdraw(address,address,uint256)", token, SECOND, 2**256 - 1)
    assert desk.node.erc20_balance(token, SECOND) == 10


def test_an_address_without_code_is_no_token(desk: Desk) -> None:
    call = abi.encode_call("withdraw(address,address,uint256)", "0x" + "99" * 20, SECOND, 10)
    with pytest.raises(Reverted, match="BalanceUnreadable"):
        desk.call(call, sender=OWNER)


def test_the_deployed_code_is_under_the_limit_and_says_its_version(desk: Desk) -> None:
    assert len(desk.node.code(desk.router)) < 24_576
    assert desk.view("version()", "(string)") == "2"
