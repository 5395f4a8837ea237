"""Addresses: what is accepted and what is a typing error."""

from __future__ import annotations

import pytest

from executor.domain.address import to_address
from executor.domain.errors import AddressError

CHECKSUMMED = "0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2"


@pytest.mark.parametrize("text", [CHECKSUMMED, CHECKSUMMED.lower(), "0x" + CHECKSUMMED[2:].upper()])
def test_an_address_comes_back_checksummed(text: str) -> None:
    assert to_address(text) == CHECKSUMMED


@pytest.mark.parametrize(
    "value",
    [
        "",
        "0x",
        CHECKSUMMED[:-1],
        CHECKSUMMED + "0",
        CHECKSUMMED[2:],
        "WETH",
        5,
        None,
        b"\1" * 20,
        "0x" + "g" * 40,
    ],
)
def test_what_is_no_address_is_refused_by_the_name_of_its_field(value: object) -> None:
    with pytest.raises(AddressError, match="is not an address") as caught:
        to_address(value, "legs[0].pool")

    assert caught.value.field == "legs[0].pool"


def test_a_wrong_checksum_is_a_typing_error() -> None:
    with pytest.raises(AddressError, match="wrong checksum"):
        to_address(CHECKSUMMED.replace("a", "A"))
