"""How a pool of the Uniswap V3 shape is found, checked and read."""

from collections.abc import Mapping
from dataclasses import replace

from executor.domain.abi import decoded, decoded_address, decoded_int, eth_call
from executor.domain.address import Address
from executor.domain.call import Reading
from executor.domain.errors import PoolNotFoundError
from executor.domain.market import V3State
from executor.domain.pool import Pool, PoolIdentity
from executor.venues.tick_lens import populated
from executor.venues.uniswap_v3_words import Words, around, beyond


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
    words_read = around(tick, words, pool.tick_spacing)
    ticks = yield from _read_ticks(pool, words_read)
    return V3State(pool, sqrt_price_x96, tick, liquidity, ticks, words_read.lowest, words_read.highest)


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


def _read_ticks(pool: Pool, words: Words) -> Reading[Mapping[int, int]]:
    """liquidityNet of every initialised tick of the words, by tick."""
    listed = yield from populated(pool, words.all)
    if listed is not None:
        return listed
    answers = yield tuple(eth_call(pool.address, "tickBitmap(int16)", word) for word in words.all)
    bitmaps: list[int] = []
    for answer in answers:
        bitmap = decoded_int(answer)
        if bitmap is None:
            raise _silent(pool, "tickBitmap")
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
