"""What forks of Uniswap V3 tell of their price and fee, each in its own words.

- Uniswap V3, PancakeSwap V3: `slot0`, and a `fee` that never changes.
- Slipstream: likewise, but the factory may have a module that sets the fee of each moment.
- Solidly V3: the fee is the third word of `slot0`.
- Algebra Integral: `globalState`, of six words; `fee` asks the pool's plugin where there is one that sets it.
  Swaps stop at ticks only, and the bitmap has a bit for every tick whatever the spacing.
- Algebra 1.0 and 1.9: `globalState` of seven words, or eight with a fee for each direction. The first trade
  of a block sets the fee that it pays: what is read is the one before.

Sources: the packaged pools of v3-core 1.0.1, Algebra Integral 1.2.10 and Slipstream; Algebra's published
`IAlgebraPoolState` of 1.0 and 1.9.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from executor.domain.abi import decoded, decoded_address, decoded_int, eth_call
from executor.domain.call import EthCall
from executor.domain.pool import Pool, V3Callback

WORD = 32
INTEGRAL_WORDS, DIRECTIONAL_WORDS, SOLIDLY_WORDS = 6, 8, 4
"""Words in the answer of `globalState` of Algebra Integral, and of 1.9; of `slot0` of Solidly V3."""

CALLED_BEFORE_SWAPS, SETS_FEE = 1 << 0, 1 << 7
"""Bits of Algebra's plugin configuration."""


@dataclass(frozen=True, slots=True)
class Told:
    """Price (Q64.96), tick, liquidity; fees of token0 and of token1 in, in millionths. `word_ends` and
    `settled` are those of V3State.
    """

    sqrt_price_x96: int
    tick: int
    liquidity: int
    fees: tuple[int, int]
    word_ends: bool = True
    settled: bool = True


def first_calls(pool: Pool) -> tuple[EthCall, ...]:
    """What a pool is asked first."""
    name = "globalState" if pool.callback is V3Callback.ALGEBRA else "slot0"
    return tuple(
        eth_call(pool.address, f"{each}()") for each in (name, "liquidity", "fee", "factory", "unstakedFee")
    )


def module_calls(answers: Sequence[bytes | None]) -> tuple[EthCall, ...]:
    """What a pool's factory is asked then: of Slipstream, whether it has a module that sets fees."""
    factory, unstaked_fee = decoded_address(answers[3]), decoded_int(answers[4], "uint24")
    return () if factory is None or unstaked_fee is None else (eth_call(factory, "swapFeeModule()"),)


def told(pool: Pool, answers: Sequence[bytes | None], module: bytes | None) -> Told | None:
    """What the pool told; None if it does not answer as one of these."""
    liquidity, fee = decoded_int(answers[1], "uint128"), decoded_int(answers[2], "uint24")
    start = decoded(answers[0], "uint160", "int24")
    if start is None or liquidity is None or answers[0] is None:
        return None
    price, tick = start
    assert isinstance(price, int) and isinstance(tick, int)
    if pool.callback is V3Callback.ALGEBRA:
        return _algebra(answers[0], price, tick, liquidity, fee)
    if fee is None:
        words = _words(answers[0])
        fee = words[2] if len(words) == SOLIDLY_WORDS else pool.fee
    return Told(price, tick, liquidity, (fee, fee), settled=decoded_address(module) is None)


def _algebra(answer: bytes, price: int, tick: int, liquidity: int, fee: int | None) -> Told | None:
    words = _words(answer)
    if len(words) < INTEGRAL_WORDS:
        return None
    if len(words) == INTEGRAL_WORDS:
        known = words[2] if fee is None else fee
        settled = not words[3] & (CALLED_BEFORE_SWAPS | SETS_FEE)
        return Told(price, tick, liquidity, (known, known), word_ends=False, settled=settled)
    fees = words[2], words[3 if len(words) == DIRECTIONAL_WORDS else 2]
    return Told(price, tick, liquidity, fees, settled=False)


def _words(answer: bytes) -> list[int]:
    return [int.from_bytes(answer[at : at + WORD], "big") for at in range(0, len(answer), WORD)]
