// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

interface IV2Callee {
    function uniswapV2Call(address sender, uint256 amount0, uint256 amount1, bytes calldata data) external;
}

/// @title A pair of the Uniswap V2 shape at a fee of its own, as many forks have it
/// @notice Written from the published pair: tokens are sent first, `swap` sends out, calls back where there is data, and
/// checks that the product of the balances less the fee has not fallen. Not there: pool shares (`mint` takes what was
/// sent as a gift) and price averages.
contract V2ForkPair {
    using SafeERC20 for IERC20;

    uint256 private constant BASIS = 10_000;

    address public immutable factory;
    address public immutable token0;
    address public immutable token1;
    /// @notice The swap fee in basis points of the input.
    uint256 public immutable swapFee;

    uint112 private reserve0;
    uint112 private reserve1;
    uint32 private blockTimestampLast;
    bool private locked;

    event Sync(uint112 reserve0, uint112 reserve1);
    event Swap(
        address indexed sender,
        uint256 amount0In,
        uint256 amount1In,
        uint256 amount0Out,
        uint256 amount1Out,
        address indexed to
    );

    modifier lock() {
        require(!locked, "Fork: LOCKED");
        locked = true;
        _;
        locked = false;
    }

    constructor(address token0_, address token1_, uint256 swapFee_) {
        (factory, token0, token1, swapFee) = (msg.sender, token0_, token1_, swapFee_);
    }

    function mint(address) external lock {
        _sync();
    }

    function sync() external lock {
        _sync();
    }

    function swap(uint256 amount0Out, uint256 amount1Out, address to, bytes calldata data) external lock {
        require(amount0Out > 0 || amount1Out > 0, "Fork: INSUFFICIENT_OUTPUT_AMOUNT");
        require(amount0Out < reserve0 && amount1Out < reserve1, "Fork: INSUFFICIENT_LIQUIDITY");
        require(to != token0 && to != token1, "Fork: INVALID_TO");
        if (amount0Out > 0) IERC20(token0).safeTransfer(to, amount0Out);
        if (amount1Out > 0) IERC20(token1).safeTransfer(to, amount1Out);
        if (data.length > 0) IV2Callee(to).uniswapV2Call(msg.sender, amount0Out, amount1Out, data);
        uint256 amount0In = _arrived(token0, reserve0 - amount0Out);
        uint256 amount1In = _arrived(token1, reserve1 - amount1Out);
        require(amount0In > 0 || amount1In > 0, "Fork: INSUFFICIENT_INPUT_AMOUNT");
        _requireProduct(amount0In, amount1In);
        _sync();
        emit Swap(msg.sender, amount0In, amount1In, amount0Out, amount1Out, to);
    }

    function getReserves() external view returns (uint112, uint112, uint32) {
        return (reserve0, reserve1, blockTimestampLast);
    }

    function _arrived(address token, uint256 left) private view returns (uint256) {
        uint256 balance = IERC20(token).balanceOf(address(this));
        return balance > left ? balance - left : 0;
    }

    function _requireProduct(uint256 amount0In, uint256 amount1In) private view {
        uint256 adjusted0 = IERC20(token0).balanceOf(address(this)) * BASIS - amount0In * swapFee;
        uint256 adjusted1 = IERC20(token1).balanceOf(address(this)) * BASIS - amount1In * swapFee;
        require(adjusted0 * adjusted1 >= uint256(reserve0) * reserve1 * BASIS ** 2, "Fork: K");
    }

    function _sync() private {
        uint256 balance0 = IERC20(token0).balanceOf(address(this));
        uint256 balance1 = IERC20(token1).balanceOf(address(this));
        require(balance0 <= type(uint112).max && balance1 <= type(uint112).max, "Fork: OVERFLOW");
        (reserve0, reserve1, blockTimestampLast) = (uint112(balance0), uint112(balance1), uint32(block.timestamp));
        emit Sync(reserve0, reserve1);
    }
}
