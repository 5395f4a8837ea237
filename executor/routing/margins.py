"""What sizes leave of money that others may take, or fill up, before a trade lands.

A trade sized to the last unit of it fails as soon as anybody is faster, or an earlier leg gives a little
more. Quotes stay true of all that is there.
"""

from dataclasses import replace

from executor.domain.market import PoolState
from executor.venues.maker_psm_state import HALTED, MakerPSMState

MARGIN_BPS = 100
"""What is left, in basis points."""


def less_margin(amount: int) -> int:
    """What may be taken of that much, in the same units: at least one unit is left."""
    return amount - -(-amount * MARGIN_BPS // 10_000)


def within(state: PoolState) -> PoolState:
    """The state as sizes are worked out with it. A peg stability module pays all at one price until it has
    no more, and so has a margin; prices of curves are what holds back the others.
    """
    if not isinstance(state, MakerPSMState):
        return state
    allowed = state.allowed if state.allowed == HALTED else less_margin(state.allowed)
    return replace(state, cash=less_margin(state.cash), gems=less_margin(state.gems), allowed=allowed)
