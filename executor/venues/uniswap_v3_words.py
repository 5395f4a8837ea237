"""The words of a tick bitmap: which of them a reading asks for, and which ticks they mark."""

from collections.abc import Iterable
from dataclasses import dataclass

from executor.domain.market import V3State
from executor.venues.uniswap_v3_maths import MAX_TICK, MIN_TICK

WORD = 256
"""Ticks (divided by the spacing) in one word of the bitmap."""

MOST_MORE_WORDS = 512
"""Words that one further reading asks for, so that no request grows beyond what nodes take."""


@dataclass(frozen=True, slots=True)
class Words:
    """The words from `first` to `last`, of ticks that are `spacing` apart."""

    first: int
    last: int
    spacing: int

    @property
    def all(self) -> range:
        """The numbers of the words."""
        return range(self.first, self.last + 1)

    @property
    def lowest(self) -> int:
        """The lowest tick that they tell of."""
        return self.first * WORD * self.spacing

    @property
    def highest(self) -> int:
        """The highest tick that they tell of."""
        return (self.last * WORD + WORD - 1) * self.spacing

    def marked(self, bitmaps: Iterable[int]) -> list[int]:
        """The ticks whose bits are set in these words."""
        return [
            (word * WORD + bit) * self.spacing
            for word, bitmap in zip(self.all, bitmaps, strict=True)
            for bit in range(WORD)
            if bitmap >> bit & 1
        ]


def bitmap_spacing(state: V3State) -> int:
    """How many ticks lie between two bits of the pool's bitmap."""
    return state.pool.tick_spacing if state.word_ends else 1


def around(tick: int, words: int, spacing: int) -> Words:
    """The word at a price and as many more on each side."""
    word = tick // spacing >> 8
    return _inside_prices(word - words, word + words, spacing)


def beyond(state: V3State, toward_low: bool, words: int | None) -> Words | None:
    """The next words on one side of what is known; None where the price range ends.

    `words` as many, else as many as are known already up to MOST_MORE_WORDS, so that even a swap across all
    prices takes few readings.
    """
    spacing = bitmap_spacing(state)
    if state.known_low <= MIN_TICK if toward_low else state.known_high >= MAX_TICK:
        return None
    known = (state.known_high // spacing >> 8) - (state.known_low // spacing >> 8) + 1
    more = words or min(known, MOST_MORE_WORDS)
    # What is known may end in the middle of a word: the next tick tells where to go on.
    next_low = -(-state.known_low // spacing) - 1 >> 8
    next_high = state.known_high // spacing + 1 >> 8
    first, last = (next_low - more + 1, next_low) if toward_low else (next_high, next_high + more - 1)
    found = _inside_prices(first, last, spacing)
    return found if found.first <= found.last else None


def _inside_prices(first: int, last: int, spacing: int) -> Words:
    """The part of the words that lies in the price range."""
    return Words(max(first, MIN_TICK // spacing >> 8), min(last, MAX_TICK // spacing >> 8), spacing)
