"""What borrowed money costs over own money: the same route in the same market, paid from each source."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from benchmarks.building import LENDING_PAIR, LENDING_POOL
from benchmarks.loops import V2_V2, V2_V3, Loop
from benchmarks.market import AMOUNT_IN, OPERATOR, Market
from benchmarks.overhead import plan
from devnet.books import book_of
from executor.domain.address import to_address
from executor.domain.route import Funding
from executor.plan import decode
from executor.plan.encoding import encode_plan
from executor.plan.format import Opcode
from executor.plan.steps import Loan, PoolLoan, Step

Premium = Callable[[int], int]
"""The lender's fee for an amount, both in the smallest unit."""

AAVE_BASIS_POINTS = 5


def free(amount: int) -> int:
    """The fee of a lender that asks for none."""
    return 0


def aave(amount: int) -> int:
    """Five basis points, rounded half up (Aave V3.0, `PercentageMath.percentMul`)."""
    return (amount * AAVE_BASIS_POINTS + 5_000) // 10_000


def erc3156(amount: int) -> int:
    """Nine basis points, rounded down: the local chain's instance of the standard's own reference lender."""
    return amount * 9 // 10_000


def v3_pool(amount: int) -> int:
    """The pool's own fee of 500 millionths, rounded up (`UniswapV3Pool.flash`)."""
    return -(-amount * 500 // 1_000_000)


def v2_pair(amount: int) -> int:
    """What the pair's invariant asks for when the borrowed token itself comes back."""
    return amount * 1000 // 997 + 1 - amount


@dataclass(frozen=True)
class Lender:
    """`pool` is the address book's name of the pool that lends its token1, "" for a lender that the router
    was built with; `variant` tells lenders of one kind apart.
    """

    name: str
    opcode: Opcode
    premium: Premium = free
    variant: int = 0
    pool: str = ""

    def step(self, market: Market, cap: int, inside: tuple[Step, ...]) -> Step:
        """The loan of the measured amount, repaid with at most `cap`."""
        if not self.pool:
            return Loan(self.opcode, AMOUNT_IN, cap, inside, variant=self.variant)
        pool = to_address(book_of(market.node).pool(self.pool).address)
        return PoolLoan(self.opcode, pool, AMOUNT_IN, cap, inside, token1=True)


LENDERS = (
    Lender("aave_v3", Opcode.AAVE_V3_LOAN, aave),
    Lender("spark", Opcode.AAVE_V3_LOAN, aave, variant=1),
    Lender("balancer_v2", Opcode.BALANCER_V2_LOAN),
    Lender("balancer_v3", Opcode.BALANCER_V3_LOAN),
    Lender("morpho", Opcode.MORPHO_BLUE_LOAN),
    Lender("uniswap_v4", Opcode.UNISWAP_V4_LOAN),
    Lender("erc3156", Opcode.ERC3156_LOAN, erc3156),
    Lender("uniswap_v3", Opcode.UNISWAP_V3_LOAN, v3_pool, pool=LENDING_POOL),
    Lender("uniswap_v2", Opcode.UNISWAP_V2_LOAN, v2_pair, pool=LENDING_PAIR),
)


@dataclass(frozen=True)
class FundingFigure:
    """Gas used by one loop paid from `funding`, and what that is `over` own inventory."""

    loop: str
    funding: str
    gas: int
    over: int


def funding_figures(market: Market) -> tuple[FundingFigure, ...]:
    """One V2 and one V3 hop paid from every source; two V2 hops, which have no callback to pay in, from the
    last pair.
    """
    loans = {lender.name: _gas(market, *borrowing(market, V2_V3, lender)) for lender in LENDERS}
    return (
        *_over_own(V2_V3, _free_sources(market, V2_V3) | loans),
        *_over_own(V2_V2, _free_sources(market, V2_V2)),
    )


def borrowing(market: Market, loop: Loop, lender: Lender) -> tuple[bytes, int]:
    """The plan of `loop` with all its steps inside a loan step, and its profit after the lender's fee."""
    fee = lender.premium(AMOUNT_IN)
    sized = market.sized(loop, premium=fee)
    inner = decode(plan(sized))
    steps = lender.step(market, AMOUNT_IN + fee, inner.steps)
    return encode_plan(replace(inner, steps=(steps,))), sized.gross_profit


def _over_own(loop: Loop, gas: dict[str, int]) -> list[FundingFigure]:
    own = gas[Funding.INVENTORY.value]
    return [FundingFigure(loop.name, source, used, used - own) for source, used in gas.items()]


def _free_sources(market: Market, loop: Loop) -> dict[str, int]:
    sized = [market.sized(loop, source) for source in (Funding.INVENTORY, Funding.CALLBACK_CHAIN)]
    return {route.funding.value: _gas(market, plan(route), route.gross_profit) for route in sized}


def _gas(market: Market, calldata: bytes, profit: int) -> int:
    return market.gas(OPERATOR, market.router, calldata, holder=market.router, profit=profit)
