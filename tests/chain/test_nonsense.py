"""Whatever a node answers, it is either understood or refused as a NodeError: nothing else comes out."""

import contextlib
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from executor.chain.head import parse_head
from executor.chain.receipts import parse_receipt, settlement_delta
from executor.domain.address import Address
from executor.domain.errors import NodeError
from executor.domain.fee_rules import BaseFeeKind, BaseFeeRule

HASH = "0x" + "ab" * 32
PARTY = Address("0x00000000000000000000000000000000000000A1")

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=8),
    st.just("0x1"),
    st.just("0x0"),
    st.just(HASH),
)
json_values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)
logs = st.lists(
    st.fixed_dictionaries(
        {}, optional={"address": json_values | st.just(PARTY), "topics": json_values, "data": json_values}
    )
)


SOUND_HEADER = {
    "number": "0x1",
    "hash": HASH,
    "parentHash": HASH,
    "timestamp": "0x1",
    "baseFeePerGas": "0x1",
    "gasLimit": "0x1c9c380",
    "gasUsed": "0x1",
    "extraData": "0x" + "00" * 9,
    "blobGasUsed": "0x0",
}
SOUND_RECEIPT = {
    "transactionHash": HASH,
    "blockNumber": "0x1",
    "blockHash": HASH,
    "status": "0x1",
    "gasUsed": "0x1",
    "effectiveGasPrice": "0x1",
    "logs": [],
    "l1Fee": "0x1",
}


rules = st.builds(BaseFeeRule, st.sampled_from(BaseFeeKind), st.just(250), st.integers(2, 10))


def spoilt(sound: dict[str, object]) -> st.SearchStrategy[object]:
    """The answer with any of its fields replaced by anything, or something else altogether."""
    changes = st.fixed_dictionaries({}, optional=dict.fromkeys(sound, json_values))
    return json_values | changes.map(lambda changed: {**sound, **changed})


def understood_or_refused(parse: Callable[[], object]) -> None:
    with contextlib.suppress(NodeError):
        parse()


@given(spoilt(dict(SOUND_HEADER)), rules)
def test_a_header(answer: object, rule: BaseFeeRule) -> None:
    understood_or_refused(lambda: parse_head(answer, rule=rule))


@given(spoilt(dict(SOUND_RECEIPT)))
def test_a_receipt(answer: object) -> None:
    understood_or_refused(lambda: parse_receipt(answer, HASH))


@given(logs)
def test_the_logs_of_a_receipt(entries: list[object]) -> None:
    told = parse_receipt({**SOUND_RECEIPT, "logs": entries}, HASH)
    understood_or_refused(lambda: settlement_delta(told, PARTY, PARTY))


def test_sound_answers_are_understood() -> None:
    assert parse_head(SOUND_HEADER).number == 1
    assert parse_receipt(SOUND_RECEIPT, HASH).success


@pytest.mark.parametrize("kind", BaseFeeKind)
def test_a_block_without_room_for_gas_is_refused(kind: BaseFeeKind) -> None:
    with pytest.raises(NodeError, match=r"block\.gasLimit"):
        parse_head({**SOUND_HEADER, "gasLimit": "0x0"}, rule=BaseFeeRule(kind, 250, 6))
