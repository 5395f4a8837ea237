"""A3: somebody who really holds a loan forwards its callback to the router, word for word.

The calldata are a genuine lender's; only the caller is not the lender.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pytest
from eth_utils.crypto import keccak

from devnet import abi
from devnet.node import ETHER
from executor.domain.address import Address
from tests.attacks.callbacks import loan_data
from tests.attacks.scene import THIEF, nothing_lost, sent
from tests.attacks.thieves import Act, act_through, plot, refusal, turns
from tests.attacks.thieves import accomplice as place_accomplice
from tests.support.routers import Desk

AMOUNT = 5 * ETHER
FEES = ETHER
MAX = 2**256 - 1
APPROVE, TRANSFER = "approve(address,uint256)", "transfer(address,uint256)"


@dataclass(frozen=True)
class Borrowing:
    """A real loan of the thief's: how it starts, what its callback must do besides, and what it must answer.

    `refusal` is what the router says to the callback that is forwarded to it.
    """

    lender: str
    start: bytes
    before: tuple[Act, ...] = ()
    after: tuple[Act, ...] = ()
    answer: bytes = b""
    refusal: str = "CallbackNotRegistered"


def borrowings(desk: Desk, thief: Address, data: bytes) -> Mapping[str, Borrowing]:
    """Loans of WETH (of DAI from Maker) that the thief takes for himself."""
    book, weth, dai = desk.book.contracts, desk.book.tokens["WETH"], desk.book.tokens["DAI"]

    def allow(lender: str, token: str = weth) -> tuple[Act, ...]:
        return (Act(token, abi.encode_call(APPROVE, lender, MAX), must=True),)

    def pay(lender: str, fee: int = 0) -> tuple[Act, ...]:
        return (Act(weth, abi.encode_call(TRANSFER, lender, AMOUNT + fee), must=True),)

    simple = "flashLoanSimple(address,address,uint256,bytes,uint16)"
    erc3156 = "flashLoan(address,address,uint256,bytes)"
    vault2, vault3, manager = (
        book[f"{name}"] for name in ("balancer_v2_vault", "balancer_v3_vault", "uniswap_v4_pool_manager")
    )
    pair, pool = (
        desk.record(f"{name} USDC/WETH{fee}").address
        for name, fee in (("uniswap_v2", ""), ("uniswap_v3", " 3000"))
    )
    accepted = keccak(text="ERC3156FlashBorrower.onFlashLoan")
    take = abi.encode_call("take(address,address,uint256)", weth, thief, AMOUNT)
    send_to = abi.encode_call("sendTo(address,address,uint256)", weth, thief, AMOUNT)
    settle3 = abi.encode_call("settle(address,uint256)", weth, AMOUNT)
    return {
        "aave_v3": Borrowing(
            book["aave_v3_pool"],
            abi.encode_call(simple, thief, weth, AMOUNT, data, 0),
            after=allow(book["aave_v3_pool"]),
            answer=abi.encode("(bool)", True),
        ),
        "balancer_v2": Borrowing(
            vault2,
            abi.encode_call("flashLoan(address,address[],uint256[],bytes)", thief, [weth], [AMOUNT], data),
            after=pay(vault2),
        ),
        "morpho_blue": Borrowing(
            book["morpho_blue"],
            abi.encode_call("flashLoan(address,uint256,bytes)", weth, AMOUNT, data),
            after=allow(book["morpho_blue"]),
        ),
        "maker": Borrowing(
            book["maker_dss_flash"],
            abi.encode_call(erc3156, thief, dai, AMOUNT, data),
            after=allow(book["maker_dss_flash"], dai),
            answer=accepted,
        ),
        "uniswap_v4": Borrowing(
            manager,
            abi.encode_call("unlock(bytes)", data),
            (Act(manager, take, must=True),),
            (
                Act(manager, abi.encode_call("sync(address)", weth), must=True),
                *pay(manager),
                Act(manager, abi.encode_call("settle()"), must=True),
            ),
            abi.encode("(bytes)", b""),
        ),
        "balancer_v3": Borrowing(
            vault3,
            abi.encode_call("unlock(bytes)", abi.selector("onBalancerV3Loan()") + data),
            (Act(vault3, send_to, must=True),),
            (*pay(vault3), Act(vault3, settle3, must=True)),
        ),
        "uniswap_v2": Borrowing(
            pair,
            abi.encode_call("swap(uint256,uint256,address,bytes)", 0, AMOUNT, thief, data),
            after=pay(pair, AMOUNT * 3 // 997 + 1),
        ),
        "uniswap_v3": Borrowing(
            pool,
            abi.encode_call("flash(address,uint256,uint256,bytes)", thief, 0, AMOUNT, data),
            after=pay(pool, AMOUNT * 3 // 1000 + 1),
        ),
        "uniswap_v3 swap": Borrowing(
            pool,
            abi.encode_call("swap(address,bool,int256,uint160,bytes)", thief, False, AMOUNT, 2**159, data),
            after=pay(pool),
        ),
    }


NAMES = (
    "aave_v3",
    "balancer_v2",
    "morpho_blue",
    "maker",
    "uniswap_v4",
    "balancer_v3",
    "uniswap_v2",
    "uniswap_v3",
    "uniswap_v3 swap",
)


@pytest.fixture
def thief(desk: Desk) -> Address:
    """With enough of his own for fees."""
    contract = place_accomplice(desk)
    desk.node.set_erc20_balance(desk.book.tokens["WETH"], contract, AMOUNT + FEES)
    return contract


@pytest.mark.parametrize("name", NAMES)
def test_a_callback_that_its_receiver_forwards_moves_nothing(desk: Desk, thief: Address, name: str) -> None:
    loan = borrowings(desk, thief, loan_data(desk, AMOUNT))[name]
    forward = Act(desk.router, forwards=True)
    plot(desk, thief, *loan.before, forward, *loan.after, answer=loan.answer)
    to, call = act_through(thief, loan.lender, loan.start)
    with nothing_lost(desk, thief):
        sent(desk, THIEF, call, to=to)
    had, done = turns(desk, thief)
    # The loan came through and was paid back; only the router did not answer.
    assert (had, done) == (1, len(loan.before) + len(loan.after))
    assert refusal(desk, thief).name == loan.refusal


def test_the_names_above_are_all_of_the_loans(desk: Desk, thief: Address) -> None:
    assert tuple(borrowings(desk, thief, b"")) == NAMES
