"""Floor 1: exact integer maths of the exchanges, and how their pools are read. No I/O.

`VENUES` is the one table: a new venue is one module that has the functions of `Venue`, and one line here.
"""

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from executor.domain.address import Address
from executor.domain.call import Reading
from executor.domain.dex import Dex
from executor.domain.log import Log
from executor.domain.market import PoolState
from executor.domain.pool import Pool, PoolIdentity, VenueKind
from executor.domain.token import Token
from executor.venues import (
    balancer_v2,
    balancer_v3,
    curve_pools,
    dodo_v2,
    erc4626,
    maker_psm,
    solidly,
    uniswap_v2,
    uniswap_v3,
    uniswap_v4,
    wrapped_native,
)
from executor.venues.curve import Curve

__all__ = [
    "VENUES",
    "Curve",
    "Venue",
    "after",
    "amount_in",
    "amount_out",
    "belongs",
    "emitters",
    "extend",
    "find",
    "follow",
    "followable",
    "gas",
    "identify",
    "lens_further",
    "lens_request",
    "lens_state",
    "local_curve",
    "marginal",
    "read",
    "shared_mark",
    "topics",
]


class Venue(Protocol):
    """What a venue's module offers. Its functions take the states that its own `read` returns."""

    def amount_out(self, state: Any, zero_for_one: bool, amount_in: int) -> int:
        """What comes out for all of `amount_in`; 0 where that is too little."""

    def amount_in(self, state: Any, zero_for_one: bool, amount_out: int) -> int:
        """What the venue asks for `amount_out`, which then gives at least that."""

    def after(self, state: Any, zero_for_one: bool, amount_in: int) -> Any:
        """The state after a swap of all of `amount_in`."""

    def marginal(self, state: Any, zero_for_one: bool) -> tuple[int, int]:
        """What the very next unit gives, fee included: numerator and denominator, in smallest units."""

    def local_curve(self, state: Any, zero_for_one: bool) -> Curve | None:
        """The curve near the present price, in real numbers, or None where there is none of that shape."""

    def gas(self, state: Any, zero_for_one: bool, amount_in: int) -> int:
        """Estimated gas of the swap as one leg of a route."""

    def read(self, pool: Pool) -> Reading[Any]:
        """Read what the maths need."""

    def extend(self, state: Any, toward_low: bool) -> Reading[Any]:
        """Read further after TicksUnknownError."""

    def find(self, dex: Dex, token_a: Token, token_b: Token) -> Reading[tuple[Pool, ...]]:
        """Ask the factory for the pools of two tokens."""

    def identify(self, address: Address) -> Reading[PoolIdentity]:
        """Ask the code at an address what it is."""

    def belongs(self, dex: Dex, identity: PoolIdentity) -> Reading[bool]:
        """Ask the factory whether a pool is its own."""

    def lens_request(self, pool: Pool, reach: tuple[int, int]) -> bytes:
        """What the venue's lens is asked of a pool."""

    def lens_state(self, pool: Pool, answer: bytes) -> Any:
        """The state in the lens's answer."""

    FOLLOWABLE: bool
    """Whether logs tell all that changes a state. Where that depends on the pool, the module has a function
    `followable(state)`, too."""

    TOPICS: frozenset[bytes]
    """The first topics of the logs that `follow` takes."""

    def emitters(self, pool: Pool) -> tuple[Address, ...]:
        """Who writes them."""

    def follow(self, state: Any, log: Log) -> Any | None:
        """The state after a log."""


VENUES: Mapping[VenueKind, Venue] = {
    VenueKind.UNISWAP_V2: uniswap_v2,
    VenueKind.UNISWAP_V3: uniswap_v3,
    VenueKind.UNISWAP_V4: uniswap_v4,
    VenueKind.SOLIDLY: solidly,
    VenueKind.CURVE: curve_pools,
    VenueKind.BALANCER_V2: balancer_v2,
    VenueKind.BALANCER_V3: balancer_v3,
    VenueKind.ERC4626: erc4626,
    VenueKind.MAKER_PSM: maker_psm,
    VenueKind.DODO_V2: dodo_v2,
    VenueKind.WRAPPED_NATIVE: wrapped_native,
}


def amount_out(state: PoolState, zero_for_one: bool, amount_in: int) -> int:
    """What comes out for all of `amount_in` (smallest units); 0 where that is too little for one unit.

    Raises MathsError where the venue cannot make the trade, TicksUnknownError where not enough of the pool
    was read.
    """
    return VENUES[state.pool.kind].amount_out(state, zero_for_one, amount_in)


def amount_in(state: PoolState, zero_for_one: bool, amount_out: int) -> int:
    """What the venue asks for `amount_out` (smallest units); that much then gives at least `amount_out`.

    No smaller amount would do, but for pools of the V3 shape whose output is coarse: they round step by step,
    and a little less might give the same. Raises as the function above does.
    """
    return VENUES[state.pool.kind].amount_in(state, zero_for_one, amount_out)


def after(state: PoolState, zero_for_one: bool, amount_in: int) -> PoolState:
    """The state after a swap of all of `amount_in`. Raises as `amount_out` does."""
    changed: PoolState = VENUES[state.pool.kind].after(state, zero_for_one, amount_in)
    return changed


def marginal(state: PoolState, zero_for_one: bool) -> tuple[int, int]:
    """What the very next unit gives, fee included: numerator and denominator, in smallest units."""
    return VENUES[state.pool.kind].marginal(state, zero_for_one)


def local_curve(state: PoolState, zero_for_one: bool) -> Curve | None:
    """The curve near the present price, in real numbers, or None where there is none of that shape."""
    return VENUES[state.pool.kind].local_curve(state, zero_for_one)


def gas(state: PoolState, zero_for_one: bool, amount_in: int) -> int:
    """Estimated gas of the swap as one leg of a route: for choosing between routes, never for a gas limit."""
    return VENUES[state.pool.kind].gas(state, zero_for_one, amount_in)


def read(pool: Pool) -> Reading[PoolState]:
    """Read what the maths of the pool's venue need. Raises PoolNotFoundError if the pool does not answer as
    one.
    """
    return VENUES[pool.kind].read(pool)


def extend(state: PoolState, toward_low: bool) -> Reading[PoolState]:
    """Read further, at the same block, on the side that a TicksUnknownError names in its facts."""
    return VENUES[state.pool.kind].extend(state, toward_low)


def find(dex: Dex, token_a: Token, token_b: Token) -> Reading[tuple[Pool, ...]]:
    """The factory's pools of the two tokens, in every fee tier. Raises PoolNotFoundError if it has none."""
    return VENUES[dex.kind].find(dex, token_a, token_b)


def identify(kind: VenueKind, address: Address) -> Reading[PoolIdentity]:
    """What the code at `address` says of itself. Raises PoolNotFoundError if it does not answer as a pool of
    that kind.
    """
    return VENUES[kind].identify(address)


def belongs(dex: Dex, identity: PoolIdentity) -> Reading[bool]:
    """True if the factory of `dex` names this very pool as its own: the only proof of where a pool comes
    from.
    """
    return VENUES[dex.kind].belongs(dex, identity)


def lens_request(pool: Pool, reach: tuple[int, int] = (0, 0)) -> bytes:
    """What the lens of the pool's venue is asked; `reach`: the largest amounts of token0 and token1 that may
    go in (smallest units), zeros where they are not known.
    """
    return VENUES[pool.kind].lens_request(pool, reach)


def lens_state(pool: Pool, answer: bytes) -> PoolState:
    """The state in the lens's answer. Raises PoolNotFoundError if it is none."""
    state: PoolState = VENUES[pool.kind].lens_state(pool, answer)
    return state


def lens_further(state: PoolState, toward_low: bool) -> bytes | None:
    """What the lens is asked after TicksUnknownError; None of venues whose states are never read further."""
    further: Callable[[PoolState, bool], bytes] | None
    further = getattr(VENUES[state.pool.kind], "lens_further", None)
    return None if further is None else further(state, toward_low)


def followable(state: PoolState) -> bool:
    """False where a state changes in ways that no log tells: it is true of its block only."""
    venue = VENUES[state.pool.kind]
    of_state: Callable[[PoolState], bool] | None = getattr(venue, "followable", None)
    return venue.FOLLOWABLE and (of_state is None or of_state(state))


def topics() -> frozenset[bytes]:
    """The first topics of all logs that any venue's states are followed by."""
    return frozenset[bytes]().union(*(venue.TOPICS for venue in VENUES.values()))


def emitters(pool: Pool) -> tuple[Address, ...]:
    """Whose logs tell of changes of the pool."""
    return VENUES[pool.kind].emitters(pool)


def shared_mark(pool: Pool) -> tuple[Address, bytes] | None:
    """Of pools whose logs a contract writes that many share: that contract, and the topic behind the event's
    in its logs about this pool. Its logs with no such topic are about all. None of other pools.
    """
    mark: Callable[[Pool], tuple[Address, bytes]] | None
    mark = getattr(VENUES[pool.kind], "shared_mark", None)
    return None if mark is None else mark(pool)


def follow(state: PoolState, log: Log) -> PoolState | None:
    """The state after `log`: the same object where it is about something else, None where the pool must be
    read again.
    """
    followed: PoolState | None = VENUES[state.pool.kind].follow(state, log)
    return followed
