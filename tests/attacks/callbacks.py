"""Every name by which a pool or lender calls back, as the calldata that a thief would send."""

from __future__ import annotations

from devnet import abi
from executor.plan.format import Payer
from tests.support.routers import Desk

SWAPS = tuple(
    f"{name}(int256,int256,bytes)"
    for name in (
        "uniswapV3SwapCallback",
        "pancakeV3SwapCallback",
        "algebraSwapCallback",
        "solidlyV3SwapCallback",
    )
)
PAIRS = tuple(f"{name}(address,uint256,uint256,bytes)" for name in ("uniswapV2Call", "pancakeCall", "hook"))
FLASHES = tuple(
    f"{name}(uint256,uint256,bytes)"
    for name in ("uniswapV3FlashCallback", "pancakeV3FlashCallback", "algebraFlashCallback")
)
AAVE = "executeOperation(address,uint256,uint256,address,bytes)"
ERC3156 = "onFlashLoan(address,address,uint256,uint256,bytes)"
BALANCER_V2 = "receiveFlashLoan(address[],uint256[],uint256[],bytes)"
BALANCER_V3 = ("onBalancerV3Loan()", "onBalancerV3Unlock()")
MORPHO = "onMorphoFlashLoan(uint256,bytes)"
UNISWAP_V4 = "unlockCallback(bytes)"
UNKNOWN = (
    "DVMFlashLoanCall(address,uint256,uint256,bytes)",
    "DPPFlashLoanCall(address,uint256,uint256,bytes)",
    "DSPFlashLoanCall(address,uint256,uint256,bytes)",
    "BiswapCall(address,uint256,uint256,bytes)",
    "swapV2Call(address,uint256,uint256,bytes)",
    "ramsesV2SwapCallback(int256,int256,bytes)",
    "swapCallback(int256,int256,bytes)",
    "swapX2YCallback(uint256,uint256,bytes)",
    "uniswapV3MintCallback(uint256,uint256,bytes)",
    "callFunction(address,(address,uint256),bytes)",
    "executeOperation(address[],uint256[],uint256[],address,bytes)",
    "executeOperation(address,uint256,uint256,bytes)",
    "onVatDaiFlashLoan(address,uint256,uint256,bytes)",
    "onMorphoSupply(uint256,bytes)",
    "lockAcquired(bytes)",
    "tokensReceived(address,address,address,uint256,bytes,bytes)",
)
"""Callbacks of other protocols and forks, which the router takes for nothing."""


def swap_data(desk: Desk, cap: int, symbol: str = "WETH", payer: Payer = Payer.SETTLEMENT) -> bytes:
    """What the router itself writes for a pool of the V3 shape that it will pay at most `cap`."""
    return bytes([payer]) + bytes.fromhex(desk.book.tokens[symbol][2:]) + cap.to_bytes(16, "big")


def loan_data(desk: Desk, amount: int, symbol: str = "WETH", steps: bytes = b"", flags: int = 0) -> bytes:
    """What the router itself writes for a lender of `amount`, which it will repay at most."""
    token, amounts = bytes.fromhex(desk.book.tokens[symbol][2:]), 2 * amount.to_bytes(16, "big")
    return bytes([flags]) + token + amounts + steps


def aave_data(desk: Desk, amount: int, symbol: str = "WETH", steps: bytes = b"") -> bytes:
    """The same for a market of the Aave V3 shape, which names itself what it lent."""
    cap, length = amount.to_bytes(16, "big"), len(steps).to_bytes(2, "big")
    return b"\0" + bytes.fromhex(desk.book.tokens[symbol][2:]) + cap + length + steps


def calls(
    desk: Desk, amount: int, initiator: str, *, swap: bytes | None = None, loan: bytes | None = None
) -> dict[str, bytes]:
    """Each callback that the router knows, asking for `amount` of its WETH, in data of its own shape unless
    other data are given; `initiator` is who is said to have asked for a loan.
    """
    weth = desk.book.tokens["WETH"]
    of_swap = swap_data(desk, amount) if swap is None else swap
    of_loan = loan_data(desk, amount) if loan is None else loan
    found = {name: abi.encode_call(name, amount, -amount, of_swap) for name in SWAPS}
    found |= {name: abi.encode_call(name, initiator, amount, 0, of_loan) for name in PAIRS}
    found |= {name: abi.encode_call(name, 0, 0, of_loan) for name in FLASHES}
    of_aave = aave_data(desk, amount) if loan is None else loan
    found[AAVE] = abi.encode_call(AAVE, weth, amount, 0, initiator, of_aave)
    found[ERC3156] = abi.encode_call(ERC3156, initiator, weth, amount, 0, of_loan)
    found[BALANCER_V2] = abi.encode_call(BALANCER_V2, [weth], [amount], [0], of_loan)
    found[MORPHO] = abi.encode_call(MORPHO, amount, of_loan)
    found[UNISWAP_V4] = abi.encode_call(UNISWAP_V4, of_loan)
    return found | {name: abi.selector(name) + of_loan for name in BALANCER_V3}
