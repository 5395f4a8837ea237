// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

import {Asking} from "./Asking.sol";

interface ISolidlyMetadata {
    function metadata()
        external
        view
        returns (uint256 whole0, uint256 whole1, uint256 reserve0, uint256 reserve1, bool stable, address token0, address token1);
    function factory() external view returns (address);
    function getAmountOut(uint256 amountIn, address tokenIn) external view returns (uint256 amountOut);
    function getFee(address pool, bool stable) external view returns (uint256 bps);
    function getFee(bool stable) external view returns (uint256 bps);
    function isPaused() external view returns (bool);
}

/// @notice Reads pools of the Solidly shape, with six quotes of their own to compare maths with.
library SolidlyLens {
    uint256 private constant _NO_ANSWER = type(uint256).max;

    /// @param request The pool.
    /// @return answer Thirteen words: one whole of each token, both reserves, stable, fee in basis points, paused, and for token0, then
    /// token1, the quotes for a thousandth of its reserve, a seventh, and five times that much. All bits are set where nothing is answered.
    function read(bytes calldata request) internal view returns (bytes memory answer) {
        ISolidlyMetadata pool = ISolidlyMetadata(address(bytes20(request[:20])));
        (uint256 whole0, uint256 whole1, uint256 reserve0, uint256 reserve1, bool stable, address token0, address token1) =
            pool.metadata();
        address factory = pool.factory();
        answer = abi.encode(whole0, whole1, reserve0, reserve1, stable, _fee(factory, pool, stable), _paused(factory));
        return bytes.concat(answer, _quotes(pool, token0, reserve0), _quotes(pool, token1, reserve1));
    }

    /// @dev Older factories tell one fee for all pools of a kind.
    function _fee(address factory, ISolidlyMetadata pool, bool stable) private view returns (uint256) {
        try ISolidlyMetadata(factory).getFee(address(pool), stable) returns (uint256 bps) {
            return bps;
        } catch {
            (bool told, uint256 bps) = Asking.tryOne(factory, bytes4(keccak256("getFee(bool)")), stable ? 1 : 0);
            return told ? bps : _NO_ANSWER;
        }
    }

    function _paused(address factory) private view returns (bool) {
        (bool told, uint256 paused) = Asking.tryOne(factory, ISolidlyMetadata.isPaused.selector, 0);
        return told && paused != 0;
    }

    function _quotes(ISolidlyMetadata pool, address tokenIn, uint256 reserve) private view returns (bytes memory) {
        return abi.encode(
            _quote(pool, tokenIn, reserve / 1009 + 1), _quote(pool, tokenIn, reserve / 7 + 3), _quote(pool, tokenIn, 5 * reserve + 1)
        );
    }

    function _quote(ISolidlyMetadata pool, address tokenIn, uint256 amountIn) private view returns (uint256) {
        try pool.getAmountOut(amountIn, tokenIn) returns (uint256 amountOut) {
            return amountOut;
        } catch {
            return _NO_ANSWER;
        }
    }
}
