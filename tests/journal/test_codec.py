"""What is stored reads back as what it was."""

from dataclasses import replace
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from executor.domain.decision import Reason
from executor.domain.execution import Execution, Status
from executor.domain.opportunity import LegRequest, Opportunity
from executor.domain.route import Funding
from executor.journal.codec import (
    differing_fields,
    dump_execution,
    dump_opportunity,
    load_execution,
    load_opportunity,
)

OPPORTUNITY = Opportunity("seen-1", "ethereum", token="USDC", quote_token="WETH", buy_dex="a", sell_dex="b")

_AMOUNT = st.none() | st.integers(-(2**255), 2**256 - 1)
_EXECUTIONS = st.builds(
    Execution,
    opportunity_id=st.text(min_size=1),
    chain=st.text(),
    status=st.sampled_from(Status),
    reasons=st.lists(
        st.builds(
            Reason,
            st.text(),
            st.text(),
            st.dictionaries(st.text(), st.integers() | st.text() | st.booleans()),
        )
    ).map(tuple),
    amount_in=_AMOUNT,
    realised_net_profit=_AMOUNT,
    gas_cost_wei=_AMOUNT,
    profit_usd=st.none() | st.decimals(allow_nan=False, allow_infinity=False),
    transaction_hashes=st.lists(st.text()).map(tuple),
    block_number=st.none() | st.integers(0, 2**48),
    details=st.dictionaries(st.text(), st.integers() | st.text() | st.none()),
)


@given(_EXECUTIONS)
def test_a_stored_execution_prints_as_it_did_before(execution: Execution) -> None:
    assert load_execution(dump_execution(execution)).as_dict() == execution.as_dict()


def test_a_repeat_with_other_content_is_told_by_its_fields() -> None:
    stored = dump_opportunity(OPPORTUNITY)
    assert differing_fields(stored, replace(OPPORTUNITY, estimated_net_profit_usd=Decimal(1))) == ()
    assert differing_fields(stored, replace(OPPORTUNITY, amount=5, sell_dex="c")) == ("amount", "sell_dex")


_TEXT = st.none() | st.text()
_OPPORTUNITIES = st.builds(
    Opportunity,
    opportunity_id=st.text(min_size=1),
    chain=st.text(),
    legs=st.lists(st.builds(LegRequest, pool=st.text(), token_in=st.text(), dex=_TEXT)).map(tuple),
    token=_TEXT,
    amount=st.none() | st.integers(0, 2**256 - 1),
    funding=st.none() | st.sampled_from(Funding),
    estimated_net_profit_usd=st.none() | st.decimals(allow_nan=False, allow_infinity=False),
    deadline=st.none() | st.integers(0, 2**40),
)


@given(_OPPORTUNITIES)
def test_an_opportunity_is_taken_up_again_as_it_was_accepted(opportunity: Opportunity) -> None:
    assert load_opportunity(dump_opportunity(opportunity)) == opportunity
