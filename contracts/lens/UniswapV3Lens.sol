// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

import {Asking} from "./Asking.sol";
import {TickWalk} from "./TickWalk.sol";

interface IUniswapV3State {
    function slot0() external view returns (uint160 sqrtPriceX96, int24 tick);
    function liquidity() external view returns (uint128);
    function fee() external view returns (uint24);
    function tickBitmap(int16 word) external view returns (uint256);
    function ticks(int24 tick) external view returns (uint128 liquidityGross, int128 liquidityNet);
}

/// @notice Reads pools of the Uniswap V3 shape: price, liquidity, fee, and the ticks that given amounts reach.
/// @dev The interface above has the first words of longer answers, which differ between forks.
library UniswapV3Lens {
    /// @dev `fee` where the pool does not tell one.
    uint24 internal constant NO_FEE = type(uint24).max;

    /// @param request Pool, spacing of its ticks (3 bytes), how many words of ticks to read at least below, at least above (2 bytes each)
    /// and at most on a side (2), how many ticks at most on a side (2), amounts of token0 and token1 that may go in (16 each).
    /// @return answer sqrtPriceX96 (20 bytes), tick (3), liquidity (16), fee (3), lowest and highest known tick (3 each), then the
    /// ticks below and those above, each with its liquidityNet (3 and 16).
    function read(bytes calldata request) internal view returns (bytes memory answer) {
        TickWalk.Source memory source = TickWalk.Source(address(bytes20(request[:20])), 0, 0, _word, _net);
        TickWalk.Start memory start;
        start.spacing = int24(uint24(bytes3(request[20:23])));
        answer = _price(source.target, start);
        answer = bytes.concat(answer, ticks(source, start, request));
    }

    /// @dev The last part of the answer: lowest and highest known tick, and the ticks; of any pool that is asked for them like this.
    function ticks(TickWalk.Source memory source, TickWalk.Start memory start, bytes calldata request)
        internal
        view
        returns (bytes memory)
    {
        (int24 low, bytes memory below) = TickWalk.down(source, start, _bounds(request, 23, 31));
        (int24 high, bytes memory above) = TickWalk.up(source, start, _bounds(request, 25, 47));
        return abi.encodePacked(low, high, below, above);
    }

    /// @dev `least` and `reach` are where the request has them for one side.
    function _bounds(bytes calldata request, uint256 least, uint256 reach) private pure returns (TickWalk.Bounds memory bounds) {
        bounds.reach = uint128(bytes16(request[reach:]));
        bounds.least = uint16(bytes2(request[least:]));
        bounds.most = uint16(bytes2(request[27:]));
        bounds.ticks = uint16(bytes2(request[29:]));
    }

    /// @dev Fills in where the walk starts; `told` is the part of the answer before the ticks.
    function _price(address pool, TickWalk.Start memory start) private view returns (bytes memory told) {
        uint256 word;
        (start.price, word) = Asking.two(pool, IUniswapV3State.slot0.selector, 0);
        start.tick = int24(int256(word));
        start.liquidity = uint128(Asking.one(pool, IUniswapV3State.liquidity.selector, 0));
        bool hasFee;
        (hasFee, word) = Asking.tryOne(pool, IUniswapV3State.fee.selector, 0);
        told = abi.encodePacked(uint160(start.price), start.tick, start.liquidity, hasFee ? uint24(word) : NO_FEE);
    }

    function _word(TickWalk.Source memory source, int256 word) private view returns (uint256) {
        return Asking.one(source.target, IUniswapV3State.tickBitmap.selector, uint256(word));
    }

    function _net(TickWalk.Source memory source, int24 tick) private view returns (int128) {
        (, uint256 net) = Asking.two(source.target, IUniswapV3State.ticks.selector, uint256(int256(tick)));
        return int128(int256(net));
    }
}
