"""A route's steps, within the loans that fund it."""

from __future__ import annotations

from collections.abc import Mapping

from executor.domain.errors import PlanError
from executor.domain.pool import Pool
from executor.domain.route import OWN_MEANS, POOL_LOANS, Funding, Route
from executor.plan.compile.hops import CALLBACK_KINDS, pair_callback
from executor.plan.format import AaveV3Market, Opcode
from executor.plan.steps import Loan, PoolLoan, Step

Steps = tuple[Step, ...]

LOAN_OPCODES: Mapping[Funding, Opcode] = {
    Funding.AAVE_V3: Opcode.AAVE_V3_LOAN,
    Funding.SPARK: Opcode.AAVE_V3_LOAN,
    Funding.BALANCER_V2: Opcode.BALANCER_V2_LOAN,
    Funding.BALANCER_V3: Opcode.BALANCER_V3_LOAN,
    Funding.MORPHO_BLUE: Opcode.MORPHO_BLUE_LOAN,
    Funding.ERC3156: Opcode.ERC3156_LOAN,
    Funding.UNISWAP_V4: Opcode.UNISWAP_V4_LOAN,
    Funding.UNISWAP_V3_FLASH: Opcode.UNISWAP_V3_LOAN,
    Funding.UNISWAP_V2_FLASH: Opcode.UNISWAP_V2_LOAN,
}


def lent(
    funding: Funding, route: Route, amount: int, premium: int, pool: Pool | None, inside: Steps
) -> Steps:
    """`inside` with `amount` of the settlement token lent for it; at most `premium` more is repaid. A pair is
    repaid exactly that. Own means lend nothing. Raises PlanError.
    """
    if funding in OWN_MEANS:
        return inside
    opcode, cap = LOAN_OPCODES[funding], amount + premium
    if funding in POOL_LOANS:
        return (_of_pool(opcode, route, amount, cap, pool, inside),)
    variant = AaveV3Market.SPARK if funding is Funding.SPARK else 0
    return (Loan(opcode, amount, cap, inside, variant=variant),)


def _of_pool(
    opcode: Opcode, route: Route, amount: int, cap: int, pool: Pool | None, inside: Steps
) -> PoolLoan:
    if pool is None:
        raise PlanError(
            "A loan of a pool needs the pool.", fix="name the pool that lends", field="lender_pool"
        )
    settlement = route.settlement.address
    if settlement not in (pool.token0.address, pool.token1.address):
        raise PlanError(
            f"Pool {pool.address} does not hold {route.settlement.symbol}.",
            fix="name a pool that holds the settlement token",
            field="lender_pool",
        )
    of_v3 = opcode is Opcode.UNISWAP_V3_LOAN
    callback = CALLBACK_KINDS[pool.callback] if of_v3 else pair_callback(pool)
    return PoolLoan(
        opcode, pool.address, amount, cap, inside, token1=settlement == pool.token1.address, callback=callback
    )
