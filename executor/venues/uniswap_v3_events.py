"""What pools of the Uniswap V3 shape write into the log, and the state after it.

Sources: `IUniswapV3PoolEvents` of v3-core 1.0.1 and `IAlgebraPoolEvents` of Algebra Integral; the `Swap` of
PancakeSwap and of some versions of Algebra has two more words behind the same five. Only ticks that are known
are kept up to date: a position that begins or ends elsewhere changes nothing that the state tells.
"""

from dataclasses import replace
from typing import TypeVar

from eth_hash.auto import keccak

from executor.domain.address import Address
from executor.domain.log import Log
from executor.domain.market import V3State
from executor.domain.pool import Pool

State = TypeVar("State", bound=V3State)

FOLLOWABLE = True

INITIALIZE = keccak(b"Initialize(uint160,int24)")
SWAP = keccak(b"Swap(address,address,int256,int256,uint160,uint128,int24)")
PANCAKE_SWAP = keccak(b"Swap(address,address,int256,int256,uint160,uint128,int24,uint128,uint128)")
MINT = keccak(b"Mint(address,address,int24,int24,uint128,uint256,uint256)")
BURN = keccak(b"Burn(address,int24,int24,uint128,uint256,uint256)")
FEE = keccak(b"Fee(uint16)")
OVERRIDDEN_SWAP = keccak(b"Swap(address,address,int256,int256,uint160,uint128,int24,uint24,uint24)")
PLUGIN = keccak(b"Plugin(address)")
PLUGIN_CONFIG = keccak(b"PluginConfig(uint8)")
TICK_SPACING = keccak(b"TickSpacing(int24)")
SET_FEE = keccak(b"SetFee(uint24,uint24)")
SWAPS = frozenset({SWAP, PANCAKE_SWAP, OVERRIDDEN_SWAP})
REREAD = frozenset({PLUGIN, PLUGIN_CONFIG, TICK_SPACING, SET_FEE})
TOPICS = SWAPS | REREAD | {INITIALIZE, MINT, BURN, FEE}

_WORDS = {INITIALIZE: 2, SWAP: 5, PANCAKE_SWAP: 7, OVERRIDDEN_SWAP: 7, MINT: 4, BURN: 3, FEE: 1}
_TOPICS = {INITIALIZE: 1, SWAP: 3, PANCAKE_SWAP: 3, OVERRIDDEN_SWAP: 3, MINT: 4, BURN: 4, FEE: 1}


def followable(state: V3State) -> bool:
    """False where the pool's fee changes without a log."""
    return state.settled


def emitters(pool: Pool) -> tuple[Address, ...]:
    """The pool alone."""
    return (pool.address,)


def follow(state: V3State, log: Log) -> V3State | None:
    """The state after that log; the same object where it changes nothing.

    None where only a reading can tell: the price left the ticks that are known, a position's end leaves a
    tick of which the log does not say whether others still use it, or the log is not as a pool writes it.
    """
    if log.address != state.pool.address or not log.topics or log.topics[0] not in TOPICS:
        return state
    event = log.topics[0]
    if event in REREAD:
        return None
    if len(log.data) != 32 * _WORDS[event] or len(log.topics) != _TOPICS[event]:
        return None
    if event == INITIALIZE:
        return moved(state, word_of(log, 0), signed_of(log, 1), state.liquidity)
    if event == FEE:
        return replace(state, fees=(word_of(log, 0), word_of(log, 0)))
    if event in SWAPS:
        return moved(state, word_of(log, 2), signed_of(log, 4), word_of(log, 3))
    amount = word_of(log, 1) if event == MINT else -word_of(log, 0)
    return with_position(state, tick_of(log.topics[2]), tick_of(log.topics[3]), amount)


def moved(state: State, sqrt_price_x96: int, tick: int, liquidity: int) -> State | None:
    """The state at another price; None where nothing is known there."""
    if not state.known_low <= tick <= state.known_high:
        return None
    return replace(state, sqrt_price_x96=sqrt_price_x96, tick=tick, liquidity=liquidity)


def with_position(state: State, lower: int, upper: int, amount: int) -> State | None:
    """The state with `amount` of liquidity more between two ticks, or less where it is negative."""
    if amount == 0:
        return state
    changes = {
        tick: change
        for tick, change in ((lower, amount), (upper, -amount))
        if state.known_low <= tick <= state.known_high
    }
    ticks = {tick: state.ticks.get(tick, 0) + change for tick, change in changes.items()}
    # A tick whose liquidity cancels out makes the pool stop and round as long as any position uses it.
    if amount < 0 and 0 in ticks.values():
        return None
    inside = lower <= state.tick < upper
    return replace(
        state,
        liquidity=state.liquidity + amount if inside else state.liquidity,
        ticks={**state.ticks, **ticks} if ticks else state.ticks,
    )


def word_of(log: Log, index: int) -> int:
    """A word of the log's data."""
    return int.from_bytes(log.data[32 * index : 32 * index + 32], "big")


def signed_of(log: Log, index: int) -> int:
    """A word of the log's data as a signed number."""
    return int.from_bytes(log.data[32 * index : 32 * index + 32], "big", signed=True)


def tick_of(topic: bytes) -> int:
    """A tick among the log's topics."""
    return int.from_bytes(topic, "big", signed=True)
