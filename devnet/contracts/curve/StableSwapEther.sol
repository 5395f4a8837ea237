// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {Amplification} from "./StableSwapMath.sol";
import {StableSwapPool} from "./StableSwapPool.sol";

/// @title The shape of the ETH/stETH pool: coin 0 is ether itself, and balances are what the pool holds
contract StableSwapEther is StableSwapPool {
    address private constant ETHER = 0xEeeeeEeeeEeEeeEeEeEeeEEEeeeeEeeeeeeeEEeE;

    constructor(address token, uint256 a, uint256 fee_, uint256 adminFee_)
        StableSwapPool(_pair(token), _ones(), Amplification(a * A_PRECISION, A_PRECISION, false), fee_, adminFee_)
    {}

    function exchange(int128 i, int128 j, uint256 dx, uint256 min_dy) external payable returns (uint256) {
        return _swap(i, j, dx, min_dy, msg.sender);
    }

    function get_dy(int128 i, int128 j, uint256 dx) external view returns (uint256) {
        (uint256 dy, uint256 charged) = _output(_balances(0), _index(i), _index(j), dx);
        return dy - charged;
    }

    function _balances(uint256 value) internal view override returns (uint256[] memory held) {
        held = new uint256[](2);
        held[0] = address(this).balance - admin_balances[0] - value;
        held[1] = IERC20(coins[1]).balanceOf(address(this)) - admin_balances[1];
    }

    /// @dev Nothing is written down: the balances are what the pool holds.
    function _record(uint256, uint256) internal override {}

    /// @dev The token of the real pool may deliver a unit less than was sent; as there, what was sent is counted.
    function _take(uint256 i, uint256 amount) internal override returns (uint256) {
        if (i != 0) super._take(i, amount);
        return amount;
    }

    function _requireValue(uint256 i, uint256 amount) internal override {
        require(msg.value == (i == 0 ? amount : 0));
    }

    function _give(uint256 j, address receiver, uint256 amount) internal override {
        if (j != 0) return super._give(j, receiver, amount);
        (bool success,) = receiver.call{value: amount}("");
        require(success);
    }

    function _pair(address token) private pure returns (address[] memory pair) {
        pair = new address[](2);
        (pair[0], pair[1]) = (ETHER, token);
    }

    function _ones() private pure returns (uint256[] memory ones) {
        ones = new uint256[](2);
        (ones[0], ones[1]) = (PRECISION, PRECISION);
    }
}
