"""What comes in is checked field by field; a rejection names the field and the fix."""

import json
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from executor.domain.errors import OpportunityError
from executor.domain.execution import Status
from executor.domain.opportunity import Opportunity
from executor.domain.route import Funding
from executor.engine.executor import Executor
from executor.engine.intake import load, parse, problems
from executor.engine.opportunity_schema import opportunity_schema

POOL = "0xB4e16d0168e52d35CaCD2c6185b44281Ec28C9Dc"
OTHER_POOL = "0x397FF1542f962076d0BFE58eA045FfA2d347ACa0"


def high_level(**changes: object) -> dict[str, Any]:
    """A good opportunity of the high-level form, with `changes`; a change to None removes the field."""
    document: dict[str, object] = {
        "opportunity_id": "seen-1",
        "chain": "ethereum",
        "token": "USDC",
        "quote_token": "WETH",
        "buy_dex": "uniswap_v2",
        "sell_dex": "sushiswap_v2",
        **changes,
    }
    return {name: value for name, value in document.items() if value is not None}


def explicit(**changes: object) -> dict[str, Any]:
    document: dict[str, object] = {
        "opportunity_id": "seen-2",
        "chain": "ethereum",
        "legs": [{"pool": POOL, "token_in": "WETH"}, {"pool": OTHER_POOL, "token_in": "USDC"}],
        **changes,
    }
    return {name: value for name, value in document.items() if value is not None}


def with_leg(**changes: object) -> dict[str, Any]:
    return explicit(
        legs=[{"pool": POOL, "token_in": "WETH"}, {"pool": OTHER_POOL, "token_in": "USDC", **changes}]
    )


def test_the_high_level_form_of_a_detector_is_understood() -> None:
    opportunity = parse(load(json.dumps(high_level(amount="1000", estimated_net_profit_usd=12.5))))
    assert (opportunity.token, opportunity.quote_token) == ("USDC", "WETH")
    assert (opportunity.buy_dex, opportunity.sell_dex) == ("uniswap_v2", "sushiswap_v2")
    assert opportunity.amount == 1000
    assert opportunity.estimated_net_profit_usd == Decimal("12.5")
    assert not opportunity.is_explicit


def test_the_explicit_form_is_understood() -> None:
    opportunity = parse(with_leg(dex="sushiswap_v2", fee=3000, kind="uniswap_v2") | {"funding": "aave_v3"})
    assert [leg.pool for leg in opportunity.legs] == [POOL, OTHER_POOL]
    assert (opportunity.legs[1].dex, opportunity.legs[1].fee) == ("sushiswap_v2", 3000)
    assert opportunity.funding is Funding.AAVE_V3
    assert opportunity.is_explicit


def test_a_detectors_estimates_and_metadata_are_accepted_and_ignored() -> None:
    noisy = high_level(estimated_gas={"units": 1.5}, estimated_anything=None, metadata={"seen_at": 1.25})
    noisy["estimated_anything"] = None
    assert parse(noisy) == parse(high_level())


WRONG: list[tuple[str, dict[str, Any], str]] = [
    ("no id", high_level(opportunity_id=None), "opportunity_id"),
    ("an empty id", high_level(opportunity_id=""), "opportunity_id"),
    ("an id of another kind", high_level(opportunity_id=7), "opportunity_id"),
    ("an id with a line break at its end", high_level(opportunity_id="a\n"), "opportunity_id"),
    ("an id with half a character", high_level(opportunity_id="\ud800"), "opportunity_id"),
    ("no chain", high_level(chain=None), "chain"),
    ("no token", high_level(token=None), "token"),
    ("no quote token", high_level(quote_token=None), "quote_token"),
    ("no venue to buy at", high_level(buy_dex=None), "buy_dex"),
    ("no venue to sell at", high_level(sell_dex=None), "sell_dex"),
    ("an amount as a number", high_level(amount=1000), "amount"),
    ("an amount as a fraction", high_level(amount=1.5), "amount"),
    ("an amount with a point", high_level(amount="1.5"), "amount"),
    ("an amount with an exponent", high_level(amount="1e18"), "amount"),
    ("an amount of nothing", high_level(amount="0"), "amount"),
    ("a negative amount", high_level(amount="-1"), "amount"),
    ("an amount in hexadecimal", high_level(amount="0x10"), "amount"),
    ("an amount in other digits", high_level(amount="１"), "amount"),
    ("an amount above 256 bits", high_level(amount=str(2**256)), "amount"),
    ("a funding nobody knows", high_level(funding="piggy_bank"), "funding"),
    ("a deadline as a fraction", high_level(deadline=1.0), "deadline"),
    ("an estimate of words", high_level(estimated_net_profit_usd="much"), "estimated_net_profit_usd"),
    ("an unknown field", high_level(slippage=1), "slippage"),
    ("metadata of another kind", high_level(metadata="x"), "metadata"),
    ("a mix of both forms", explicit(token="USDC"), "token"),
    ("one leg", explicit(legs=[{"pool": POOL, "token_in": "WETH"}]), "legs"),
    ("no legs at all", explicit(legs=[]), "legs"),
    ("legs of another kind", explicit(legs="x"), "legs"),
    ("a leg of another kind", explicit(legs=[{"pool": POOL, "token_in": "WETH"}, 7]), "legs[1]"),
    ("a short pool address", with_leg(pool="0x12"), "legs[1].pool"),
    ("a pool twice", with_leg(pool=POOL.lower()), "legs[1].pool"),
    ("a fee as a fraction", with_leg(fee=3000.0), "legs[1].fee"),
    ("a fee of everything", with_leg(fee=1_000_000), "legs[1].fee"),
    ("a kind nobody knows", with_leg(kind="orderbook"), "legs[1].kind"),
    ("an unknown field of a leg", with_leg(slippage=1), "legs[1].slippage"),
]


@pytest.mark.parametrize(("document", "field"), [row[1:] for row in WRONG], ids=[row[0] for row in WRONG])
def test_a_rejection_names_the_field_and_the_fix(document: dict[str, Any], field: str) -> None:
    found = problems(document)
    assert [problem.field for problem in found] == [field]
    assert found[0].fix
    with pytest.raises(OpportunityError, match=r"Fix: ") as caught:
        parse(document)
    assert caught.value.as_dict()["facts"] == {"field": field}


def test_every_wrong_field_is_named_at_once() -> None:
    found = problems(high_level(token=None, amount=1, slippage=2))
    assert {problem.field for problem in found} == {"token", "amount", "slippage"}


@pytest.mark.parametrize("document", [None, 7, "text", [], [high_level()], 1.5, True])
def test_what_is_not_an_object_is_no_opportunity(document: object) -> None:
    assert [problem.field for problem in problems(document)] == ["$"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "not JSON"),
        ("{", "not JSON"),
        ('{"a": NaN}', "NaN"),
        ('{"a": Infinity}', "Infinity"),
        ('{"amount": "1", "amount": "2"}', "amount: is given twice"),
        ("[" * 100_000, "nested too deep"),
        ("9" * 5000, "not readable"),
        (" " * (1 << 20) + "{}", "keep it under"),
    ],
    ids=lambda value: value[:20],
)
def test_text_that_is_not_json_is_told_so(text: str, told: str) -> None:
    with pytest.raises(OpportunityError) as caught:
        load(text)
    assert told in str(caught.value)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


_NAMES = st.sampled_from([*high_level(), *explicit(), "amount", "funding", "deadline", "metadata", "other"])


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.sampled_from([{}, high_level(), explicit()]), st.dictionaries(_NAMES, _JSON, max_size=4))
def test_no_document_at_all_breaks_the_check(good: dict[str, Any], changes: dict[str, Any]) -> None:
    document = good | changes
    found = problems(document)
    if not found:
        parse(document)
    assert all(problem.field and problem.fix for problem in found)


@given(st.integers(1, 2**256 - 1))
def test_any_amount_arrives_to_the_last_unit(amount: int) -> None:
    assert parse(load(json.dumps(high_level(amount=str(amount))))).amount == amount


def test_the_published_schema_is_the_one_in_use() -> None:
    published = Path(__file__).parents[2] / "docs" / "opportunity.schema.json"
    assert json.loads(published.read_text()) == opportunity_schema()


def test_the_published_schema_is_a_schema_and_takes_the_good_documents_only() -> None:
    Draft202012Validator.check_schema(opportunity_schema())
    validator = Draft202012Validator(opportunity_schema())
    assert validator.is_valid(high_level(amount="1", estimated_x=1.5))
    assert validator.is_valid(with_leg(fee=500))
    beyond_a_schema = {
        "an id with half a character",
        "an amount above 256 bits",
        "a pool twice",
        "an estimate of words",
    }
    in_json_schema_an_integer = {
        "a deadline as a fraction",
        "a fee as a fraction",
        "an id with a line break at its end",
    }
    for name, document, _ in WRONG:
        if name not in beyond_a_schema | in_json_schema_an_integer:
            assert not validator.is_valid(document), name


@pytest.mark.parametrize("number", ["1e99999999999999999999", "-1e-99999999999999999999"])
def test_a_number_out_of_all_bounds_is_refused(number: str) -> None:
    with pytest.raises(OpportunityError, match="out of all bounds"):
        load(f'{{"estimated_net_profit_usd": {number}}}')


BEYOND_JSON: list[dict[Any, Any]] = [
    {**high_level(), 1: 2},
    {**high_level(), None: 2},
    high_level(amount=10**5000),
    high_level(deadline=10**5000),
    high_level(token=[10**5000]),
    explicit(legs=[10**5000]),
]


@pytest.mark.parametrize("document", BEYOND_JSON, ids=range(len(BEYOND_JSON)))
def test_python_values_that_json_cannot_hold_are_refused(document: dict[Any, Any]) -> None:
    assert problems(document)


def test_an_estimate_of_thousands_of_digits_is_carried_and_not_trusted() -> None:
    assert parse(high_level(estimated_net_profit_usd=10**5000)).estimated_net_profit_usd is not None


LEGS: list[Any] = [({"pool": 1},), (1, 2), 5, ((),), "legs"]


@pytest.mark.parametrize("legs", LEGS, ids=range(len(LEGS)))
async def test_an_opportunity_built_wrong_is_rejected_and_nothing_raised(legs: Any) -> None:
    async with Executor({"chains": {}}) as executor:
        wrong = Opportunity("seen-1", "ethereum", legs=legs)
        assert (await executor.execute(wrong)).status is Status.REJECTED
        assert (await executor.execute(replace(wrong, amount=10**5000))).status is Status.REJECTED
