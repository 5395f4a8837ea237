"""Quotes that a pool gives itself, for venues whose maths are not worked out here."""

from typing import NoReturn

from executor.domain.abi import decoded_int
from executor.domain.address import Address
from executor.domain.call import EthCall, Reading
from executor.domain.errors import MathsError


def one_quote(call: EthCall, pool: Address, amount_in: int) -> Reading[int]:
    """The one number that `call` answers, in the output's smallest unit. Raises MathsError if it reverts."""
    (answer,) = yield (call,)
    amount = decoded_int(answer)
    if amount is None:
        refuse(pool, amount_in)
    return amount


def refuse(pool: Address, amount_in: int) -> NoReturn:
    """Raises MathsError: the pool does not quote for this amount."""
    raise MathsError(
        f"pool {pool} gives no quote for {amount_in}.",
        fix="trade less, or use another pool",
        pool=pool,
        amount_in=amount_in,
    )
