"""What Balancer V2's Vault and its pools write into the log, and the state after it.

Source: `IVault` and the pools' events. The Vault writes of every swap, join, exit and managed move what it
added to each balance and took from it; fees that a join or an exit pays come off as well.
"""

from collections.abc import Mapping
from dataclasses import replace

from eth_hash.auto import keccak

from executor.domain.abi import decoded
from executor.domain.address import Address, to_address
from executor.domain.log import Log
from executor.domain.pool import Pool
from executor.venues.balancer_v2_answers import known
from executor.venues.balancer_v2_state import BalancerV2State

FOLLOWABLE = True
"""But for pools with rates or a ramp, see `followable`."""

SWAP = keccak(b"Swap(bytes32,address,address,uint256,uint256)")
BALANCE_CHANGED = keccak(b"PoolBalanceChanged(bytes32,address,address[],int256[],uint256[])")
BALANCE_MANAGED = keccak(b"PoolBalanceManaged(bytes32,address,address,int256,int256)")
PAUSED = keccak(b"PausedStateChanged(bool)")
FEE_CHANGED = keccak(b"SwapFeePercentageChanged(uint256)")
READ_AGAIN = frozenset(
    map(
        keccak,
        (
            b"AmpUpdateStarted(uint256,uint256,uint256,uint256)",
            b"AmpUpdateStopped(uint256)",
            b"TokenRateCacheUpdated(address,uint256)",
            b"TokenRateCacheUpdated(uint256,uint256)",
            b"TokenRateProviderSet(address,address,uint256)",
            b"TokenRateProviderSet(uint256,address,uint256)",
            b"PriceRateCacheUpdated(address,uint256)",
            b"PriceRateProviderSet(address,address,uint256)",
        ),
    )
)
TOPICS = frozenset({SWAP, BALANCE_CHANGED, BALANCE_MANAGED, PAUSED, FEE_CHANGED}) | READ_AGAIN


def emitters(pool: Pool) -> tuple[Address, ...]:
    """The Vault and the pool."""
    return known(pool).vault, pool.address


def shared_mark(pool: Pool) -> tuple[Address, bytes]:
    """The contract that writes logs for many pools; the topic behind the event's in those about this one."""
    own = known(pool)
    return own.vault, bytes.fromhex(own.pool_id[2:])


def followable(state: BalancerV2State) -> bool:
    """False where a rate or the amplification moves with time, which no log tells."""
    return state.steady


def follow(state: BalancerV2State, log: Log) -> BalancerV2State | None:
    """The state after that log; the same object where it is about something else. None where the pool must be
    read again: rates, ramps, the end of a pause.
    """
    own = known(state.pool)
    if not log.topics or log.address not in (own.vault, state.pool.address):
        return state
    event = log.topics[0]
    if event == PAUSED:
        # Vault and pool can be paused both: that one no longer is does not tell of the other.
        return replace(state, paused=True) if any(log.data) else None
    if log.address == state.pool.address:
        if event == FEE_CHANGED:
            return replace(state, swap_fee=int.from_bytes(log.data[:32]))
        return None if event in READ_AGAIN else state
    if len(log.topics) < 2 or log.topics[1] != bytes.fromhex(own.pool_id[2:]):
        return state
    if not state.steady:
        return None
    changes = _changes(event, log)
    return state if changes is None else _changed(state, *changes)


Changes = Mapping[Address, int]


def _changes(event: bytes, log: Log) -> tuple[Changes, Changes] | None:
    """By token, what was added to its balance and to what its manager holds; None for other events."""
    if event == SWAP:
        amounts = decoded(log.data, "uint256", "uint256")
        assert amounts is not None
        sold, bought = (to_address("0x" + topic[-20:].hex()) for topic in log.topics[2:4])
        return {sold: int(str(amounts[0])), bought: -int(str(amounts[1]))}, {}
    if event == BALANCE_CHANGED:
        lists = decoded(log.data, "address[]", "int256[]", "uint256[]")
        assert lists is not None
        tokens, deltas, fees = lists
        assert isinstance(tokens, tuple) and isinstance(deltas, tuple) and isinstance(fees, tuple)
        changes = zip(tokens, deltas, fees, strict=True)
        return {to_address(token): delta - fee for token, delta, fee in changes}, {}
    if event == BALANCE_MANAGED:
        moved = decoded(log.data, "int256", "int256")
        assert moved is not None
        cash, managed = (int(str(each)) for each in moved)
        token = to_address("0x" + log.topics[3][-20:].hex())
        return {token: cash + managed}, {token: managed}
    return None


def _changed(state: BalancerV2State, held: Changes, managed: Changes) -> BalancerV2State:
    tokens = [token for token in known(state.pool).tokens if token != state.pool.address]
    pair = (state.pool.token0.address, state.pool.token1.address)
    balances = zip(tokens, state.balances, strict=True)
    first, second = (
        amount + managed.get(token, 0) for token, amount in zip(pair, state.managed, strict=True)
    )
    return replace(
        state,
        balances=tuple(balance + held.get(token, 0) for token, balance in balances),
        managed=(first, second),
    )
