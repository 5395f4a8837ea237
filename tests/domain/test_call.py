"""Readings: calls described, answers sent in."""

from __future__ import annotations

import pytest

from executor.domain.call import EthCall, Reading, drive
from tests.support.market import address

FIRST, SECOND = EthCall(address(1), b"first"), EthCall(address(2), b"second")


def two_rounds() -> Reading[bytes]:
    one, none = yield (FIRST, SECOND)
    assert none is None
    (two,) = yield (SECOND,)
    return (one or b"") + (two or b"none")


def test_a_reading_gets_its_answers_in_order_round_by_round() -> None:
    asked: list[EthCall] = []

    def answer(call: EthCall) -> bytes | None:
        asked.append(call)
        return b"answer" if call == FIRST else None

    assert drive(two_rounds(), answer) == b"answernone"
    assert asked == [FIRST, SECOND, SECOND]


def test_what_a_reading_raises_comes_through() -> None:
    def refusing() -> Reading[int]:
        yield (FIRST,)
        raise LookupError("not there")

    with pytest.raises(LookupError, match="not there"):
        drive(refusing(), lambda call: None)


def test_a_reading_may_need_no_call_at_all() -> None:
    def immediate() -> Reading[int]:
        yield from ()
        return 5

    assert drive(immediate(), lambda call: None) == 5
