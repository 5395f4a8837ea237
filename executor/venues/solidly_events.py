"""What pools of the Solidly shape and their factories write into the log, and the state after it.

Source: `IPool` and `IPoolFactory` of Velodrome V2. A factory's change of the fee of all its pools
(`setFee`) is in no log: a state keeps the fee that was read until it is read again.
"""

from dataclasses import replace

from eth_hash.auto import keccak

from executor.domain.abi import CODEC
from executor.domain.address import Address
from executor.domain.log import Log
from executor.domain.pool import Pool
from executor.domain.pool_details import SolidlyDetails
from executor.venues.solidly_state import SolidlyState

FOLLOWABLE = True

SYNC = keccak(b"Sync(uint256,uint256)")
SET_CUSTOM_FEE = keccak(b"SetCustomFee(address,uint256)")
SET_PAUSE_STATE = keccak(b"SetPauseState(bool)")
TOPICS = frozenset({SYNC, SET_CUSTOM_FEE, SET_PAUSE_STATE})


def emitters(pool: Pool) -> tuple[Address, ...]:
    """The pool, and the factory that sets its fee where it is known."""
    if isinstance(pool.details, SolidlyDetails) and pool.details.factory is not None:
        return pool.address, pool.details.factory
    return (pool.address,)


def follow(state: SolidlyState, log: Log) -> SolidlyState | None:
    """The state after that log; the same object where it changes nothing. None where the factory paused its
    pools or changed this one's fee: then the pool must be read again.
    """
    if not log.topics or log.address not in emitters(state.pool):
        return state
    event = log.topics[0]
    if log.address == state.pool.address:
        if event != SYNC:
            return state
        reserve0, reserve1 = CODEC.decode(("uint256", "uint256"), log.data)
        return replace(state, reserve0=reserve0, reserve1=reserve1)
    if event == SET_PAUSE_STATE:
        return None
    if event == SET_CUSTOM_FEE and bytes.fromhex(state.pool.address[2:]) in b"".join(
        (*log.topics[1:], log.data)
    ):
        return None
    return state
