// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

import {CryptoSwapPool, CryptoTerms} from "./CryptoSwapPool.sol";

/// @title The shape of the two-coin crypto pools: `exchange` returns the output and takes a receiver
contract TwoCryptoPool is CryptoSwapPool {
    constructor(
        address[] memory coins_,
        uint256[] memory precisions_,
        CryptoTerms memory terms,
        uint256[] memory scale_
    ) CryptoSwapPool(coins_, precisions_, terms, scale_) {}

    function exchange(uint256 i, uint256 j, uint256 dx, uint256 min_dy) external returns (uint256) {
        return _swap(i, j, dx, min_dy, msg.sender);
    }

    function exchange(uint256 i, uint256 j, uint256 dx, uint256 min_dy, address receiver) external returns (uint256) {
        return _swap(i, j, dx, min_dy, receiver);
    }

    function price_scale() external view returns (uint256) {
        return scale[0];
    }

    function precisions() external view returns (uint256[] memory) {
        return precisions_;
    }
}
