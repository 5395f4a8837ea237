"""What the lens (contracts/lens/UniswapV2Lens.sol) is asked of a pair, and its answer as a state."""

from executor.domain.errors import PoolNotFoundError
from executor.domain.market import V2State
from executor.domain.pool import Pool

_RESERVE_BYTES = 14


def lens_request(pool: Pool, reach: tuple[int, int]) -> bytes:
    """The request for one pair; its state is the same whatever the reach."""
    return bytes.fromhex(pool.address[2:])


def lens_state(pool: Pool, answer: bytes) -> V2State:
    """The state in the lens's answer. Raises PoolNotFoundError if it is none."""
    if len(answer) != 2 * _RESERVE_BYTES:
        raise PoolNotFoundError(
            f"{pool.address} on {pool.dex} does not tell its reserves.",
            fix="check the pool's address and kind",
            pool=pool.address,
        )
    return V2State(
        pool, int.from_bytes(answer[:_RESERVE_BYTES], "big"), int.from_bytes(answer[_RESERVE_BYTES:], "big")
    )
