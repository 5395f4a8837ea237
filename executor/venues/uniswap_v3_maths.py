"""Ticks and prices of Uniswap V3 core, to the wei, and the bounds of its numbers.

Prices are square roots in Q64.96: `sqrt(token1 / token0) * 2**96`. Source: v3-core 1.0.1
`libraries/TickMath.sol`.
"""

from functools import lru_cache

from executor.domain.errors import MathsError

MIN_TICK = -887_272
MAX_TICK = 887_272
MIN_SQRT_RATIO = 4_295_128_739
MAX_SQRT_RATIO = 1_461_446_703_485_210_103_287_273_052_203_988_822_378_723_970_342
Q96 = 2**96
MAX_UINT128 = 2**128 - 1
MAX_UINT256 = 2**256 - 1

# 2**128 / sqrt(1.0001)**(2**i), rounded as in TickMath.sol, for bit i of the tick's absolute value.
_TICK_FACTORS = (
    0xFFFCB933BD6FAD37AA2D162D1A594001,
    0xFFF97272373D413259A46990580E213A,
    0xFFF2E50F5F656932EF12357CF3C7FDCC,
    0xFFE5CACA7E10E4E61C3624EAA0941CD0,
    0xFFCB9843D60F6159C9DB58835C926644,
    0xFF973B41FA98C081472E6896DFB254C0,
    0xFF2EA16466C96A3843EC78B326B52861,
    0xFE5DEE046A99A2A811C461F1969C3053,
    0xFCBE86C7900A88AEDCFFC83B479AA3A4,
    0xF987A7253AC413176F2B074CF7815E54,
    0xF3392B0822B70005940C7A398E4B70F3,
    0xE7159475A2C29B7443B29C7FA6E889D9,
    0xD097F3BDFD2022B8845AD8F792AA5825,
    0xA9F746462D870FDF8A65DC1F90E061E5,
    0x70D869A156D2A1B890BB3DF62BAF32F7,
    0x31BE135F97D08FD981231505542FCFA6,
    0x9AA508B5B7A84E1C677DE54F3E99BC9,
    0x5D6AF8DEDB81196699C329225EE604,
    0x2216E584F5FA1EA926041BEDFE98,
    0x48A170391F7DC42444E8FA2,
)

_LOG_SQRT10001_FACTOR = 255_738_958_999_603_826_347_141
_LOG_ERROR_LOW = 3_402_992_956_809_132_418_596_140_100_660_247_210
_LOG_ERROR_HIGH = 291_339_464_771_989_622_907_027_621_153_398_088_495


@lru_cache(maxsize=65_536)
def sqrt_ratio_at_tick(tick: int) -> int:
    """sqrt(1.0001**tick) in Q64.96, rounded up. Raises MathsError outside [MIN_TICK, MAX_TICK]."""
    magnitude = abs(tick)
    if magnitude > MAX_TICK:
        raise MathsError(f"tick {tick} is out of range.", fix="check the pool's data", tick=tick)
    ratio = 1 << 128
    for bit, factor in enumerate(_TICK_FACTORS):
        if magnitude >> bit & 1:
            ratio = ratio * factor >> 128
    if tick > 0:
        ratio = MAX_UINT256 // ratio
    return -(-ratio >> 32)


def tick_at_sqrt_ratio(sqrt_price_x96: int) -> int:
    """The greatest tick whose ratio is not above the price. Raises MathsError outside [MIN_SQRT_RATIO,
    MAX_SQRT_RATIO).
    """
    if not MIN_SQRT_RATIO <= sqrt_price_x96 < MAX_SQRT_RATIO:
        raise MathsError(
            f"price {sqrt_price_x96} is out of range.",
            fix="check the pool's data",
            sqrt_price_x96=sqrt_price_x96,
        )
    ratio = sqrt_price_x96 << 32
    msb = ratio.bit_length() - 1
    mantissa = ratio >> (msb - 127) if msb >= 128 else ratio << (127 - msb)
    log2 = (msb - 128) << 64
    for bit in range(63, 49, -1):
        mantissa = mantissa * mantissa >> 127
        carry = mantissa >> 128
        log2 |= carry << bit
        mantissa >>= carry
    log_sqrt10001 = log2 * _LOG_SQRT10001_FACTOR
    low = (log_sqrt10001 - _LOG_ERROR_LOW) >> 128
    high = (log_sqrt10001 + _LOG_ERROR_HIGH) >> 128
    return high if high <= MAX_TICK and sqrt_ratio_at_tick(high) <= sqrt_price_x96 else low
