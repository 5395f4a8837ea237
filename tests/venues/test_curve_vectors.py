"""Generations of Curve's pools that no model has, against what their published sources give when compiled."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from executor.domain.pool_details import CurveShape
from executor.venues import curve_crypto, curve_stable
from executor.venues.curve_pools import CryptoState, StableState
from tests.support.curve_states import pool_of

VECTORS: dict[str, Any] = json.loads((Path(__file__).parent / "curve_vectors.json").read_text())
SHAPES = (CurveShape.STABLE_FIRST, CurveShape.STABLE_LENT, CurveShape.STABLE_ONCE)
STABLE = [(shape, vector) for shape in SHAPES for vector in VECTORS[shape]]


def whole(numbers: list[str]) -> tuple[int, ...]:
    return tuple(int(number) for number in numbers)


def stable_state(shape: CurveShape, vector: dict[str, Any]) -> StableState:
    decimals = tuple(vector["decimals"])
    return StableState(
        pool_of(decimals),
        shape,
        whole(vector["balances"]),
        whole(vector.get("rates") or [str(10 ** (36 - places)) for places in decimals]),
        vector["a_precise"],
        vector["fee"],
        vector["admin_fee"],
        vector["offpeg"],
    )


@pytest.mark.parametrize(("shape", "vector"), STABLE)
def test_a_stable_pool_gives_says_and_keeps_what_its_source_does(
    shape: CurveShape, vector: dict[str, Any]
) -> None:
    state, trade = stable_state(shape, vector), (vector["i"], vector["j"], int(vector["dx"]))

    assert curve_stable.exchanged(state, *trade) == int(vector["exchange"])
    assert curve_stable.viewed(state, *trade) == int(vector["get_dy"])
    assert curve_stable.traded(state, *trade).balances == whole(vector["after"])


@pytest.mark.parametrize("vector", VECTORS[CurveShape.STABLE_ONCE])
def test_a_newest_stable_pool_says_what_goes_in_as_its_source_does(vector: dict[str, Any]) -> None:
    state = stable_state(CurveShape.STABLE_ONCE, vector)
    said = curve_stable.view_in(state, vector["i"], vector["j"], int(vector["wanted"]))

    assert said == int(vector["get_dx"])


@pytest.mark.parametrize("vector", VECTORS[CurveShape.CRYPTO_TWO_NG])
def test_a_newer_crypto_pool_of_two_coins_finds_the_balance_that_its_source_finds(
    vector: dict[str, Any],
) -> None:
    shape = CurveShape.CRYPTO_TWO_NG
    ann, gamma, d = whole([vector["ann"], vector["gamma"], vector["d"]])
    pool = pool_of((18, 18), shape)
    state = CryptoState(pool, shape, (1, 1), (1, 1), (10**18,), d, ann, gamma, 0, 0, 1)

    assert curve_crypto.balance_for(state, whole(vector["x"]), vector["j"]) == int(vector["y"])
