// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {Amplification} from "./StableSwapMath.sol";
import {StableSwapPool} from "./StableSwapPool.sol";

/// @title The shape of the StableSwap-NG pools: `exchange` returns the output, takes a receiver, and the fee rises off peg
contract StableSwapNG is StableSwapPool {
    /// @notice How many times the fee, in units of 1e-10, is charged far from the peg; at most 1e10 keeps it flat.
    uint256 public immutable offpeg_fee_multiplier;

    constructor(
        address[] memory coins_,
        uint256[] memory rates_,
        uint256 a,
        uint256 fee_,
        uint256 adminFee_,
        uint256 offpeg
    ) StableSwapPool(coins_, rates_, Amplification(a * A_PRECISION, A_PRECISION, true), fee_, adminFee_) {
        offpeg_fee_multiplier = offpeg;
    }

    function exchange(int128 i, int128 j, uint256 dx, uint256 min_dy) external returns (uint256) {
        return _swap(i, j, dx, min_dy, msg.sender);
    }

    function exchange(int128 i, int128 j, uint256 dx, uint256 min_dy, address receiver) external returns (uint256) {
        return _swap(i, j, dx, min_dy, receiver);
    }

    /// @notice Swaps what was sent to the pool beforehand, at least `dx`; all of it is sold.
    function exchange_received(int128 i, int128 j, uint256 dx, uint256 min_dy) external returns (uint256) {
        return _swapReceived(i, j, dx, min_dy, msg.sender);
    }

    function exchange_received(int128 i, int128 j, uint256 dx, uint256 min_dy, address receiver)
        external
        returns (uint256)
    {
        return _swapReceived(i, j, dx, min_dy, receiver);
    }

    function get_dy(int128 i, int128 j, uint256 dx) external view returns (uint256) {
        (uint256 dy, uint256 charged) = _output(_balances(0), _index(i), _index(j), dx);
        return ((dy - charged) * PRECISION) / rates[_index(j)];
    }

    function N_COINS() external view returns (uint256) {
        return coins.length;
    }

    function A_precise() external view returns (uint256) {
        return amp;
    }

    function stored_rates() external view returns (uint256[] memory) {
        return rates;
    }

    function get_balances() external view returns (uint256[] memory) {
        return stored;
    }

    function _swapReceived(int128 from, int128 to, uint256 dx, uint256 minDy, address receiver)
        private
        returns (uint256 dy)
    {
        dy = _swapIndexes(_index(from), _index(to), dx, minDy, receiver, _surplus);
        emit TokenExchange(msg.sender, from, dx, to, dy);
    }

    function _surplus(uint256 i, uint256 least) private returns (uint256 surplus) {
        surplus = IERC20(coins[i]).balanceOf(address(this)) - stored[i] - admin_balances[i];
        require(surplus >= least);
    }

    /// @dev fee * m / ((m - 1) * 4 x y / (x + y)^2 + 1), at the mean balances during the swap.
    function _feeAt(uint256 x, uint256 y) internal view override returns (uint256) {
        uint256 multiplier = offpeg_fee_multiplier;
        if (multiplier <= FEE_DENOMINATOR) return fee;
        uint256 square = (x + y) ** 2;
        return (multiplier * fee) / (((multiplier - FEE_DENOMINATOR) * 4 * x * y) / square + FEE_DENOMINATOR);
    }
}
