// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

import {Amplification} from "./StableSwapMath.sol";
import {StableSwapPool} from "./StableSwapPool.sol";

/// @title The shape of the first StableSwap pools, such as DAI/USDC/USDT: `exchange` returns nothing
contract StableSwapClassic is StableSwapPool {
    constructor(address[] memory coins_, uint256[] memory rates_, uint256 a, uint256 fee_, uint256 adminFee_)
        StableSwapPool(coins_, rates_, Amplification(a, 1, false), fee_, adminFee_)
    {}

    function exchange(int128 i, int128 j, uint256 dx, uint256 min_dy) external {
        _swap(i, j, dx, min_dy, msg.sender);
    }

    /// @dev As in the real pool, the fee is taken after the scaling here and before it in `exchange`: where the output
    /// has fewer than 18 decimals, the two can differ by one unit.
    function get_dy(int128 i, int128 j, uint256 dx) external view returns (uint256) {
        (uint256 dy,) = _output(_balances(0), _index(i), _index(j), dx);
        dy = (dy * PRECISION) / rates[_index(j)];
        return dy - (fee * dy) / FEE_DENOMINATOR;
    }
}
