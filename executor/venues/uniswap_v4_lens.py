"""What the lens (contracts/lens/UniswapV4Lens.sol) is asked of a V4 pool, and its answer as a state."""

from executor.domain.market import V3State
from executor.domain.pool import Pool
from executor.venues.uniswap_v3_lens import more_ticks_wanted, ticks_wanted, unpacked
from executor.venues.uniswap_v4_state import V4State, v4_details

_FEE_BYTES = 3


def lens_request(pool: Pool, reach: tuple[int, int]) -> bytes:
    """The request for price, liquidity, fees and the ticks that `reach` comes to; see `uniswap_v3_lens`."""
    return _who(pool) + ticks_wanted(v4_details(pool).tick_spacing, reach)


def lens_further(state: V3State, toward_low: bool) -> bytes:
    """The request for the same pool with twice as many words known on one side, at the same block."""
    return _who(state.pool) + more_ticks_wanted(state, toward_low)


def lens_state(pool: Pool, answer: bytes) -> V4State:
    """The state in the lens's answer: the protocol's fee, then as of V3 pools. Raises PoolNotFoundError if it
    is none.
    """
    lp_fee, state = unpacked(pool, answer[_FEE_BYTES:])
    return V4State(
        pool,
        state.sqrt_price_x96,
        state.tick,
        state.liquidity,
        state.ticks,
        state.known_low,
        state.known_high,
        lp_fee=lp_fee,
        protocol_fee=int.from_bytes(answer[:_FEE_BYTES], "big"),
    )


def _who(pool: Pool) -> bytes:
    return bytes.fromhex(pool.address[2:]) + bytes.fromhex(pool.identity[2:])
