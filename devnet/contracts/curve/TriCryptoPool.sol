// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

import {CryptoSwapPool, CryptoTerms} from "./CryptoSwapPool.sol";

/// @title The shape of the USDT/WBTC/WETH pool ("tricrypto2"): `exchange` returns nothing and solves by Newton's method
contract TriCryptoPool is CryptoSwapPool {
    constructor(
        address[] memory coins_,
        uint256[] memory precisions_,
        CryptoTerms memory terms,
        uint256[] memory scale_
    ) CryptoSwapPool(coins_, precisions_, terms, scale_) {}

    function exchange(uint256 i, uint256 j, uint256 dx, uint256 min_dy) external {
        _swap(i, j, dx, min_dy, msg.sender);
    }

    function price_scale(uint256 k) external view returns (uint256) {
        return scale[k];
    }
}
