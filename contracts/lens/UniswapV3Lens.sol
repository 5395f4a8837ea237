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
    function factory() external view returns (address);
    function swapFeeModule() external view returns (address);
}

interface IAlgebraState {
    function globalState() external view returns (uint160 price, int24 tick, uint16 lastFee, uint8 pluginConfig);
    function tickTable(int16 word) external view returns (uint256);
}

/// @notice Reads pools of the Uniswap V3 shape: price, liquidity, fee, and the ticks that given amounts reach.
/// @dev The interface above has the first words of longer answers, which differ between forks.
library UniswapV3Lens {
    /// @dev `fee` where the pool does not tell one.
    uint24 internal constant NO_FEE = type(uint24).max;

    /// @dev Flags: swaps do not stop at the ends of words of the bitmap; the fee changes without a log.
    uint8 private constant _NO_WORD_ENDS = 1;
    uint8 private constant _UNSETTLED = 2;

    uint256 private constant _ALGEBRA = 1;
    uint256 private constant _INTEGRAL_BYTES = 192;
    uint256 private constant _DIRECTIONAL_BYTES = 256;
    uint256 private constant _SOLIDLY_BYTES = 128;
    /// @dev Of Algebra's plugin configuration: called before swaps, or asked for the fee.
    uint16 private constant _PLUGIN_SETS_FEE = 0x81;

    /// @dev Fees of token0 and of token1 in.
    struct Fees {
        uint8 flags;
        uint24 fee0;
        uint24 fee1;
    }

    /// @param request Pool, spacing of its ticks (3 bytes), how many words of ticks to read at least below, at least above (2 bytes each)
    /// and at most on a side (2), how many ticks at most on a side (2), amounts of token0 and token1 that may go in (16 each).
    /// @return answer Flags (1 byte), fee of token1 in (3), sqrtPriceX96 (20), tick (3), liquidity (16), fee of token0 in (3), lowest and
    /// highest known tick (3 each), then the ticks below and those above, each with its liquidityNet (3 and 16).
    function read(bytes calldata request) internal view returns (bytes memory answer) {
        TickWalk.Source memory source = TickWalk.Source(address(bytes20(request[:20])), 0, 0, _word, _net);
        TickWalk.Start memory start;
        start.spacing = int24(uint24(bytes3(request[20:23])));
        answer = _price(source, start);
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
    function _price(TickWalk.Source memory source, TickWalk.Start memory start) private view returns (bytes memory told) {
        start.liquidity = uint128(Asking.one(source.target, IUniswapV3State.liquidity.selector, 0));
        bytes memory words = Asking.all(source.target, IUniswapV3State.slot0.selector);
        bool algebra = words.length < 64;
        if (algebra) words = Asking.all(source.target, IAlgebraState.globalState.selector);
        (start.price, start.tick) = abi.decode(words, (uint160, int24));
        Fees memory fees = algebra ? _algebra(source, start, words) : _uniswap(source.target, words);
        told = abi.encodePacked(fees.flags, fees.fee1, uint160(start.price), start.tick, start.liquidity, fees.fee0);
    }

    /// @dev Slipstream's factory may have a module that changes fees; Solidly V3 tells its fee in `slot0` alone.
    function _uniswap(address pool, bytes memory slot0) private view returns (Fees memory fees) {
        fees.fee0 = _fee(pool);
        if (fees.fee0 == NO_FEE && slot0.length == _SOLIDLY_BYTES) (,, fees.fee0) = abi.decode(slot0, (uint160, int24, uint24));
        fees.fee1 = fees.fee0;
        (bool hasFactory, uint256 factory) = Asking.tryOne(pool, IUniswapV3State.factory.selector, 0);
        if (!hasFactory) return fees;
        (bool hasModule, uint256 module) = Asking.tryOne(address(uint160(factory)), IUniswapV3State.swapFeeModule.selector, 0);
        if (hasModule && module != 0) fees.flags = _UNSETTLED;
    }

    /// @dev Integral's bitmap has a bit for every tick and its fee may be up to a plugin; before it, each block's first trade sets the fee.
    function _algebra(TickWalk.Source memory source, TickWalk.Start memory start, bytes memory state)
        private
        view
        returns (Fees memory fees)
    {
        source.flavour = _ALGEBRA;
        uint16 second;
        (,, fees.fee0, second) = abi.decode(state, (uint160, int24, uint24, uint16));
        fees.fee1 = state.length == _DIRECTIONAL_BYTES ? second : fees.fee0;
        if (state.length != _INTEGRAL_BYTES) {
            fees.flags = _UNSETTLED;
            return fees;
        }
        start.spacing = 1;
        fees.flags = _NO_WORD_ENDS | (second & _PLUGIN_SETS_FEE == 0 ? 0 : _UNSETTLED);
        uint24 fee = _fee(source.target);
        if (fee != NO_FEE) fees.fee0 = fees.fee1 = fee;
    }

    function _fee(address pool) private view returns (uint24) {
        (bool told, uint256 fee) = Asking.tryOne(pool, IUniswapV3State.fee.selector, 0);
        return told ? uint24(fee) : NO_FEE;
    }

    function _word(TickWalk.Source memory source, int256 word) private view returns (uint256) {
        bytes4 selector = source.flavour == _ALGEBRA ? IAlgebraState.tickTable.selector : IUniswapV3State.tickBitmap.selector;
        return Asking.one(source.target, selector, uint256(word));
    }

    function _net(TickWalk.Source memory source, int24 tick) private view returns (int128) {
        (, uint256 net) = Asking.two(source.target, IUniswapV3State.ticks.selector, uint256(int256(tick)));
        return int128(int256(net));
    }
}
