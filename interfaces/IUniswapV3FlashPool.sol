// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

interface IUniswapV3FlashPool {
    function flash(address recipient, uint256 amount0, uint256 amount1, bytes calldata data) external;
}

interface IUniswapV3FlashCallback {
    function uniswapV3FlashCallback(uint256 fee0, uint256 fee1, bytes calldata data) external;
}

interface IPancakeV3FlashCallback {
    function pancakeV3FlashCallback(uint256 fee0, uint256 fee1, bytes calldata data) external;
}

interface IAlgebraFlashCallback {
    function algebraFlashCallback(uint256 fee0, uint256 fee1, bytes calldata data) external;
}
