"""What the lens (contracts/lens/UniswapV3Lens.sol) is asked of a pool with ticks, and its answer as a state.

The lens reads ticks outward from the price until the given amounts are used up on the way, a word of ticks
after the other; the range that it read is part of the state.
"""

from collections.abc import Iterator
from dataclasses import replace

from executor.domain.errors import PoolNotFoundError
from executor.domain.market import V3State
from executor.domain.pool import Pool
from executor.venues.uniswap_v3_maths import MAX_TICK, MAX_UINT128, MIN_TICK
from executor.venues.uniswap_v3_words import bitmap_spacing

MOST_WORDS = 256
"""Words of 256 ticks that one request reads on a side at most."""

MOST_TICKS = 600
"""Ticks that one request reads on a side at most: what both sides have still fits a contract's code size,
which bounds the answer of a call that creates the lens.
"""

USUAL_WORDS = 3
"""Words of ticks that are read on each side, the one at the price included, where no amounts are known."""

_UINT16 = 2**16 - 1
_HEADER_BYTES = 48
_TICK_BYTES = 19
_NO_FEE = 2**24 - 1
_FORK_BYTES = 4
_NO_WORD_ENDS, _UNSETTLED = 1, 2


def lens_request(pool: Pool, reach: tuple[int, int]) -> bytes:
    """The request for price, liquidity, fee and the ticks that `reach` (largest amounts of token0 and token1
    that may go in, smallest units) comes to, a quarter more for a price that moves meanwhile.

    Without amounts some words of ticks around the price are read.
    """
    return bytes.fromhex(pool.address[2:]) + ticks_wanted(pool.tick_spacing, reach)


def lens_further(state: V3State, toward_low: bool) -> bytes:
    """The request for the same pool with twice as many words known on one side, at the same block."""
    return bytes.fromhex(state.pool.address[2:]) + more_ticks_wanted(state, toward_low)


def lens_state(pool: Pool, answer: bytes) -> V3State:
    """The state in the lens's answer. Raises PoolNotFoundError if it is none."""
    fee0, state = unpacked(pool, answer[_FORK_BYTES:])
    flags, fee1 = answer[0], int.from_bytes(answer[1:_FORK_BYTES], "big")
    fees = (pool.fee if fee0 == _NO_FEE else fee0, pool.fee if fee1 == _NO_FEE else fee1)
    return replace(
        state,
        fees=None if fees == (pool.fee, pool.fee) else fees,
        word_ends=not flags & _NO_WORD_ENDS,
        settled=not flags & _UNSETTLED,
    )


def ticks_wanted(spacing: int, reach: tuple[int, int]) -> bytes:
    """The part of a request that says how far ticks are read, for every kind of pool with ticks."""
    if reach == (0, 0):
        return _wanted(spacing, (0, 0), (USUAL_WORDS, USUAL_WORDS), MOST_TICKS)
    amount0, amount1 = (min(amount + amount // 4, MAX_UINT128) for amount in reach)
    return _wanted(spacing, (amount0, amount1), (0, 0), MOST_TICKS)


def more_ticks_wanted(state: V3State, toward_low: bool) -> bytes:
    """The same part of `lens_further`."""
    spacing = bitmap_spacing(state)
    word = state.tick // spacing >> 8
    low = word - (max(state.known_low, MIN_TICK) // spacing >> 8) + 1
    high = (min(state.known_high, MAX_TICK) // spacing >> 8) - word + 1
    least = (2 * low + 1, high) if toward_low else (low, 2 * high + 1)
    return _wanted(spacing, (0, 0), least, max(MOST_TICKS, 2 * len(state.ticks)))


def unpacked(pool: Pool, answer: bytes) -> tuple[int, V3State]:
    """The fee that the pool told, and its state. Raises PoolNotFoundError if the answer is none."""
    ticks = answer[_HEADER_BYTES:]
    if len(answer) < _HEADER_BYTES or len(ticks) % _TICK_BYTES or pool.tick_spacing <= 0:
        raise PoolNotFoundError(
            f"{pool.identity} on {pool.dex} does not tell its price and liquidity.",
            fix="check the pool's address, kind and tick spacing",
            pool=pool.identity,
        )
    return int.from_bytes(answer[39:42], "big"), V3State(
        pool,
        int.from_bytes(answer[:20], "big"),
        _signed(answer[20:23]),
        int.from_bytes(answer[23:39], "big"),
        dict(sorted(_ticks(ticks))),
        max(_signed(answer[42:45]), MIN_TICK),
        min(_signed(answer[45:48]), MAX_TICK),
    )


def _wanted(spacing: int, amounts: tuple[int, int], least: tuple[int, int], most_ticks: int) -> bytes:
    most_words = max(MOST_WORDS, *least)
    return b"".join(
        (
            spacing.to_bytes(3, "big", signed=True),
            *(min(number, _UINT16).to_bytes(2, "big") for number in (*least, most_words, most_ticks)),
            *(amount.to_bytes(16, "big") for amount in amounts),
        )
    )


def _ticks(packed: bytes) -> Iterator[tuple[int, int]]:
    for start in range(0, len(packed), _TICK_BYTES):
        yield _signed(packed[start : start + 3]), _signed(packed[start + 3 : start + _TICK_BYTES])


def _signed(data: bytes) -> int:
    return int.from_bytes(data, "big", signed=True)
