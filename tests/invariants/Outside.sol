// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

/// @dev What the handlers call of the world and of the router.
interface Token {
    function balanceOf(address account) external view returns (uint256);
    function totalSupply() external view returns (uint256);
    function allowance(address owner, address spender) external view returns (uint256);
    function transfer(address to, uint256 amount) external returns (bool);
    function approve(address spender, uint256 amount) external returns (bool);
}

interface Pair {
    function getReserves() external view returns (uint112, uint112, uint32);
    function swap(uint256 amount0Out, uint256 amount1Out, address to, bytes calldata data) external;
}

interface V3Pool {
    function swap(address recipient, bool zeroForOne, int256 amount, uint160 limit, bytes calldata data)
        external
        returns (int256, int256);
}

interface Vault {
    function flashLoan(address recipient, address[] calldata tokens, uint256[] calldata amounts, bytes calldata data) external;
}

interface AavePool {
    function flashLoanSimple(address receiver, address asset, uint256 amount, bytes calldata data, uint16 code) external;
}

interface Router {
    struct Entry {
        uint64 gasLimit;
        bytes plan;
    }

    function executeBatch(Entry[] calldata entries, bool allOrNothing) external returns (uint256);
    function setPrimaryOperator(address account) external;
    function allowOperator(address account, bool allowed) external;
    function pause() external;
    function unpause() external;
    function paused() external view returns (bool);
    function owner() external view returns (address);
    function withdraw(address token, address to, uint256 amount) external;
    function withdrawNative(address payable to, uint256 amount) external;
    function simulate() external;
}
