// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

import {Amplification} from "./StableSwapMath.sol";
import {StableSwapPool} from "./StableSwapPool.sol";

/// @title A StableSwap pool that numbers its coins by `uint256`, as some later pools and forks do
contract StableSwapUint is StableSwapPool {
    constructor(address[] memory coins_, uint256[] memory rates_, uint256 a, uint256 fee_, uint256 adminFee_)
        StableSwapPool(coins_, rates_, Amplification(a * A_PRECISION, A_PRECISION, false), fee_, adminFee_)
    {}

    function exchange(uint256 i, uint256 j, uint256 dx, uint256 min_dy) external returns (uint256 dy) {
        dy = _swapIndexes(i, j, dx, min_dy, msg.sender, _take);
        emit TokenExchange(msg.sender, int128(uint128(i)), dx, int128(uint128(j)), dy);
    }

    function get_dy(uint256 i, uint256 j, uint256 dx) external view returns (uint256) {
        (uint256 dy, uint256 charged) = _output(_balances(0), i, j, dx);
        return ((dy - charged) * PRECISION) / rates[j];
    }
}
