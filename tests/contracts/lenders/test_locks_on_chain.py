"""What the encoder refuses for its locks really reverts; what shares one unlock would revert in two."""

from __future__ import annotations

from dataclasses import replace

import pytest

from devnet.node import ETHER
from executor.domain.errors import PlanError
from executor.domain.pool import Pool
from executor.domain.route import Funding, SizedRoute
from executor.plan import Meaning, decode_revert, encode
from executor.plan.compile import compile_route
from executor.plan.compile.loans import lent
from executor.plan.encoding import encode_plan
from executor.plan.header import DecodedPlan, Header
from executor.plan.steps import Step
from tests.contracts.venues.test_routes import ROUTES, earns, sized
from tests.support.routers import FOREVER, Desk, Reverted


def borrowed_by_hand(plan: SizedRoute, funding: Funding, pool: Pool | None = None) -> bytes:
    """The loan around the route, as the encoder would write it if it did not look at locks."""
    inside: tuple[Step, ...] = compile_route(replace(plan, funding=Funding.INVENTORY))
    loan = lent(funding, plan.route, plan.amount_in, ETHER // 100, pool, inside)
    return encode_plan(DecodedPlan(Header(0, FOREVER, 0), loan))


def refused(desk: Desk, calldata: bytes) -> Meaning:
    """What the revert means that the plan ends in."""
    with pytest.raises(Reverted) as found:
        desk.simulate(calldata)
    return decode_revert(found.value.data, calldata).meaning


@pytest.mark.parametrize(
    ("shape", "funding"),
    [
        ("Balancer V2, pair", Funding.BALANCER_V2),
        ("forks of V2", Funding.UNISWAP_V2_FLASH),
        ("Algebra, pair", Funding.UNISWAP_V3_FLASH),
    ],
)
def test_a_leg_at_a_lender_that_is_locked_is_refused_before_the_chain_does(
    desk: Desk, shape: str, funding: Funding
) -> None:
    plan = sized(desk, ROUTES[shape])
    pool = plan.route.legs[0].pool if funding is not Funding.BALANCER_V2 else None
    with pytest.raises(PlanError, match="need the same lock"):
        encode(
            replace(plan, funding=funding, lender_pool=pool),
            settlement_index=0,
            minimum_profit=1,
            deadline=FOREVER,
        )
    assert refused(desk, borrowed_by_hand(plan, funding, pool)) is Meaning.LOCK_CLASH


def test_a_v4_loan_and_a_v4_leg_share_one_unlock_since_two_would_clash(desk: Desk) -> None:
    plan = sized(desk, ROUTES["pair, V4"])
    assert refused(desk, borrowed_by_hand(plan, Funding.UNISWAP_V4)) is Meaning.LOCK_CLASH
    earns(desk, replace(plan, funding=Funding.UNISWAP_V4))


def test_a_balancer_v3_loan_and_leg_run_in_one_unlock_or_in_two(desk: Desk) -> None:
    plan = sized(desk, ROUTES["pair, Balancer V3, pair"])
    assert desk.simulate(borrowed_by_hand(plan, Funding.BALANCER_V3)) >= plan.gross_profit
    earns(desk, replace(plan, funding=Funding.BALANCER_V3))
