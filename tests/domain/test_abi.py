"""Contract calls and answers as plain values."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from executor.domain.abi import decoded, decoded_address, decoded_int, eth_call, selector
from executor.domain.address import ZERO_ADDRESS
from tests.support.market import address

WORD = 32


def test_a_call_is_the_selector_and_the_arguments() -> None:
    call = eth_call(address(7), "transfer(address,uint256)", address(1), 5)

    assert call.to == address(7)
    assert call.data.hex() == "a9059cbb" + f"{1:064x}" + f"{5:064x}"


def test_a_function_without_arguments_is_its_selector() -> None:
    assert eth_call(address(7), "token0()").data == selector("token0()") == bytes.fromhex("0dfe1681")


@given(st.integers(-(2**127), 2**127 - 1))
def test_a_signed_number_comes_back(number: int) -> None:
    assert decoded_int(number.to_bytes(WORD, "big", signed=True), "int128") == number


@pytest.mark.parametrize("answer", [None, b"", b"\x01", b"\xff" * 31])
def test_no_answer_or_a_short_one_is_none(answer: bytes | None) -> None:
    assert decoded_int(answer) is None
    assert decoded_address(answer) is None
    assert decoded(answer, "uint160", "int24") is None


def test_an_answer_of_another_type_is_none() -> None:
    assert decoded_int(b"\xff" * WORD, "uint112") is None
    assert decoded_address(b"\xff" * WORD) is None


def test_a_longer_answer_than_asked_for_is_fine() -> None:
    answer = (3).to_bytes(WORD, "big") + (4).to_bytes(WORD, "big") + b"\xff" * WORD

    assert decoded(answer, "uint160", "int24") == (3, 4)


def test_the_zero_address_is_no_address() -> None:
    assert decoded_address(bytes.fromhex(ZERO_ADDRESS[2:]).rjust(WORD, b"\0")) is None


def test_a_short_answer_stays_none_beside_ape_which_loosens_the_shared_decoder() -> None:
    """Importing Ape makes eth_abi fill up short integers; ours must not follow."""
    program = "import ape.utils.abi; from executor.domain import abi; print(abi.decoded_int(b'\\x01'))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split()[-1] == "None"
