"""Callbacks of lenders answer only to the lender that the running plan has just called."""

from __future__ import annotations

import pytest

from devnet import abi
from devnet.node import ETHER
from tests.contracts.lenders.loans import SOURCES
from tests.contracts.venues.hops import held, token
from tests.support.routers import OPERATOR, OWNER, STRANGER, Desk, Reverted

CALLBACKS = {
    "uniswapV2Call(address,uint256,uint256,bytes)": (STRANGER, ETHER, 0),
    "pancakeCall(address,uint256,uint256,bytes)": (STRANGER, ETHER, 0),
    "hook(address,uint256,uint256,bytes)": (STRANGER, ETHER, 0),
    "uniswapV3FlashCallback(uint256,uint256,bytes)": (ETHER, ETHER),
    "pancakeV3FlashCallback(uint256,uint256,bytes)": (ETHER, ETHER),
    "algebraFlashCallback(uint256,uint256,bytes)": (ETHER, ETHER),
    "unlockCallback(bytes)": (),
    "onMorphoFlashLoan(uint256,bytes)": (ETHER,),
    "onFlashLoan(address,address,uint256,uint256,bytes)": (STRANGER, STRANGER, ETHER, 0),
    "executeOperation(address,uint256,uint256,address,bytes)": (STRANGER, ETHER, 0, STRANGER),
}


def committed(desk: Desk) -> bytes:
    """What the router itself would have written for a loan of one WETH and no steps."""
    return b"\x00" + bytes.fromhex(desk.book.tokens["WETH"][2:]) + 2 * ETHER.to_bytes(16, "big")


def calls(desk: Desk) -> dict[str, bytes]:
    data = committed(desk)
    known = {name: abi.encode_call(name, *arguments, data) for name, arguments in CALLBACKS.items()}
    known["receiveFlashLoan"] = abi.encode_call(
        "receiveFlashLoan(address[],uint256[],uint256[],bytes)", [STRANGER], [ETHER], [0], data
    )
    for name in ("onBalancerV3Loan()", "onBalancerV3Unlock()"):
        known[name] = abi.selector(name) + data
    return known


@pytest.mark.parametrize("sender", [STRANGER, OPERATOR, OWNER], ids=["stranger", "operator", "owner"])
def test_no_callback_is_taken_from_somebody_who_was_not_asked(desk: Desk, sender: str) -> None:
    desk.node.set_erc20_balance(desk.book.tokens["WETH"], desk.router, 9 * ETHER)
    for name, call in calls(desk).items():
        with pytest.raises(Reverted) as refused:
            desk.call(call, sender=sender)
        assert refused.value.reason.name == "CallbackNotRegistered", name


def test_a_callback_without_its_data_is_refused_like_any_other(desk: Desk) -> None:
    """The offset and length that are missing read as zeros, which no registration ever was."""
    for name in CALLBACKS:
        with pytest.raises(Reverted) as refused:
            desk.call(abi.selector(name), sender=STRANGER)
        assert refused.value.reason.name == "CallbackNotRegistered", name


LENT_TO_ANYBODY = {
    "aave_v3": ("flashLoanSimple(address,address,uint256,bytes,uint16)", False),
    "spark": ("flashLoanSimple(address,address,uint256,bytes,uint16)", False),
    "erc3156": ("flashLoan(address,address,uint256,bytes)", True),
}


@pytest.mark.parametrize("name", LENT_TO_ANYBODY)
def test_a_stranger_cannot_make_a_lender_lend_to_the_router(desk: Desk, name: str) -> None:
    """These let anybody name the receiver; the router's money pays no premium for it."""
    desk.node.set_erc20_balance(desk.book.tokens["WETH"], desk.router, 9 * ETHER)
    signature, short = LENT_TO_ANYBODY[name]
    rest: tuple[object, ...] = () if short else (0,)
    call = abi.encode_call(signature, desk.router, desk.book.tokens["WETH"], ETHER, committed(desk), *rest)
    with pytest.raises(Reverted, match="CallbackNotRegistered"):
        desk.call(call, sender=STRANGER, to=SOURCES[name].address(desk))
    assert held(desk, token(desk, "WETH")) == 9 * ETHER


def test_a_stranger_cannot_make_the_vault_lend_to_the_router(desk: Desk) -> None:
    call = abi.encode_call(
        "flashLoan(address,address[],uint256[],bytes)",
        *(desk.router, [desk.book.tokens["WETH"]], [ETHER], committed(desk)),
    )
    with pytest.raises(Reverted, match="CallbackNotRegistered"):
        desk.call(call, sender=STRANGER, to=SOURCES["balancer_v2"].address(desk))


@pytest.mark.parametrize("name", ["uniswap_v2", "pancake_v1"])
def test_a_stranger_cannot_flash_swap_into_the_router(desk: Desk, name: str) -> None:
    signature = "swap(uint256,uint256,address,bytes)"
    call = abi.encode_call(signature, 0, ETHER, desk.router, committed(desk))
    with pytest.raises(Reverted, match="CallbackNotRegistered"):
        desk.call(call, sender=STRANGER, to=SOURCES[name].address(desk))


@pytest.mark.parametrize("name", ["uniswap_v3", "pancake_v3", "algebra", "morpho_blue"])
def test_lenders_that_call_back_whoever_called_them_never_reach_the_router(desk: Desk, name: str) -> None:
    """A stranger without code cannot answer, and the router is not asked."""
    if name == "morpho_blue":
        call = abi.encode_call("flashLoan(address,uint256,bytes)", desk.book.tokens["WETH"], ETHER, b"")
    else:
        call = abi.encode_call("flash(address,uint256,uint256,bytes)", desk.router, 0, ETHER, b"")
    with pytest.raises(Reverted) as refused:
        desk.call(call, sender=STRANGER, to=SOURCES[name].address(desk))
    assert refused.value.reason.name != "CallbackNotRegistered"
    assert held(desk, token(desk, "WETH")) == 0
