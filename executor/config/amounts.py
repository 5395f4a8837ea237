"""Numbers of the settings that count money or gas: exact in their smallest unit."""

from decimal import Decimal
from typing import Annotated

from pydantic import AfterValidator, Field

from executor.config.fields import ExactDecimal, WholeNumber

BPS = 10_000
GWEI = 10**9
ETHER = 10**18


def _whole_wei(value: Decimal) -> Decimal:
    if value * GWEI != int(value * GWEI):
        raise ValueError("is finer than one wei (9 decimals)")
    return value


def _whole_coin(value: Decimal) -> Decimal:
    if value * ETHER != int(value * ETHER):
        raise ValueError("is finer than one wei (18 decimals)")
    return value


def _whole_bps(value: Decimal) -> Decimal:
    if not 1 <= value <= 10 or value * BPS != int(value * BPS):
        raise ValueError("must be between 1 and 10 with at most 4 decimals")
    return value


Gwei = Annotated[ExactDecimal, AfterValidator(_whole_wei)]
NativeCoin = Annotated[ExactDecimal, AfterValidator(_whole_coin)]
"""An amount of the chain's native coin, in whole coins."""

Factor = Annotated[ExactDecimal, AfterValidator(_whole_bps)]
Positive = Annotated[WholeNumber, Field(ge=1)]
Seconds = Annotated[WholeNumber, Field(ge=1, le=86_400)]
"""A time limit: at least a second, at most a day, so that it fits a plan's deadline."""
