"""Callbacks answer only to the one pool or lender that the running plan has just called."""

from __future__ import annotations

import pytest

from devnet import abi
from devnet.node import ETHER
from devnet.place import Placer
from executor.domain.address import Address, to_address
from executor.plan.encoding import encode_plan
from executor.plan.format import Payer, Recipient, V3Amount, V3CallbackKind
from executor.plan.steps import DecodedPlan, Header, Step, V3Swap
from tests.support.routers import FOREVER, OPERATOR, OWNER, STRANGER, Desk, Reverted, test_contracts

V3 = "uniswapV3SwapCallback(int256,int256,bytes)"
PANCAKE = "pancakeV3SwapCallback(int256,int256,bytes)"
V2 = "uniswapV2Call(address,uint256,uint256,bytes)"
AAVE = "executeOperation(address,uint256,uint256,address,bytes)"
BALANCER = "receiveFlashLoan(address[],uint256[],uint256[],bytes)"


def callback_calls(desk: Desk) -> dict[str, bytes]:
    weth = desk.book.tokens["WETH"]
    # What the router itself would have put in: paid by the router in WETH, with a generous cap.
    data = bytes([Payer.SETTLEMENT]) + bytes.fromhex(weth[2:]) + (10 * ETHER).to_bytes(16, "big")
    return {
        V3: abi.encode_call(V3, ETHER, -ETHER, data),
        PANCAKE: abi.encode_call(PANCAKE, ETHER, -ETHER, data),
        V2: abi.encode_call(V2, desk.router, ETHER, 0, data),
        AAVE: abi.encode_call(AAVE, weth, ETHER, 0, desk.router, data),
        BALANCER: abi.encode_call(BALANCER, [weth], [ETHER], [0], data),
    }


@pytest.mark.parametrize("signature", [V3, PANCAKE, V2, AAVE, BALANCER])
def test_a_stranger_who_calls_a_callback_gets_nothing(desk: Desk, signature: str) -> None:
    with pytest.raises(Reverted) as refused:
        desk.call(callback_calls(desk)[signature], sender=STRANGER)
    assert refused.value.reason.name == "CallbackNotRegistered"


@pytest.mark.parametrize("signature", [V3, PANCAKE, V2, AAVE, BALANCER])
@pytest.mark.parametrize("role", [OWNER, OPERATOR])
def test_not_even_owner_or_operator_may_call_a_callback(desk: Desk, signature: str, role: str) -> None:
    with pytest.raises(Reverted) as refused:
        desk.call(callback_calls(desk)[signature], sender=role)
    assert refused.value.reason.name == "CallbackNotRegistered"


def test_a_stranger_cannot_make_a_real_lender_lend_to_the_router(desk: Desk) -> None:
    """The Vault and the Aave pool let anyone name any receiver: the router must refuse what it did not
    start.
    """
    weth = desk.book.tokens["WETH"]
    loans = {
        desk.book.contracts["aave_v3_pool"]: abi.encode_call(
            "flashLoanSimple(address,address,uint256,bytes,uint16)", desk.router, weth, ETHER, b"\x00" * 17, 0
        ),
        desk.book.contracts["balancer_v2_vault"]: abi.encode_call(
            "flashLoan(address,address[],uint256[],bytes)", desk.router, [weth], [ETHER], b"\x00" * 17
        ),
    }
    for lender, call in loans.items():
        with pytest.raises(Reverted) as refused:
            desk.call(call, sender=STRANGER, to=lender)
        assert refused.value.reason.name == "CallbackNotRegistered"


def test_a_stranger_cannot_make_a_real_pair_flash_swap_into_the_router(desk: Desk) -> None:
    pair = desk.book.pool("uniswap_v2 USDC/WETH").address
    call = abi.encode_call("swap(uint256,uint256,address,bytes)", 0, ETHER, desk.router, b"\x00" * 17)
    with pytest.raises(Reverted) as refused:
        desk.call(call, sender=STRANGER, to=pair)
    assert refused.value.reason.name == "CallbackNotRegistered"


TRICKS = {
    "AskTooMuch": (1, "PaymentOverCap"),
    "CallBackTwice": (2, "CallbackNotRegistered"),
    "ChangeData": (3, "CallbackNotRegistered"),
    "NeverCallBack": (4, "CallbackMissing"),
    "WrongSelector": (5, "CallbackNotRegistered"),
    "KeepAll": (0, "ProfitBelowMinimum"),
}


@pytest.fixture
def evil_pool(desk: Desk) -> Address:
    return to_address(Placer(desk.node).deploy(test_contracts()["EvilPool"]))


def swap_on(pool: Address, *inside: Step) -> bytes:
    step = V3Swap(
        pool,
        True,
        V3CallbackKind.UNISWAP,
        V3Amount.EXACT_IN,
        Payer.SETTLEMENT,
        Recipient.ROUTER,
        amount=ETHER,
        continuation=inside,
    )
    return encode_plan(DecodedPlan(Header(0, FOREVER, 1), (step,)))


def set_trick(
    desk: Desk, pool: Address, trick: int, target: str = "0x" + "00" * 20, data: bytes = b""
) -> None:
    desk.node.send(STRANGER, pool, abi.encode_call("set(uint8,address,bytes)", trick, target, data))


@pytest.mark.parametrize("trick", TRICKS)
def test_a_false_pool_that_a_lured_operator_names_cannot_take_inventory(
    desk: Desk, evil_pool: Address, trick: str
) -> None:
    number, error = TRICKS[trick]
    set_trick(desk, evil_pool, number)
    before = desk.balance("WETH")
    with pytest.raises(Reverted) as refused:
        desk.simulate(swap_on(evil_pool))
    assert refused.value.reason.name == error
    assert desk.balance("WETH") == before


def test_a_false_pool_cannot_enter_again_through_the_operator_while_its_callback_is_due(
    desk: Desk, evil_pool: Address
) -> None:
    """The operator is a contract here, so that a pool could reach `execute` through it in the middle of a
    swap.
    """
    accomplice = Placer(desk.node).deploy(test_contracts()["OperatorContract"])
    desk.send(OWNER, "allowOperator(address,bool)", accomplice, True)
    again = abi.encode_call("call(address,bytes)", desk.router, swap_on(evil_pool))
    set_trick(desk, evil_pool, 6, accomplice, again)
    with pytest.raises(Reverted) as refused:
        desk.call(
            abi.encode_call("call(address,bytes)", desk.router, swap_on(evil_pool)),
            sender=STRANGER,
            to=accomplice,
        )
    assert refused.value.reason.name == "AlreadyRunning"
