"""What pairs of the Uniswap V2 shape write into the log, and the state after it.

Source: `UniswapV2Pair._update`: every change of the reserves, by whatever cause, ends with `Sync`.
"""

from eth_hash.auto import keccak

from executor.domain.address import Address
from executor.domain.log import Log
from executor.domain.market import V2State
from executor.domain.pool import Pool

FOLLOWABLE = True

SYNC = keccak(b"Sync(uint112,uint112)")
TOPICS = frozenset({SYNC})


def emitters(pool: Pool) -> tuple[Address, ...]:
    """The pair alone."""
    return (pool.address,)


def follow(state: V2State, log: Log) -> V2State | None:
    """The state after that log; the same object where it is about something else. None where the log is not
    as the pair writes it.
    """
    if log.address != state.pool.address or not log.topics or log.topics[0] != SYNC:
        return state
    if len(log.data) != 64:
        return None
    return V2State(state.pool, int.from_bytes(log.data[:32], "big"), int.from_bytes(log.data[32:], "big"))
