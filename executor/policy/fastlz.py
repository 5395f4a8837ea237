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
_FIRST = 2


def compressed_length(data: bytes) -> int:
    """Bytes that `data` is squeezed to. About half a microsecond for each byte."""
    size = len(data)
    limit = size - _TAIL
    if limit <= _FIRST:
        return _literals(size)
    threes = [one | two << 8 | three << 16 for one, two, three in zip(data, data[1:], data[2:], strict=False)]
    keys = [(_MULTIPLIER * three & 0xFFFFFFFF) >> _SHIFT for three in threes]
    seen = [0] * (_MASK + 1)
    length = anchor = 0
    position = _FIRST
    while position < limit:
        found = _next_match(threes, keys, position, limit, seen)
        if found is None:
            break
        position, earlier = found
        length += _literals(position - anchor)
        matched = _common(data, earlier + 3, position + 3, limit + 9)
        length += _match(matched)
        position += matched
        for _ in range(2):
            seen[keys[position]] = position
            position += 1
        anchor = position
    return length + _literals(size - anchor)


def _next_match(
    threes: list[int], keys: list[int], position: int, limit: int, seen: list[int]
) -> tuple[int, int] | None:
    """The next place from `position` on whose three bytes stood before, and where; None before the tail."""
    for here in range(position, limit):
        key = keys[here]
        earlier = seen[key]
        seen[key] = here
        if threes[here] == threes[earlier] and here - earlier <= _WINDOW:
            return (here, earlier) if here + 1 < limit else None
    return None


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
