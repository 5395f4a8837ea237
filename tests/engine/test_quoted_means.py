"""Who would pay, as a quote tells it: both lenders where two pay together, with what both of them ask."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from rich.console import Console

from executor.domain.opportunity import Opportunity
from executor.domain.route import Funding, PayerName, SizedRoute
from executor.engine.market import Market
from executor.engine.quoted_means import means_of, pays
from executor.engine.quoting import Quote
from executor.operations.quote import as_dict, table
from executor.policy.profit import profit_of
from tests.engine.test_priced_loans import AAVE, market, short_ones, taken

ANY = Opportunity("any", "ethereum")
MORPHO_THEN_AAVE = (PayerName(Funding.MORPHO_BLUE), PayerName(Funding.AAVE_V3))


async def paid_by_two(at: Market) -> SizedRoute:
    """The trade of that market, which two lenders pay."""
    sized = await taken(at)
    assert sized is not None and sized.second is not None
    assert sized.second.premium > 0
    return sized


def quote(sized: SizedRoute, at: Market) -> Quote:
    profit = profit_of(sized, gas=200_000, fees=at.fees, rate=at.prices.rate, l1_fee=0)
    means = tuple(means_of(ANY, sized, at))
    return Quote(at.head, sized, (), means, profit, at.prices.settlement_usd, None, None)


@pytest.mark.parametrize("one_could", [False, True], ids=["neither could alone", "one could alone"])
async def test_of_two_lenders_both_are_told_with_what_they_ask_together(one_could: bool) -> None:
    free, dear = short_ones(5)
    at = market(free, AAVE if one_could else dear)
    sized = await paid_by_two(at)
    means = means_of(ANY, sized, at)
    assert means[0].payers == MORPHO_THEN_AAVE
    assert means[0].premium == sized.premiums > 0
    assert means[0].gas > 0
    assert [each for each in means if pays(each, sized)] == [means[0]]
    assert len({each.payers for each in means}) == len(means)


async def test_of_two_pairs_with_one_first_lender_one_alone_is_the_one_taken() -> None:
    free, dear = short_ones(5)
    at = market(free, dear, replace(dear, funding=Funding.SPARK, rate=20))
    sized = await paid_by_two(at)
    with_morpho = [each for each in means_of(ANY, sized, at) if each.payers[0] == MORPHO_THEN_AAVE[0]]
    assert len([each for each in with_morpho if not each.problem]) == 2
    assert [each.payers for each in with_morpho if pays(each, sized)] == [MORPHO_THEN_AAVE]


async def test_why_a_lender_cannot_pay_alone_is_told_though_it_pays_with_another() -> None:
    at = market(*short_ones(5))
    sized = await paid_by_two(at)
    told = {each.payers: each.problem for each in means_of(ANY, sized, at)}
    assert "can lend" in told[MORPHO_THEN_AAVE[:1]]
    assert not told[MORPHO_THEN_AAVE]


async def test_a_quote_shows_both_lenders_to_people_and_to_programs() -> None:
    at = market(*short_ones(5))
    sized = await paid_by_two(at)
    found = quote(sized, at)
    told: Any = as_dict(found)
    console = Console(width=200)
    with console.capture() as text:
        console.print(table(found))
    assert told["means"][0]["funding"] == "morpho_blue"
    assert told["means"][0]["second"] == {"funding": "aave_v3", "pool": None}
    assert told["means"][0]["premium"] == told["premium"] == str(sized.premiums)
    assert text.get().count("(taken)") == 1
    assert "morpho_blue and aave_v3 (taken)" in text.get()
