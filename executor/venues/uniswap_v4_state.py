"""What the maths need of a pool of Uniswap V4: a pool with ticks whose fee has two parts, and what its hook
may do to a swap.

Sources: v4-core 1.0.2 `types/Slot0.sol`, `libraries/ProtocolFeeLibrary.sol`, `libraries/Hooks.sol`.
"""

from dataclasses import dataclass
from enum import Enum
from typing import ClassVar

from executor.domain.address import Address
from executor.domain.errors import MathsError, PoolNotFoundError
from executor.domain.market import V3State
from executor.domain.pool import FEE_UNIT, Pool
from executor.domain.pool_details import V4Details

DYNAMIC_FEE = 0x800000
"""What a pool's key has for a fee that its hook sets."""

BEFORE_SWAP = 1 << 7
AFTER_SWAP = 1 << 6
BEFORE_SWAP_RETURNS_DELTA = 1 << 3
AFTER_SWAP_RETURNS_DELTA = 1 << 2

_PROTOCOL_FEE_BITS = 12


class HookEffect(Enum):
    """What a hook may do to a swap, as the last bits of its address say."""

    NONE = "none"
    """It is not called."""
    CALLED = "called"
    """It is called, but what it returns changes no amount. It can still refuse the swap, or trade itself."""
    CHANGES_AMOUNTS = "changes_amounts"
    """It may take or give a part of the amounts, or set the fee of each swap: only a simulation tells."""


def hook_effect(hooks: Address, key_fee: int) -> HookEffect:
    """What the hook at this address may do to swaps of a pool whose key has this fee."""
    flags = int(hooks, 16)
    before, after = flags & BEFORE_SWAP, flags & AFTER_SWAP
    if before and (key_fee == DYNAMIC_FEE or flags & BEFORE_SWAP_RETURNS_DELTA):
        return HookEffect.CHANGES_AMOUNTS
    if after and flags & AFTER_SWAP_RETURNS_DELTA:
        return HookEffect.CHANGES_AMOUNTS
    return HookEffect.CALLED if before or after else HookEffect.NONE


def v4_details(pool: Pool) -> V4Details:
    """What names the pool. Raises PoolNotFoundError where it was not given."""
    if not isinstance(pool.details, V4Details):
        raise PoolNotFoundError(
            f"the pool {pool.identity} on {pool.dex} is not named as a V4 pool.",
            fix="give its fee, tick spacing and hooks",
            pool=pool.identity,
        )
    return pool.details


@dataclass(frozen=True, slots=True)
class V4State(V3State):
    """A pool with ticks whose fee the PoolManager puts together: `lp_fee` in millionths, and `protocol_fee`,
    12 bits for each direction, those for token0 in last, in millionths, too. The PoolManager keeps what is
    owed either way in int128.
    """

    MOST: ClassVar[int] = 2**127 - 1
    lp_fee: int = 0
    protocol_fee: int = 0

    def fee(self, zero_for_one: bool) -> int:
        """The fee of a swap in that direction, in millionths: the protocol takes its part first, and the
        liquidity's holders theirs of the rest.

        Raises MathsError if the pool's hook may change what swaps give.
        """
        details = v4_details(self.pool)
        if hook_effect(details.hooks, details.key_fee) is HookEffect.CHANGES_AMOUNTS:
            raise MathsError(
                f"what the V4 pool {self.pool.identity} gives is up to its hook {details.hooks}.",
                fix="simulate the swap, or use another pool",
                pool=self.pool.identity,
                hooks=details.hooks,
            )
        shift = 0 if zero_for_one else _PROTOCOL_FEE_BITS
        protocol = self.protocol_fee >> shift & (1 << _PROTOCOL_FEE_BITS) - 1
        return protocol + self.lp_fee - protocol * self.lp_fee // FEE_UNIT
