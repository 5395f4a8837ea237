// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

/// @notice The price at a tick, and how much goes into a pool between two prices.
/// @dev Prices are square roots in Q64.96. Ticks must lie in [MIN, MAX], which is not checked here.
library TickPrice {
    int24 internal constant MIN = -887272;
    int24 internal constant MAX = 887272;

    /// @return price sqrt(1.0001 ** tick), rounded up as Uniswap's TickMath does.
    function at(int24 tick) internal pure returns (uint256 price) {
        unchecked {
            uint256 size = tick < 0 ? uint256(-int256(tick)) : uint256(int256(tick));
            // One factor for each bit: 2 ** 128 / sqrt(1.0001) ** (2 ** bit).
            uint256 ratio = size & 0x1 == 0 ? 1 << 128 : 0xfffcb933bd6fad37aa2d162d1a594001;
            if (size & 0x2 != 0) ratio = (ratio * 0xfff97272373d413259a46990580e213a) >> 128;
            if (size & 0x4 != 0) ratio = (ratio * 0xfff2e50f5f656932ef12357cf3c7fdcc) >> 128;
            if (size & 0x8 != 0) ratio = (ratio * 0xffe5caca7e10e4e61c3624eaa0941cd0) >> 128;
            if (size & 0x10 != 0) ratio = (ratio * 0xffcb9843d60f6159c9db58835c926644) >> 128;
            if (size & 0x20 != 0) ratio = (ratio * 0xff973b41fa98c081472e6896dfb254c0) >> 128;
            if (size & 0x40 != 0) ratio = (ratio * 0xff2ea16466c96a3843ec78b326b52861) >> 128;
            if (size & 0x80 != 0) ratio = (ratio * 0xfe5dee046a99a2a811c461f1969c3053) >> 128;
            if (size & 0x100 != 0) ratio = (ratio * 0xfcbe86c7900a88aedcffc83b479aa3a4) >> 128;
            if (size & 0x200 != 0) ratio = (ratio * 0xf987a7253ac413176f2b074cf7815e54) >> 128;
            if (size & 0x400 != 0) ratio = (ratio * 0xf3392b0822b70005940c7a398e4b70f3) >> 128;
            if (size & 0x800 != 0) ratio = (ratio * 0xe7159475a2c29b7443b29c7fa6e889d9) >> 128;
            if (size & 0x1000 != 0) ratio = (ratio * 0xd097f3bdfd2022b8845ad8f792aa5825) >> 128;
            if (size & 0x2000 != 0) ratio = (ratio * 0xa9f746462d870fdf8a65dc1f90e061e5) >> 128;
            if (size & 0x4000 != 0) ratio = (ratio * 0x70d869a156d2a1b890bb3df62baf32f7) >> 128;
            if (size & 0x8000 != 0) ratio = (ratio * 0x31be135f97d08fd981231505542fcfa6) >> 128;
            if (size & 0x10000 != 0) ratio = (ratio * 0x9aa508b5b7a84e1c677de54f3e99bc9) >> 128;
            if (size & 0x20000 != 0) ratio = (ratio * 0x5d6af8dedb81196699c329225ee604) >> 128;
            if (size & 0x40000 != 0) ratio = (ratio * 0x2216e584f5fa1ea926041bedfe98) >> 128;
            if (size & 0x80000 != 0) ratio = (ratio * 0x48a170391f7dc42444e8fa2) >> 128;
            if (tick > 0) ratio = type(uint256).max / ratio;
            price = (ratio >> 32) + (ratio & 0xffffffff == 0 ? 0 : 1);
        }
    }

    /// @return amount Of token0 that goes in while the price falls from `upper` to `lower`, without the fee; a unit off at most.
    function input0(uint256 liquidity, uint256 lower, uint256 upper) internal pure returns (uint256 amount) {
        unchecked {
            uint256 scaled = liquidity << 96;
            amount = scaled / lower - scaled / upper;
        }
    }

    /// @return amount Of token1 that goes in while the price rises from `lower` to `upper`, without the fee; rounded down.
    function input1(uint256 liquidity, uint256 lower, uint256 upper) internal pure returns (uint256 amount) {
        unchecked {
            uint256 rise = upper - lower;
            // In two parts, since the whole product has up to 288 bits.
            amount = liquidity * (rise >> 96) + ((liquidity * (rise & (2 ** 96 - 1))) >> 96);
        }
    }
}
