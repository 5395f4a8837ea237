"""How a pool of Uniswap V4 is found and read: its slots in the PoolManager's storage, by `extsload`.

Slots: v4-core 1.0.2 `libraries/StateLibrary.sol`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from eth_hash.auto import keccak

from executor.domain.abi import decoded, eth_call
from executor.domain.address import Address
from executor.domain.call import EthCall, Reading
from executor.domain.dex import Dex
from executor.domain.errors import PoolNotFoundError
from executor.domain.pool import Pool, PoolIdentity, VenueKind
from executor.domain.pool_details import V4Details
from executor.domain.token import Token
from executor.venues.pairing import ordered
from executor.venues.uniswap_v3_words import Words, around, beyond
from executor.venues.uniswap_v4_state import V4State, v4_details

POOLS_SLOT = 6
"""Of the mapping from ids to pools in the PoolManager."""

LIQUIDITY_OFFSET, TICKS_OFFSET, BITMAP_OFFSET = 3, 4, 5
"""Slots within a pool, whose first one has price, tick and fees."""

_PRICE_BITS, _TICK_BITS, _FEE_BITS = 160, 24, 24


def read(pool: Pool, words: int = 2) -> Reading[V4State]:
    """Read price, fees, liquidity and every initialised tick in the word at the price and `words` more on
    each side.

    Raises PoolNotFoundError if there is no such pool.
    """
    details, base = v4_details(pool), pool_slot(pool)
    first = yield from _slots(pool, (base, base + LIQUIDITY_OFFSET))
    price, tick, protocol_fee, lp_fee = unpacked_slot0(first[0])
    if price == 0 or details.tick_spacing <= 0:
        raise _no_pool(pool)
    words_read = around(tick, words, details.tick_spacing)
    ticks = yield from _ticks(pool, words_read)
    return V4State(
        pool,
        price,
        tick,
        first[1],
        ticks,
        words_read.lowest,
        words_read.highest,
        lp_fee=lp_fee,
        protocol_fee=protocol_fee,
    )


def extend(state: V4State, toward_low: bool, words: int | None = None) -> Reading[V4State]:
    """The same state with more words of ticks known on one side; it must be asked of the same block. As it is
    where the price range ends.
    """
    more = beyond(state, toward_low, words)
    if more is None:
        return state
    ticks = yield from _ticks(state.pool, more)
    if toward_low:
        return replace(state, ticks={**ticks, **state.ticks}, known_low=more.lowest)
    return replace(state, ticks={**state.ticks, **ticks}, known_high=more.highest)


def find(dex: Dex, token_a: Token, token_b: Token) -> Reading[tuple[Pool, ...]]:
    """The PoolManager's pools of the two tokens without hooks, of every fee tier in the data, the cheapest
    first. Raises PoolNotFoundError if it has none.
    """
    token0, token1 = ordered(token_a, token_b)
    candidates = [
        Pool(
            dex.name,
            VenueKind.UNISWAP_V4,
            dex.factory,
            token0,
            token1,
            fee,
            spacing,
            details=V4Details(fee, spacing),
        )
        for fee, spacing in sorted(dex.fee_tiers.items())
    ]
    answers = yield tuple(_slots_call(pool, (pool_slot(pool),)) for pool in candidates)
    found = tuple(
        pool
        for pool, answer in zip(candidates, answers, strict=True)
        if any(unpacked_slot0(word)[0] for word in _words(answer) or ())
    )
    if not found:
        raise PoolNotFoundError(
            f"{dex.name} has no pool of {token0.symbol} and {token1.symbol} without hooks.",
            fix="name another exchange, or the pools themselves",
            dex=dex.name,
            factory=dex.factory,
        )
    return found


def identify(address: Address) -> Reading[PoolIdentity]:
    """Raises PoolNotFoundError: V4 pools have no addresses."""
    yield from ()
    raise PoolNotFoundError(
        f"{address} is no V4 pool: those share the PoolManager's address.",
        fix="name the pool by its id, fee, tick spacing and hooks",
        pool=address,
    )


def belongs(dex: Dex, identity: PoolIdentity) -> Reading[bool]:
    """True if the pool is kept by this very PoolManager."""
    yield from ()
    return identity.address == dex.factory


def pool_slot(pool: Pool) -> int:
    """The first slot of the pool in the PoolManager's storage."""
    return int.from_bytes(keccak(bytes.fromhex(pool.identity[2:]) + POOLS_SLOT.to_bytes(32, "big")), "big")


def unpacked_slot0(word: int) -> tuple[int, int, int, int]:
    """Price, tick, protocol fee (both directions) and fee of the liquidity's holders."""
    tick = word >> _PRICE_BITS & (1 << _TICK_BITS) - 1
    fees = word >> _PRICE_BITS + _TICK_BITS
    return (
        word & (1 << _PRICE_BITS) - 1,
        tick - (tick >> _TICK_BITS - 1 << _TICK_BITS),
        fees & (1 << _FEE_BITS) - 1,
        fees >> _FEE_BITS & (1 << _FEE_BITS) - 1,
    )


def _ticks(pool: Pool, words: Words) -> Reading[Mapping[int, int]]:
    """liquidityNet of every initialised tick of the words, by tick."""
    base = pool_slot(pool)
    bitmaps = yield from _slots(pool, [_entry(word, base + BITMAP_OFFSET) for word in words.all])
    initialised = words.marked(bitmaps)
    if not initialised:
        return {}
    liquidity = yield from _slots(pool, [_entry(tick, base + TICKS_OFFSET) for tick in initialised])
    return {tick: _signed_high(word) for tick, word in zip(initialised, liquidity, strict=True)}


def _entry(key: int, mapping_slot: int) -> int:
    """The slot of a mapping's entry under a signed key."""
    packed = key.to_bytes(32, "big", signed=True) + (mapping_slot % 2**256).to_bytes(32, "big")
    return int.from_bytes(keccak(packed), "big")


def _signed_high(word: int) -> int:
    """The upper half of a word, as int128."""
    high = word >> 128
    return high - (high >> 127 << 128)


def _slots(pool: Pool, slots: Sequence[int]) -> Reading[list[int]]:
    (answer,) = yield (_slots_call(pool, slots),)
    words = _words(answer)
    if words is None or len(words) != len(slots):
        raise _no_pool(pool)
    return words


def _slots_call(pool: Pool, slots: Sequence[int]) -> EthCall:
    wanted = [(slot % 2**256).to_bytes(32, "big") for slot in slots]
    return eth_call(pool.address, "extsload(bytes32[])", wanted)


def _words(answer: bytes | None) -> list[int] | None:
    values = decoded(answer, "bytes32[]")
    if values is None:
        return None
    (words,) = values
    assert isinstance(words, tuple)
    return [int.from_bytes(word, "big") for word in words]


def _no_pool(pool: Pool) -> PoolNotFoundError:
    return PoolNotFoundError(
        f"the PoolManager {pool.address} on {pool.dex} has no pool {pool.identity}.",
        fix="check the pool's tokens, fee, tick spacing and hooks",
        pool=pool.identity,
        manager=pool.address,
    )
