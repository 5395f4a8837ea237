"""The length that FastLZ (level 1) squeezes bytes to: the measure by which OP stack chains since Fjord price
what a transaction takes of their parent chain.

The format is FastLZ's: a literal run costs its bytes and one byte for every 32 of them, a match of three
bytes or more costs two bytes, three from nine bytes on, and is cut into pieces of 262. Which matches are
found is part of the rule: an 8,192 entry table remembers where each hash of three bytes was last seen, up to
8,191 bytes back, and the last 13 bytes are never searched. Equal to op-geth's `FlzCompressLen` and to the
predeploy GasPriceOracle.
"""

_LITERALS = 32
_WINDOW = 8_191
_PIECE = 262
_TAIL = 13
_SHORT_MATCH = 6
_MULTIPLIER, _SHIFT, _MASK = 2_654_435_769, 19, 8_191


def compressed_length(data: bytes) -> int:
    """Bytes that `data` is squeezed to. About a microsecond for each byte."""
    size = len(data)
    limit = size - _TAIL
    seen: dict[int, int] = {}
    length = anchor = 0
    position = 2
    while position < limit:
        found = _next_match(data, position, limit, seen)
        if found is None:
            break
        position, earlier = found
        length += _literals(position - anchor)
        matched = _common(data, earlier + 3, position + 3, limit + 9)
        length += _match(matched)
        position += matched
        for _ in range(2):
            seen[_hash(_three(data, position))] = position
            position += 1
        anchor = position
    return length + _literals(size - anchor)


def _next_match(data: bytes, position: int, limit: int, seen: dict[int, int]) -> tuple[int, int] | None:
    """The next place from `position` on whose three bytes stood before, and where; None before the tail."""
    while True:
        here = _three(data, position)
        key = _hash(here)
        earlier = seen.get(key, 0)
        seen[key] = position
        if position >= limit:
            return None
        if position - earlier <= _WINDOW and here == _three(data, earlier):
            return (position, earlier) if position + 1 < limit else None
        position += 1


def _three(data: bytes, position: int) -> int:
    return int.from_bytes(data[position : position + 3], "little")


def _hash(three: int) -> int:
    return (_MULTIPLIER * three & 0xFFFFFFFF) >> _SHIFT & _MASK


def _common(data: bytes, earlier: int, position: int, end: int) -> int:
    """How much more is alike, and the one byte that ended it (which the format's loop counts too)."""
    matched = 0
    while position + matched < end:
        if data[earlier + matched] != data[position + matched]:
            return matched + 1
        matched += 1
    return matched


def _literals(count: int) -> int:
    whole, rest = divmod(count, _LITERALS)
    return (_LITERALS + 1) * whole + (rest + 1 if rest else 0)


def _match(matched: int) -> int:
    whole, rest = divmod(matched - 1, _PIECE)
    return 3 * whole + (3 if rest >= _SHORT_MATCH else 2)
