"""What Balancer V3's Vault and its pools write into the log, and the state after it.

Source: `IVaultEvents` and `Vault._swap`, `_addLiquidity`, `_removeLiquidity`: of every fee that a log names,
the protocol's part leaves the pool's balance.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from eth_hash.auto import keccak

from executor.domain.abi import decoded
from executor.domain.address import Address, to_address
from executor.domain.log import Log
from executor.domain.pool import Pool
from executor.venues.balancer_maths import ONE
from executor.venues.balancer_v3_answers import known
from executor.venues.balancer_v3_state import BalancerV3State

FOLLOWABLE = True
"""But for pools with rates or a ramp, see `followable`."""

SWAP = keccak(b"Swap(address,address,address,uint256,uint256,uint256,uint256)")
ADDED = keccak(b"LiquidityAdded(address,address,uint8,uint256,uint256[],uint256[])")
REMOVED = keccak(b"LiquidityRemoved(address,address,uint8,uint256,uint256[],uint256[])")
VAULT_PAUSED = keccak(b"VaultPausedStateChanged(bool)")
POOL_PAUSED = keccak(b"PoolPausedStateChanged(address,bool)")
RECOVERY = keccak(b"PoolRecoveryModeStateChanged(address,bool)")
SETTINGS: Mapping[bytes, str] = {
    keccak(b"SwapFeePercentageChanged(address,uint256)"): "swap_fee",
    keccak(b"AggregateSwapFeePercentageChanged(address,uint256)"): "aggregate_swap_fee",
    keccak(b"AggregateYieldFeePercentageChanged(address,uint256)"): "aggregate_yield_fee",
}
"""The field of the state that each of these events sets."""

RAMPS = frozenset(
    map(keccak, (b"AmpUpdateStarted(uint256,uint256,uint256,uint256)", b"AmpUpdateStopped(uint256)"))
)
TOPICS = frozenset({SWAP, ADDED, REMOVED, VAULT_PAUSED, POOL_PAUSED, RECOVERY, *SETTINGS}) | RAMPS


def emitters(pool: Pool) -> tuple[Address, ...]:
    """The Vault and the pool."""
    return known(pool).vault, pool.address


def shared_mark(pool: Pool) -> tuple[Address, bytes]:
    """The contract that writes logs for many pools; the topic behind the event's in those about this one."""
    return known(pool).vault, bytes(12) + bytes.fromhex(pool.address[2:])


def followable(state: BalancerV3State) -> bool:
    """False where a rate or the amplification moves with time, which no log tells."""
    return state.steady


def follow(state: BalancerV3State, log: Log) -> BalancerV3State | None:
    """The state after that log; the same object where it is about something else. None where the pool must be
    read again: rates, ramps, the end of a pause.
    """
    own = known(state.pool)
    if not log.topics or log.address not in (own.vault, state.pool.address):
        return state
    event = log.topics[0]
    if log.address == state.pool.address:
        return None if event in RAMPS else state
    if event == VAULT_PAUSED:
        # Vault and pool can be paused both: that one no longer is does not tell of the other.
        return replace(state, paused=True) if any(log.data) else None
    if len(log.topics) < 2 or to_address("0x" + log.topics[1][-20:].hex()) != state.pool.address:
        return state
    if not state.steady and event in (SWAP, ADDED, REMOVED):
        return None
    if event == POOL_PAUSED:
        return replace(state, paused=True) if any(log.data) else None
    if event == RECOVERY:
        return replace(state, recovery=any(log.data))
    if event in SETTINGS:
        return _set(state, SETTINGS[event], int.from_bytes(log.data[:32]))
    changes = _changes(state, event, log)
    if changes is None:
        return state
    balances = zip(state.balances, changes, strict=True)
    return replace(state, balances=tuple(balance + change for balance, change in balances))


def _changes(state: BalancerV3State, event: bytes, log: Log) -> tuple[int, ...] | None:
    """What the event added to each balance; None for events that change none."""
    tokens = known(state.pool).tokens
    if event == SWAP:
        numbers = decoded(log.data, "uint256", "uint256", "uint256", "uint256")
        assert numbers is not None
        given, taken, _, fee = (int(str(number)) for number in numbers)
        sold, bought = (to_address("0x" + topic[-20:].hex()) for topic in log.topics[2:4])
        added = {sold: given - _protocols(state, fee), bought: -taken}
        return tuple(added.get(token, 0) for token in tokens)
    if event not in (ADDED, REMOVED):
        return None
    lists = decoded(log.data, "uint256", "uint256[]", "uint256[]")
    assert lists is not None
    _, amounts, fees = lists
    assert isinstance(amounts, tuple) and isinstance(fees, tuple)
    sign = 1 if event == ADDED else -1
    return tuple(sign * amount - _protocols(state, fee) for amount, fee in zip(amounts, fees, strict=True))


def _set(state: BalancerV3State, field: str, value: int) -> BalancerV3State:
    changes: dict[str, Any] = {field: value}
    return replace(state, **changes)


def _protocols(state: BalancerV3State, fee: int) -> int:
    """The protocol's part of a fee, in smallest units."""
    return 0 if state.recovery else fee * state.aggregate_swap_fee // ONE
