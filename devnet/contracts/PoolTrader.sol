// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

interface IConcentratedPool {
    function token0() external view returns (address);
    function token1() external view returns (address);
    function mint(address recipient, int24 lower, int24 upper, uint128 liquidity, bytes calldata data)
        external
        returns (uint256 amount0, uint256 amount1);
    function swap(address recipient, bool zeroForOne, int256 amount, uint160 limit, bytes calldata data)
        external
        returns (int256 amount0, int256 amount1);
}

/// @title Holds the local chain's treasury, provides liquidity and trades straight at concentrated-liquidity pools
/// @notice For pools whose own periphery is in no package. Whoever calls it spends its balance: for local chains only.
contract PoolTrader {
    uint160 private constant MIN_LIMIT = 4295128740;
    uint160 private constant MAX_LIMIT = 1461446703485210103287273052203988822378723970341;

    /// @dev The pool whose callback is awaited; nobody else may ask for payment.
    address private transient expected;

    function mint(IConcentratedPool pool, int24 lower, int24 upper, uint128 liquidity)
        external
        returns (uint256 amount0, uint256 amount1)
    {
        expected = address(pool);
        return pool.mint(address(this), lower, upper, liquidity, "");
    }

    function swap(IConcentratedPool pool, address recipient, bool zeroForOne, int256 amount)
        external
        returns (int256 amount0, int256 amount1)
    {
        expected = address(pool);
        return pool.swap(recipient, zeroForOne, amount, zeroForOne ? MIN_LIMIT : MAX_LIMIT, "");
    }

    function uniswapV3MintCallback(uint256 owed0, uint256 owed1, bytes calldata) external {
        _pay(int256(owed0), int256(owed1));
    }

    function pancakeV3MintCallback(uint256 owed0, uint256 owed1, bytes calldata) external {
        _pay(int256(owed0), int256(owed1));
    }

    function uniswapV3SwapCallback(int256 owed0, int256 owed1, bytes calldata) external {
        _pay(owed0, owed1);
    }

    function pancakeV3SwapCallback(int256 owed0, int256 owed1, bytes calldata) external {
        _pay(owed0, owed1);
    }

    function solidlyV3SwapCallback(int256 owed0, int256 owed1, bytes calldata) external {
        _pay(owed0, owed1);
    }

    receive() external payable {}

    function _pay(int256 owed0, int256 owed1) private {
        require(msg.sender == expected, "unexpected callback");
        expected = address(0);
        IConcentratedPool pool = IConcentratedPool(msg.sender);
        if (owed0 > 0) _transfer(pool.token0(), uint256(owed0));
        if (owed1 > 0) _transfer(pool.token1(), uint256(owed1));
    }

    /// @dev Some tokens return nothing, so only the success of the call counts.
    function _transfer(address token, uint256 amount) private {
        (bool success,) = token.call(abi.encodeWithSignature("transfer(address,uint256)", msg.sender, amount));
        require(success, "payment failed");
    }
}
