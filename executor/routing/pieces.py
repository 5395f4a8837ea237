"""The most that may be had of a curve that is not concave, by pieces of it that are nearly straight.

The inputs are divided into pieces, on each of which the curve is within a known distance of a straight line.
The piece that may hold the most is halved again and again. Far from the best size pieces may be long, near it
they are as short as they are close to it: the distance falls with the square of the length, as does what a
size loses that is not the best.

Only inputs between two that were found first can be worth more at all: another curve, concave, stands nowhere
below this one. To the left of an input below the size at which that curve is no higher than what was found
nothing is worth more, nor to the right of one above it.
"""

from heapq import heapify, heappop, heappush
from typing import NamedTuple, Protocol

from executor.domain.errors import MathsError

PIECES = 160
"""So many pieces are looked at; what is not excluded by then is the bound."""

UNKNOWN = -(2**600)
"""The loss of a piece of which nothing is known yet."""


class Worth(Protocol):
    """A curve."""

    @property
    def walled(self) -> bool:
        """Whether what is too much stays too much."""

    def earned(self, size: int) -> int | None:
        """What an input is worth; None where it cannot be traded."""

    def most(self, low: int, high: int) -> tuple[int, int, int] | None:
        """The most that an input of a piece may be worth, how much of that is above its ends, and how much of
        this is left however short the piece; None where nothing proves it. Raises MathsError where the piece
        reaches too far.
        """

    def concave(self, size: int) -> int | None:
        """A bound on the concave curve at an input; None where it cannot be traded, or nothing proves one."""


class _Piece(NamedTuple):
    """The inputs from `low` to `high`, worth at most `-loss`; `fine`: shorter ones tell no more."""

    loss: int
    low: int
    high: int
    fine: bool


def most_above(worth: Worth, size: int, cap: int) -> int | None:
    """A bound on what any input up to `cap` is worth more than `size`; None where nothing proves one. Raises
    TicksUnknownError.
    """
    found = worth.earned(size)
    window = None if found is None else _window(worth, size, found, cap)
    if window is None or found is None:
        return None
    ends = ((window[0], size), (size, window[1]))
    pieces = [_piece(worth, low, high) for low, high in ends if low < high]
    heapify(pieces)
    for _ in range(PIECES):
        if pieces[0].fine or -pieces[0].loss <= found:
            break
        piece = heappop(pieces)
        middle = (piece.low + piece.high) // 2
        heappush(pieces, _piece(worth, piece.low, middle))
        heappush(pieces, _piece(worth, middle, piece.high))
    return None if pieces[0].loss == UNKNOWN else max(-pieces[0].loss - found, 0)


def _piece(worth: Worth, low: int, high: int) -> _Piece:
    if high - low <= 1:
        ends = [earned for earned in map(worth.earned, (low, high)) if earned is not None]
        return _Piece(-max(ends, default=-high), low, high, fine=True)
    try:
        most = worth.most(low, high)
    except MathsError:
        most = None
    if most is None:
        return _Piece(UNKNOWN, low, high, fine=False)
    earned, above, noise = most
    return _Piece(-earned, low, high, 2 * above <= 3 * noise)


def _window(worth: Worth, size: int, found: int, cap: int) -> tuple[int, int] | None:
    """Two inputs beside the size, beyond which nothing is worth more than was found."""
    low, step = size, max(size >> 6, 1)
    most: int | None = found + 1
    while most is None or most > found:
        low, step = (size - step if 2 * step <= size else low // 2), 2 * step
        most = worth.concave(low) if low else None
        if most is None:
            return None
    high = _right(worth, size, found, cap)
    return None if high is None else (low, high)


def _right(worth: Worth, size: int, found: int, cap: int) -> int | None:
    """The input above the size beyond which nothing is worth more, or can be traded."""
    step, last = max(size >> 6, 1), size
    while last < cap:
        high = min(size + step, cap)
        most = worth.concave(high)
        if most is None:
            return _wall(worth, last, high) if worth.walled else None
        if most <= found:
            return high
        last, step = high, 2 * step
    return cap


def _wall(worth: Worth, low: int, high: int) -> int:
    """The largest input that can be traded: more stays too much."""
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if worth.earned(middle) is None else (middle, high)
    return low
