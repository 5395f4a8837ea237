// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

import {IERC20} from "../../interfaces/IERC20.sol";
import {Payments} from "./Payments.sol";

/// @notice The rule that no plan can switch off: the settlement-token balance ends at least `minimum` above where it began.
library ProfitRule {
    /// @notice The profit promised is not there; everything is undone.
    error ProfitBelowMinimum(address token, uint256 balanceBefore, uint256 balanceAfter, uint256 minimum);

    /// @dev To be called before the first step.
    function balanceBefore(address token) internal view returns (uint256 amount) {
        bytes4 selector = IERC20.balanceOf.selector;
        bool ok;
        // (ok, amount) = token.staticcall(abi.encodeCall(IERC20.balanceOf, (address(this)))), with at least 32 bytes returned
        assembly ("memory-safe") {
            mstore(0x00, selector)
            mstore(0x04, address())
            // The call comes first: arguments are evaluated from the right.
            ok := and(gt(returndatasize(), 0x1f), staticcall(gas(), token, 0x00, 0x24, 0x00, 0x20))
            amount := mload(0x00)
        }
        if (!ok) revert Payments.BalanceUnreadable(token);
    }

    /// @dev To be called after the last step, with what was read before the first.
    function enforce(address token, uint256 before, uint256 minimum) internal view returns (uint256 profit) {
        bytes4 selector = IERC20.balanceOf.selector;
        bool ok;
        uint256 balanceAfter;
        // as above; written out twice, since a call of either would cost each trade more than the reading
        assembly ("memory-safe") {
            mstore(0x00, selector)
            mstore(0x04, address())
            // The call comes first: arguments are evaluated from the right.
            ok := and(gt(returndatasize(), 0x1f), staticcall(gas(), token, 0x00, 0x24, 0x00, 0x20))
            balanceAfter := mload(0x00)
        }
        if (!ok) revert Payments.BalanceUnreadable(token);
        if (balanceAfter < before) revert ProfitBelowMinimum(token, before, balanceAfter, minimum);
        unchecked {
            profit = balanceAfter - before;
        }
        if (profit < minimum) revert ProfitBelowMinimum(token, before, balanceAfter, minimum);
    }
}
