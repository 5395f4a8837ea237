"""The node's notations are read strictly."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from executor.chain.quantities import address_of, hash_text, hex_data, member, quantity, to_data, to_quantity
from executor.domain.errors import NodeError


@given(st.integers(min_value=0, max_value=2**256 - 1))
def test_a_quantity_comes_back_as_it_went(value: int) -> None:
    assert quantity(to_quantity(value), "value") == value


@given(st.binary(max_size=100))
def test_data_come_back_as_they_went(value: bytes) -> None:
    assert hex_data(to_data(value), "data") == value


@pytest.mark.parametrize(
    "value", [None, 1, 1.0, True, "", "0x", "1", "0xg", "-0x1", "0x" + "f" * 65, " 0x1", ["0x1"]]
)
def test_what_is_no_quantity_is_refused_by_its_field(value: object) -> None:
    with pytest.raises(NodeError, match=r"block\.number"):
        quantity(value, "block.number")


@pytest.mark.parametrize("value", [None, 7, "", "0x1", "12", "0xzz", b"\x01", "0x 01"])
def test_what_are_no_data_are_refused_by_their_field(value: object) -> None:
    with pytest.raises(NodeError, match=r"log\.data"):
        hex_data(value, "log.data")


def test_data_of_another_length_are_refused() -> None:
    with pytest.raises(NodeError, match="has 2 bytes instead of 32"):
        hash_text("0x1234", "hash")


def test_an_address_of_a_node_is_checksummed() -> None:
    assert (
        address_of("0xc02aaa39b223fe8d0a0e5c4f27ead9083c756cc2", "to")
        == "0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2"
    )


@pytest.mark.parametrize("answer", [None, [], "text", {}, {"number": None}])
def test_a_missing_member_is_named(answer: object) -> None:
    with pytest.raises(NodeError, match="block"):
        member(answer, "number", "block")
