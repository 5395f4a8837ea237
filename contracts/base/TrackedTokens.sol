// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

import {Payments} from "./Payments.sol";

/// @notice Tokens other than the settlement token that the router may pay within a scope, because their balance is checked at its end.
/// @dev The router pays the settlement token (checked by the profit rule) and tracked tokens (checked here), and nothing else: a plan,
/// even one signed with a stolen operator key, cannot spend what the router holds in any other token. The zero address stands for the
/// chain's own coin.
abstract contract TrackedTokens {
    /// @notice A plan pays a token that is neither the settlement token nor tracked.
    error TokenNotTracked(address token);
    /// @notice A scope opens for a token that an outer scope tracks already.
    error TokenAlreadyTracked(address token);
    /// @notice The router would end a scope with less of the token than it began with.
    error TrackedTokenFell(address token, uint256 balanceBefore, uint256 balanceAfter);

    /// @dev Keeps the slots apart from those that the compiler numbers from zero.
    uint256 private constant _SLOT_PREFIX = 1 << 160;

    function _startTracking(address token) internal returns (uint256 balanceBefore) {
        if (_tracked(token) != 0) revert TokenAlreadyTracked(token);
        balanceBefore = _balance(token);
        // A balance of all ones cannot be told from an untracked token; the addition refuses it.
        _setTracked(token, balanceBefore + 1);
    }

    function _endTracking(address token, uint256 balanceBefore) internal {
        _setTracked(token, 0);
        uint256 balanceAfter = _balance(token);
        if (balanceAfter < balanceBefore) revert TrackedTokenFell(token, balanceBefore, balanceAfter);
    }

    function _requireTracked(address token) internal view {
        if (_tracked(token) == 0) revert TokenNotTracked(token);
    }

    /// @dev What the router holds of a tracked token beyond what it held when its scope began.
    function _surplus(address token) internal view returns (uint256) {
        uint256 tracked = _tracked(token);
        if (tracked == 0) revert TokenNotTracked(token);
        uint256 balance = _balance(token);
        return balance < tracked ? 0 : balance - (tracked - 1);
    }

    function _balance(address token) internal view returns (uint256) {
        return token == address(0) ? address(this).balance : Payments.balanceOf(token, address(this));
    }

    function _setTracked(address token, uint256 value) private {
        uint256 slot = _SLOT_PREFIX | uint160(token);
        // tracked[token] = value
        assembly ("memory-safe") {
            tstore(slot, value)
        }
    }

    /// @dev One more than the balance at the start of the token's scope, or zero where no scope is open.
    function _tracked(address token) private view returns (uint256 value) {
        uint256 slot = _SLOT_PREFIX | uint160(token);
        // value = tracked[token]
        assembly ("memory-safe") {
            value := tload(slot)
        }
    }
}
