"""Pools of Uniswap V4, which all live in the PoolManager: liquidity in ranges of ticks, as in V3.

`SwapMath.computeSwapStep` of v4-core 1.0.2 splits an input differently into amount and fee, but takes, gives
and moves just what that of V3 does: the maths are V3's, with the fee that protocol and liquidity take
together. Pools whose hook may change amounts are refused: `HookEffect` in `uniswap_v4_state`.
"""

from executor.domain.address import ZERO_ADDRESS
from executor.domain.market import V3State
from executor.domain.pool_details import V4Details
from executor.venues.uniswap_v3 import (
    after,
    amount_in,
    amount_out,
    exact_out,
    local_curve,
    marginal,
    quote,
    stretch,
    stretch_of,
    swaps,
)
from executor.venues.uniswap_v4_events import (
    FOLLOWABLE,
    TOPICS,
    emitters,
    follow,
    followable,
    shared_mark,
)
from executor.venues.uniswap_v4_lens import lens_further, lens_request, lens_state
from executor.venues.uniswap_v4_reads import belongs, extend, find, identify, read
from executor.venues.uniswap_v4_state import HookEffect, V4State, hook_effect

__all__ = [
    "FOLLOWABLE",
    "TOPICS",
    "HookEffect",
    "V4State",
    "after",
    "amount_in",
    "amount_out",
    "belongs",
    "emitters",
    "exact_out",
    "extend",
    "find",
    "follow",
    "followable",
    "gas",
    "hook_effect",
    "identify",
    "lens_further",
    "lens_request",
    "lens_state",
    "local_curve",
    "marginal",
    "quote",
    "read",
    "shared_mark",
    "stretch",
    "stretch_of",
    "swaps",
]

LEG_GAS = 72_000
"""Gas of one swap inside one tick range, with its lock, payment and withdrawal: fitted to routes through the
router on the local chain.
"""

HOOK_GAS = 19_400
"""What a hook that counts before and after each swap costs: others may cost less, or much more."""

TICK_GAS = 25_000
"""Gas of crossing one initialised tick."""


def gas(state: V3State, zero_for_one: bool, amount_in: int) -> int:
    """Estimate of the gas of one swap as a leg. Raises as `amount_out` does."""
    details = state.pool.details
    hooked = isinstance(details, V4Details) and details.hooks != ZERO_ADDRESS
    crossing = TICK_GAS * swaps(state, zero_for_one).ticks_crossed(amount_in)
    return LEG_GAS + (HOOK_GAS if hooked else 0) + crossing
