// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

interface IUniswapV4PoolManager {
    struct PoolKey {
        address currency0;
        address currency1;
        uint24 fee;
        int24 tickSpacing;
        address hooks;
    }

    struct SwapParams {
        bool zeroForOne;
        int256 amountSpecified;
        uint160 sqrtPriceLimitX96;
    }

    function unlock(bytes calldata data) external returns (bytes memory);
    /// @return delta Two int128: of currency0 in the upper half, of currency1 in the lower; positive is owed to the caller.
    function swap(PoolKey calldata key, SwapParams calldata params, bytes calldata hookData) external returns (int256 delta);
    function take(address currency, address to, uint256 amount) external;
    function sync(address currency) external;
    function settle() external payable returns (uint256 paid);
}

interface IUniswapV4UnlockCallback {
    function unlockCallback(bytes calldata data) external returns (bytes memory);
}
