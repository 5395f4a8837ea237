// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @dev Older pools return nothing.
interface ICurvePool {
    function exchange(int128 i, int128 j, uint256 dx, uint256 minDy) external payable;
}

interface ICurveCryptoPool {
    function exchange(uint256 i, uint256 j, uint256 dx, uint256 minDy) external payable;
}
