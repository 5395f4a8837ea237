// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

/// @notice What is fixed for a chain at deployment, the same for the router and all its parts. Zero: the chain lacks it.
struct Constants {
    /// Tokens that profit may be measured in, by the index that a plan names.
    address[4] settlementTokens;
    /// The wrapped form of the chain's own coin.
    address wrappedNative;
    address aaveV3Pool;
    /// A second market of the Aave V3 shape.
    address sparkPool;
    address balancerV2Vault;
    address balancerV3Vault;
    address morphoBlue;
    address erc3156Lender;
    address uniswapV4PoolManager;
}
