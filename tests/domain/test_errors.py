"""Every error: a code of its own, its facts, and what to do next."""

from __future__ import annotations

import inspect

import pytest

from executor.domain import errors
from executor.domain.errors import ExecutorError, FieldError, MathsError, OpportunityError

CLASSES = [
    value for value in vars(errors).values() if inspect.isclass(value) and issubclass(value, ExecutorError)
]


def test_no_two_errors_share_a_code() -> None:
    codes = [error.code for error in CLASSES]

    assert len(set(codes)) == len(codes) > 10


@pytest.mark.parametrize("error", [error for error in CLASSES if error is not ExecutorError])
def test_every_error_is_caught_by_a_built_in_too(error: type[ExecutorError]) -> None:
    built_in = [base for base in error.__mro__ if base.__module__ == "builtins"]

    assert any(base not in (Exception, BaseException, object) for base in built_in)


def test_an_error_prints_what_to_do_next() -> None:
    error = MathsError("the pool is empty.", fix="use another pool", reserve0=2**80, names=["a"], done=True)

    assert str(error) == "the pool is empty. Fix: use another pool"
    assert error.as_dict() == {
        "code": "no_liquidity",
        "message": "the pool is empty.",
        "fix": "use another pool",
        "facts": {"reserve0": str(2**80), "names": ["a"], "done": True},
    }


def test_a_field_error_names_its_field() -> None:
    error = OpportunityError("amount", "is negative", fix="give a positive amount", amount=-1)

    assert isinstance(error, FieldError)
    assert isinstance(error, ValueError)
    assert error.field == "amount"
    assert error.facts == {"field": "amount", "amount": -1}
    assert str(error).startswith("amount: is negative.")
