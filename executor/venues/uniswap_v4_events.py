"""What the PoolManager of Uniswap V4 writes into the log of one pool, and the state after it.

Source: v4-core 1.0.2 `IPoolManager.sol` and `IProtocolFees.sol`. All pools share the emitter; the pool's id
is the first topic after the event's. No log tells when a hook sets a dynamic fee.
"""

from dataclasses import replace

from eth_hash.auto import keccak

from executor.domain.address import Address
from executor.domain.log import Log
from executor.domain.market import V3State
from executor.domain.pool import Pool
from executor.venues.uniswap_v3_events import moved, signed_of, with_position, word_of
from executor.venues.uniswap_v4_state import DYNAMIC_FEE, HookEffect, V4State, hook_effect, v4_details

FOLLOWABLE = True

INITIALIZE = keccak(b"Initialize(bytes32,address,address,uint24,int24,address,uint160,int24)")
SWAP = keccak(b"Swap(bytes32,address,int128,int128,uint160,uint128,int24,uint24)")
MODIFY_LIQUIDITY = keccak(b"ModifyLiquidity(bytes32,address,int24,int24,int256,bytes32)")
PROTOCOL_FEE_UPDATED = keccak(b"ProtocolFeeUpdated(bytes32,uint24)")
TOPICS = frozenset({INITIALIZE, SWAP, MODIFY_LIQUIDITY, PROTOCOL_FEE_UPDATED})

_WORDS = {INITIALIZE: 5, SWAP: 6, MODIFY_LIQUIDITY: 4, PROTOCOL_FEE_UPDATED: 1}


def followable(state: V3State) -> bool:
    """False where a hook may change the pool's fee between two blocks, or what its swaps give."""
    details = v4_details(state.pool)
    changes = hook_effect(details.hooks, details.key_fee) is HookEffect.CHANGES_AMOUNTS
    return details.key_fee != DYNAMIC_FEE and not changes


def emitters(pool: Pool) -> tuple[Address, ...]:
    """The PoolManager."""
    return (pool.address,)


def shared_mark(pool: Pool) -> tuple[Address, bytes]:
    """The contract that writes logs for many pools; the topic behind the event's in those about this one."""
    return pool.address, bytes.fromhex(pool.identity[2:])


def follow(state: V4State, log: Log) -> V4State | None:
    """The state after that log; the same object where it changes nothing, None where only a reading can tell
    (see `uniswap_v3_events`).
    """
    if log.address != state.pool.address or len(log.topics) < 2 or log.topics[0] not in TOPICS:
        return state
    event = log.topics[0]
    if log.topics[1] != bytes.fromhex(state.pool.identity[2:]):
        return state
    if len(log.data) != 32 * _WORDS[event]:
        return None
    if event == SWAP:
        return moved(state, word_of(log, 2), signed_of(log, 4), word_of(log, 3))
    if event == MODIFY_LIQUIDITY:
        return with_position(state, signed_of(log, 0), signed_of(log, 1), signed_of(log, 2))
    if event == PROTOCOL_FEE_UPDATED:
        return replace(state, protocol_fee=word_of(log, 0))
    return moved(state, word_of(log, 3), signed_of(log, 4), state.liquidity)
