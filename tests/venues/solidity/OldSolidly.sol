// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

/// @dev A model of the first pools of this shape: one fee for all pools of a kind, told by the factory, which knows pools by `getPair`. Their
/// stable curve is searched with other roundings and another stop.
contract OldFactoryModel {
    mapping(address => mapping(address => mapping(bool => address))) public getPair;
    bool public isPaused;
    uint256 public stableFee = 2;
    uint256 public volatileFee = 20;

    function getFee(bool stable) external view returns (uint256) {
        return stable ? stableFee : volatileFee;
    }

    function createPair(address token0, address token1, bool stable, uint256 reserve0, uint256 reserve1)
        external
        returns (OldPoolModel pool)
    {
        pool = new OldPoolModel(token0, token1, stable, reserve0, reserve1);
        getPair[token0][token1][stable] = address(pool);
    }
}

contract OldPoolModel {
    uint256 private constant UNIT = 1e18;
    OldFactoryModel public immutable factory;
    address public immutable token0;
    address public immutable token1;
    bool public immutable stable;
    uint256 public immutable reserve0;
    uint256 public immutable reserve1;

    constructor(address token0_, address token1_, bool stable_, uint256 reserve0_, uint256 reserve1_) {
        factory = OldFactoryModel(msg.sender);
        (token0, token1, stable, reserve0, reserve1) = (token0_, token1_, stable_, reserve0_, reserve1_);
    }

    function metadata() external view returns (uint256, uint256, uint256, uint256, bool, address, address) {
        return (UNIT, UNIT, reserve0, reserve1, stable, token0, token1);
    }

    function getAmountOut(uint256 amountIn, address tokenIn) external view returns (uint256) {
        amountIn -= amountIn * factory.getFee(stable) / 10_000;
        (uint256 held, uint256 other) = tokenIn == token0 ? (reserve0, reserve1) : (reserve1, reserve0);
        if (!stable) return amountIn * other / (held + amountIn);
        return other - _search(amountIn + held, _product(held, other), other);
    }

    function _search(uint256 x, uint256 k, uint256 y) private pure returns (uint256) {
        for (uint256 i; i < 255; ++i) {
            uint256 before = y;
            uint256 held = _f(x, y);
            uint256 slope = 3 * x * (y * y / UNIT) / UNIT + x * x / UNIT * x / UNIT;
            y = held < k ? y + (k - held) * UNIT / slope : y - (held - k) * UNIT / slope;
            if ((y > before ? y - before : before - y) <= 1) return y;
        }
        return y;
    }

    function _f(uint256 x, uint256 y) private pure returns (uint256) {
        return x * (y * y / UNIT * y / UNIT) / UNIT + (x * x / UNIT * x / UNIT) * y / UNIT;
    }

    function _product(uint256 x, uint256 y) private pure returns (uint256) {
        return (x * y / UNIT) * (x * x / UNIT + y * y / UNIT) / UNIT;
    }
}
