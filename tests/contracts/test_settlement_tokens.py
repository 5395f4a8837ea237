"""A plan's profit is measured in the token that its index names, in the router as in its control part."""

from __future__ import annotations

import pytest

from executor.plan.encoding import encode_plan
from executor.plan.steps import DecodedPlan, Header
from tests.support.routers import FOREVER, OWNER, Desk, Reverted

LISTED = ("WETH", "USDC", "DAI", "USDT")
OWNERS_PLACE = 4


def measured_in(desk: Desk, index: int) -> object:
    """The token that a plan of this index is refused in, for it promises a unit and earns nothing."""
    with pytest.raises(Reverted) as refused:
        desk.simulate(encode_plan(DecodedPlan(Header(index, FOREVER, 1), ())))
    assert refused.value.reason.name == "ProfitBelowMinimum"
    return refused.value.reason.args["token"]


@pytest.mark.parametrize(("index", "symbol"), list(enumerate(LISTED)))
def test_each_index_names_the_token_that_was_fixed_for_it(desk: Desk, index: int, symbol: str) -> None:
    token = desk.book.tokens[symbol].lower()
    assert str(measured_in(desk, index)).lower() == token
    assert str(desk.view("settlementToken(uint256)", "(address)", index)).lower() == token


def test_the_owners_place_names_the_token_that_the_owner_set_last(desk: Desk) -> None:
    for symbol in ("STA", "DAI"):
        desk.send(OWNER, "setSettlementToken(address)", desk.book.tokens[symbol])
        token = desk.book.tokens[symbol].lower()
        assert str(measured_in(desk, OWNERS_PLACE)).lower() == token
        assert str(desk.view("settlementToken(uint256)", "(address)", OWNERS_PLACE)).lower() == token
