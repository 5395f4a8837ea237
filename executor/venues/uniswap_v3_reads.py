"""How a pool of the Uniswap V3 shape is found, checked and read."""

from collections.abc import Mapping
from dataclasses import replace

from executor.domain.abi import decoded, decoded_address, decoded_int, eth_call
from executor.domain.address import Address
from executor.domain.call import Reading
from executor.domain.errors import PoolNotFoundError
from executor.domain.market import V3State
from executor.domain.pool import Pool, PoolIdentity, V3Callback
from executor.venues.tick_lens import populated
from executor.venues.uniswap_v3_forks import first_calls, module_calls, told
from executor.venues.uniswap_v3_words import Words, around, beyond, bitmap_spacing

SPARSE_WORDS = 18
"""Words that are read beyond those asked for where a word has every tick, whatever the spacing."""


def read(pool: Pool, words: int = 2) -> Reading[V3State]:
    """Read price, liquidity and every initialised tick in the word at the price and `words` more on each
    side.

    Raises PoolNotFoundError if the pool does not answer as one.
    """
    answers = yield first_calls(pool)
    asked = module_calls(answers)
    (module,) = (yield asked) if asked else (None,)
    start = told(pool, answers, module)
    if start is None or pool.tick_spacing <= 0:
        raise PoolNotFoundError(
            f"{pool.address} on {pool.dex} does not tell its price and liquidity.",
            fix="check the pool's address, kind and tick spacing",
            pool=pool.address,
        )
    state = V3State(
        pool,
        start.sqrt_price_x96,
        start.tick,
        start.liquidity,
        fees=None if start.fees == (pool.fee, pool.fee) else start.fees,
        word_ends=start.word_ends,
        settled=start.settled,
    )
    more = 0 if start.word_ends else SPARSE_WORDS
    words_read = around(start.tick, words + more, bitmap_spacing(state))
    ticks = yield from _read_ticks(pool, words_read)
    return replace(state, ticks=ticks, known_low=words_read.lowest, known_high=words_read.highest)


def extend(state: V3State, toward_low: bool, words: int | None = None) -> Reading[V3State]:
    """The same state with more words of ticks known on one side; it must be asked of the same block.

    `words` as many, else about as many as are known already. Returns the state as it is where the price range
    ends.
    """
    more = beyond(state, toward_low, words)
    if more is None:
        return state
    ticks = yield from _read_ticks(state.pool, more)
    if toward_low:
        return replace(state, ticks={**ticks, **state.ticks}, known_low=more.lowest)
    return replace(state, ticks={**state.ticks, **ticks}, known_high=more.highest)


def identify(address: Address) -> Reading[PoolIdentity]:
    """What the code at `address` says of itself. Raises PoolNotFoundError if it does not answer as a pool of
    this shape.
    """
    names = ("token0", "token1", "factory", "fee", "tickSpacing", "slot0", "globalState")
    answers = yield tuple(eth_call(address, f"{name}()") for name in names)
    token0, token1, factory = (decoded_address(answer) for answer in answers[:3])
    fee, spacing = decoded_int(answers[3], "uint24"), decoded_int(answers[4], "int24")
    slot0, global_state = (decoded(answer, "uint160", "int24") for answer in answers[5:])
    known = fee is not None if global_state is None else True
    if token0 is None or token1 is None or spacing is None or not known or slot0 is global_state is None:
        raise PoolNotFoundError(
            f"{address} does not answer as a pool of the Uniswap V3 shape.",
            fix="check the pool's address and kind",
            pool=address,
        )
    callback = V3Callback.ALGEBRA if global_state is not None else None
    return PoolIdentity(address, token0, token1, factory, fee, spacing, callback=callback)


def _read_ticks(pool: Pool, words: Words) -> Reading[Mapping[int, int]]:
    """liquidityNet of every initialised tick of the words, by tick."""
    algebra = pool.callback is V3Callback.ALGEBRA
    listed = None if algebra else (yield from populated(pool, words.all))
    if listed is not None:
        return listed
    bitmap_of = "tickTable" if algebra else "tickBitmap"
    answers = yield tuple(eth_call(pool.address, f"{bitmap_of}(int16)", word) for word in words.all)
    bitmaps: list[int] = []
    for answer in answers:
        bitmap = decoded_int(answer)
        if bitmap is None:
            raise _silent(pool, bitmap_of)
        bitmaps.append(bitmap)
    initialised = words.marked(bitmaps)
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
