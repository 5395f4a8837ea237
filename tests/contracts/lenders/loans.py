"""Every lender that the router knows, in one form: how its loan is written and what it asks back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from devnet import abi
from devnet.artifacts import Artifact
from devnet.compiler import compile_files
from devnet.place import Placer
from executor.domain.address import Address, to_address
from executor.plan.format import AaveV3Market, Opcode, V2CallbackKind, V3CallbackKind
from executor.plan.steps import Loan, PoolLoan, Step
from tests.contracts.venues.hops import token
from tests.support.routers import OPERATOR, OWNER, STRANGER, Desk, deploy_another

MILLION = 1_000_000


def none(_: int) -> int:
    """The fee of a lender that takes none."""
    return 0


def half_up(basis_points: int) -> Callable[[int], int]:
    """A fee in basis points, rounded half up."""
    return lambda amount: (amount * basis_points + 5_000) // 10_000


def rounded_down(basis_points: int) -> Callable[[int], int]:
    """A fee in basis points, rounded down."""
    return lambda amount: amount * basis_points // 10_000


def on_top(millionths: int) -> Callable[[int], int]:
    """A V3 pool's fee, rounded up."""
    return lambda amount: -(-amount * millionths // MILLION)


def of_the_whole(millionths: int) -> Callable[[int], int]:
    """A pair's fee, which is taken of what is paid back."""
    return lambda amount: amount * MILLION // (MILLION - millionths) + 1 - amount


@dataclass(frozen=True)
class Source:
    """One lender. `contract` is its name in the address book, or that of its pool; `fee` is what it asks on
    top of an amount.
    """

    opcode: Opcode
    contract: str
    fee: Callable[[int], int] = none
    variant: int = 0
    callback: V3CallbackKind | V2CallbackKind = V3CallbackKind.UNISWAP

    @property
    def of_pool(self) -> bool:
        """Whether a pool lends, which the plan names."""
        return self.opcode in (Opcode.UNISWAP_V2_LOAN, Opcode.UNISWAP_V3_LOAN)

    def address(self, desk: Desk) -> Address:
        """Who lends."""
        if self.of_pool:
            return to_address(desk.record(self.contract).address)
        return to_address(desk.book.contracts[self.contract])

    def loan(
        self,
        desk: Desk,
        symbol: str,
        amount: int,
        *inside: Step,
        cap: int | None = None,
        tracked: bool = False,
    ) -> Step:
        """The step; its cap is just what the lender asks back, unless one is given."""
        most = amount + self.fee(amount) if cap is None else cap
        asset = token(desk, symbol)
        named = asset if tracked else None
        if not self.of_pool:
            return Loan(self.opcode, amount, most, inside, named, self.variant)
        token1 = asset == to_address(desk.record(self.contract).tokens[1])
        pool = self.address(desk)
        return PoolLoan(self.opcode, pool, amount, most, inside, token1, self.callback, named)


SOURCES = {
    "aave_v3": Source(Opcode.AAVE_V3_LOAN, "aave_v3_pool", half_up(5)),
    "spark": Source(Opcode.AAVE_V3_LOAN, "spark_pool", half_up(5), AaveV3Market.SPARK),
    "balancer_v2": Source(Opcode.BALANCER_V2_LOAN, "balancer_v2_vault"),
    "balancer_v3": Source(Opcode.BALANCER_V3_LOAN, "balancer_v3_vault"),
    "morpho_blue": Source(Opcode.MORPHO_BLUE_LOAN, "morpho_blue"),
    "erc3156": Source(Opcode.ERC3156_LOAN, "erc3156_lender_with_fee", rounded_down(9)),
    "uniswap_v4": Source(Opcode.UNISWAP_V4_LOAN, "uniswap_v4_pool_manager"),
    "uniswap_v3": Source(Opcode.UNISWAP_V3_LOAN, "uniswap_v3 USDC/WETH 3000", on_top(3000)),
    "pancake_v3": Source(
        Opcode.UNISWAP_V3_LOAN, "pancake_v3 USDC/WETH 500", on_top(500), callback=V3CallbackKind.PANCAKE
    ),
    # Algebra's fee for `flash` is its own, whatever a swap costs.
    "algebra": Source(
        Opcode.UNISWAP_V3_LOAN, "algebra USDC/WETH 500", on_top(100), callback=V3CallbackKind.ALGEBRA
    ),
    "uniswap_v2": Source(
        Opcode.UNISWAP_V2_LOAN,
        "uniswap_v2 USDC/WETH",
        of_the_whole(3000),
        callback=V2CallbackKind.UNISWAP,
    ),
    "pancake_v1": Source(
        Opcode.UNISWAP_V2_LOAN, "pancake_v1 USDC/WETH", of_the_whole(2000), callback=V2CallbackKind.PANCAKE
    ),
}
"""The lenders of the local mainnet's full tier."""
FREE = ("balancer_v2", "balancer_v3", "morpho_blue", "uniswap_v4")
PULLING = ("aave_v3", "spark", "morpho_blue", "erc3156")


@lru_cache(maxsize=1)
def odd_contracts() -> dict[str, Artifact]:
    """The lender that behaves as it is told, and its friends, by name."""
    return compile_files(["tests/contracts/solidity/OddLender.sol"])


def place(desk: Desk, contract: str, signature: str = "()", *arguments: object) -> Address:
    """Deploy one of them."""
    return to_address(Placer(desk.node).deploy(odd_contracts()[contract], signature, *arguments))


TRICKS = (
    "None",
    "CallBackTwice",
    "ChangeData",
    "NeverCallBack",
    "WrongSelector",
    "WrongInitiator",
    "OtherToken",
    "LendLess",
    "LendNothing",
    "AskMore",
    "NeverPull",
    "Revert",
    "NameMore",
)


def play(desk: Desk, lender: str, trick: str) -> None:
    """Tell the odd lender how to behave from now on."""
    weth, usdc = desk.book.tokens["WETH"], desk.book.tokens["USDC"]
    call = abi.encode_call("set(uint8,address,address)", TRICKS.index(trick), weth, usdc)
    desk.node.send(STRANGER, lender, call)


def desk_of(desk: Desk, **lenders: str) -> Desk:
    """A second router with these lenders, and an operator."""
    other = deploy_another(desk, OWNER, **lenders)
    other.send(OWNER, "setPrimaryOperator(address)", OPERATOR)
    return other
