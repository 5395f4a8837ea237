"""Curve's pools, StableSwap and crypto, which quote for themselves.

Sources: Curve's pool interfaces. The oldest pools take the fee in finer units when they quote (`get_dy`) than
when they trade: of those a trade may give one unit less than the quote.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from executor.domain.abi import decoded_address, decoded_int, eth_call
from executor.domain.address import ZERO_ADDRESS, Address, to_address
from executor.domain.call import EthCall, Reading
from executor.domain.errors import PoolNotFoundError
from executor.domain.pool_details import CurveDetails
from executor.venues.quoting import one_quote

NATIVE = to_address("0xeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee")
"""How Curve's pools write the chain's own coin."""

MOST_COINS = 8
FEE_UNIT = 10**10
PROBE = 10_000
"""Part of a balance that is asked about to learn which indexes a pool takes: too little may be refused."""


@dataclass(frozen=True, slots=True)
class CurveState:
    """Balances in each coin's smallest unit; `amplification` as the pool tells it; `fee` in parts of 1e10,
    for crypto pools the one at the present balances.
    """

    balances: tuple[int, ...]
    amplification: int
    fee: int


def details(pool: Address) -> Reading[CurveDetails]:
    """The pool's coins and how it takes their indexes. Raises PoolNotFoundError if it does not answer as a
    Curve pool.
    """
    answers = yield (*_each(pool, "coins", "uint256"), *_each(pool, "coins", "int128"))
    coins = _coins(answers[:MOST_COINS]) or _coins(answers[MOST_COINS:])
    answers = yield (_indexed(pool, "balances", "uint256", 0), _indexed(pool, "balances", "int128", 0))
    balance = next((value for value in map(decoded_int, answers) if value is not None), None)
    if len(coins) < 2 or balance is None:
        raise _no_pool(pool)
    amount = max(1, balance // PROBE)
    answers = yield tuple(_quote_call(pool, wide, 0, 1, amount) for wide in (False, True))
    stable, crypto = (decoded_int(answer) is not None for answer in answers)
    if not stable and not crypto:
        raise _no_pool(pool)
    return CurveDetails(coins, uint256_indexes=not stable)


def quote(
    pool: Address, pool_details: CurveDetails, token_in: Address, token_out: Address, amount_in: int
) -> Reading[int]:
    """What the pool says that it gives for `amount_in`, both in smallest units. Raises MathsError if it
    refuses, PoolNotFoundError if it does not hold a coin.
    """
    i, j = pool_details.index(token_in), pool_details.index(token_out)
    call = _quote_call(pool, pool_details.uint256_indexes, i, j, amount_in)
    return (yield from one_quote(call, pool, amount_in))


def read_state(pool: Address, pool_details: CurveDetails) -> Reading[CurveState]:
    """Balances, amplification and fee. Raises PoolNotFoundError if one of them is not told."""
    count = len(pool_details.coins)
    answers = yield (
        *(_indexed(pool, "balances", "uint256", index) for index in range(count)),
        *(_indexed(pool, "balances", "int128", index) for index in range(count)),
        eth_call(pool, "A()"),
        eth_call(pool, "fee()"),
    )
    numbers = [decoded_int(answer) for answer in answers]
    *balances, amplification, fee = numbers
    told = [
        first if first is not None else second
        for first, second in zip(balances[:count], balances[count:], strict=True)
    ]
    if amplification is None or fee is None or any(value is None for value in told):
        raise _no_pool(pool)
    return CurveState(tuple(value for value in told if value is not None), amplification, fee)


def _each(pool: Address, name: str, kind: str) -> tuple[EthCall, ...]:
    return tuple(_indexed(pool, name, kind, index) for index in range(MOST_COINS))


def _indexed(pool: Address, name: str, kind: str, index: int) -> EthCall:
    return eth_call(pool, f"{name}({kind})", index)


def _quote_call(pool: Address, uint256_indexes: bool, i: int, j: int, amount: int) -> EthCall:
    kind = "uint256" if uint256_indexes else "int128"
    return eth_call(pool, f"get_dy({kind},{kind},uint256)", i, j, amount)


def _coins(answers: Sequence[bytes | None]) -> tuple[Address, ...]:
    """The coins up to the first that the pool does not tell."""
    found: list[Address] = []
    for answer in answers:
        coin = decoded_address(answer)
        if coin is None:
            break
        found.append(ZERO_ADDRESS if coin == NATIVE else coin)
    return tuple(found)


def _no_pool(pool: Address) -> PoolNotFoundError:
    return PoolNotFoundError(
        f"{pool} does not answer as a Curve pool.", fix="check the pool's address and kind", pool=pool
    )
