// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

import {IUniswapV2Pair} from "../../interfaces/IUniswapV2Pair.sol";

/// @notice Reads pairs of the Uniswap V2 shape.
library UniswapV2Lens {
    /// @param request The pair.
    /// @return answer Both reserves, 14 bytes each.
    function read(bytes calldata request) internal view returns (bytes memory answer) {
        (uint112 reserve0, uint112 reserve1,) = IUniswapV2Pair(address(bytes20(request[:20]))).getReserves();
        answer = abi.encodePacked(reserve0, reserve1);
    }
}
