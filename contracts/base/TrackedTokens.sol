// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

import {Payments} from "./Payments.sol";

/// @notice Tokens other than the settlement token that the router may pay within a scope, because their balance is checked at its end.
/// @dev The router pays the settlement token (checked by the profit rule) and tracked tokens (checked here), and nothing else: a plan,
/// even one signed with a stolen operator key, cannot spend what the router holds in any other token.
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
        if (_isTracked(token)) revert TokenAlreadyTracked(token);
        _setTracked(token, 1);
        return Payments.balanceOf(token, address(this));
    }

    function _endTracking(address token, uint256 balanceBefore) internal {
        _setTracked(token, 0);
        uint256 balanceAfter = Payments.balanceOf(token, address(this));
        if (balanceAfter < balanceBefore) revert TrackedTokenFell(token, balanceBefore, balanceAfter);
    }

    function _requireTracked(address token) internal view {
        if (!_isTracked(token)) revert TokenNotTracked(token);
    }

    function _setTracked(address token, uint256 value) private {
        uint256 slot = _SLOT_PREFIX | uint160(token);
        // tracked[token] = value
        assembly ("memory-safe") {
            tstore(slot, value)
        }
    }

    function _isTracked(address token) private view returns (bool tracked) {
        uint256 slot = _SLOT_PREFIX | uint160(token);
        // tracked = tracked[token]
        assembly ("memory-safe") {
            tracked := tload(slot)
        }
    }
}
