"""How a pool of the Uniswap V3 shape is found, checked and read."""

from collections.abc import Mapping
from dataclasses import replace

from executor.domain.abi import decoded, decoded_address, decoded_int, eth_call
from executor.domain.address import Address
from executor.domain.call import Reading
from executor.domain.errors import PoolNotFoundError
from executor.domain.market import V3State
from executor.domain.pool import Pool, PoolIdentity
from executor.venues.uniswap_v3_maths import MAX_TICK, MIN_TICK

WORD = 256
"""Ticks (divided by the spacing) in one word of the pool's bitmap."""

MOST_MORE_WORDS = 512
"""Words that one further reading asks for, so that no request grows beyond what nodes take."""


def read(pool: Pool, words: int = 2) -> Reading[V3State]:
    """Read price, liquidity and every initialised tick in the word at the price and `words` more on each
    side.

    Raises PoolNotFoundError if the pool does not answer as one.
    """
    answers = yield (eth_call(pool.address, "slot0()"), eth_call(pool.address, "liquidity()"))
    slot0 = decoded(answers[0], "uint160", "int24")
    liquidity = decoded_int(answers[1], "uint128")
    if slot0 is None or liquidity is None or pool.tick_spacing <= 0:
        raise PoolNotFoundError(
            f"{pool.address} on {pool.dex} does not tell its price and liquidity.",
            fix="check the pool's address, kind and tick spacing",
            pool=pool.address,
        )
    sqrt_price_x96, tick = slot0
    assert isinstance(sqrt_price_x96, int) and isinstance(tick, int)
    word = _word_of(tick, pool.tick_spacing)
    first, last = _clamped(word - words, word + words, pool.tick_spacing)
    ticks = yield from _read_ticks(pool, first, last)
    return V3State(
        pool,
        sqrt_price_x96,
        tick,
        liquidity,
        ticks,
        first * WORD * pool.tick_spacing,
        _last_tick(last, pool.tick_spacing),
    )


def extend(state: V3State, toward_low: bool, words: int | None = None) -> Reading[V3State]:
    """The same state with more words of ticks known on one side; it must be asked of the same block.

    `words` as many, else as many as are known already up to MOST_MORE_WORDS, so that even a walk across all
    prices takes few readings. Returns the state as it is where the price range ends.
    """
    spacing = state.pool.tick_spacing
    low_word, high_word = _word_of(state.known_low, spacing), _word_of(state.known_high, spacing)
    more = words or min(high_word - low_word + 1, MOST_MORE_WORDS)
    # What is known may end in the middle of a word: the next tick tells where to go on.
    next_low = -(-state.known_low // spacing) - 1 >> 8
    next_high = state.known_high // spacing + 1 >> 8
    wanted = (next_low - more + 1, next_low) if toward_low else (next_high, next_high + more - 1)
    first, last = _clamped(*wanted, spacing)
    if first > last or (state.known_low <= MIN_TICK if toward_low else state.known_high >= MAX_TICK):
        return state
    ticks = yield from _read_ticks(state.pool, first, last)
    if toward_low:
        return replace(state, ticks={**ticks, **state.ticks}, known_low=first * WORD * spacing)
    return replace(state, ticks={**state.ticks, **ticks}, known_high=_last_tick(last, spacing))


def identify(address: Address) -> Reading[PoolIdentity]:
    """What the code at `address` says of itself. Raises PoolNotFoundError if it does not answer as a pool of
    this shape.
    """
    names = ("token0", "token1", "factory", "fee", "tickSpacing", "slot0")
    answers = yield tuple(eth_call(address, f"{name}()") for name in names)
    token0, token1, factory = (decoded_address(answer) for answer in answers[:3])
    fee, spacing = decoded_int(answers[3], "uint24"), decoded_int(answers[4], "int24")
    slot0 = decoded(answers[5], "uint160", "int24")
    if token0 is None or token1 is None or fee is None or spacing is None or slot0 is None:
        raise PoolNotFoundError(
            f"{address} does not answer as a pool of the Uniswap V3 shape.",
            fix="check the pool's address and kind",
            pool=address,
        )
    return PoolIdentity(address, token0, token1, factory, fee, spacing)


def _read_ticks(pool: Pool, first_word: int, last_word: int) -> Reading[Mapping[int, int]]:
    """liquidityNet of every initialised tick of the words, by tick."""
    words = range(first_word, last_word + 1)
    bitmaps = yield tuple(eth_call(pool.address, "tickBitmap(int16)", word) for word in words)
    initialised: list[int] = []
    for word, answer in zip(words, bitmaps, strict=True):
        bitmap = decoded_int(answer)
        if bitmap is None:
            raise _silent(pool, "tickBitmap")
        initialised += [(word * WORD + bit) * pool.tick_spacing for bit in range(WORD) if bitmap >> bit & 1]
    if not initialised:
        return {}
    answers = yield tuple(eth_call(pool.address, "ticks(int24)", tick) for tick in initialised)
    ticks: dict[int, int] = {}
    for tick, answer in zip(initialised, answers, strict=True):
        values = decoded(answer, "uint128", "int128")
        if values is None or not isinstance(values[1], int):
            raise _silent(pool, "ticks")
        ticks[tick] = values[1]
    return ticks


def _silent(pool: Pool, what: str) -> PoolNotFoundError:
    return PoolNotFoundError(
        f"{pool.address} on {pool.dex} does not answer {what}().",
        fix="check the pool's address and kind",
        pool=pool.address,
    )


def _word_of(tick: int, spacing: int) -> int:
    return tick // spacing >> 8


def _last_tick(word: int, spacing: int) -> int:
    return (word * WORD + WORD - 1) * spacing


def _clamped(first: int, last: int, spacing: int) -> tuple[int, int]:
    """The part of the words that lies in the price range; the range of tickBitmap's int16 holds it for every
    spacing.
    """
    return max(first, _word_of(MIN_TICK, spacing)), min(last, _word_of(MAX_TICK, spacing))
