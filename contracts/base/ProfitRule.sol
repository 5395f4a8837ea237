// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

import {Payments} from "./Payments.sol";

/// @notice The rule that no plan can switch off: the settlement-token balance ends at least `minimum` above where it began.
library ProfitRule {
    /// @notice The profit promised is not there; everything is undone.
    error ProfitBelowMinimum(address token, uint256 balanceBefore, uint256 balanceAfter, uint256 minimum);

    function enforce(address token, uint256 balanceBefore, uint256 minimum) internal view returns (uint256 profit) {
        uint256 balanceAfter = Payments.balanceOf(token, address(this));
        if (balanceAfter < balanceBefore) revert ProfitBelowMinimum(token, balanceBefore, balanceAfter, minimum);
        unchecked {
            profit = balanceAfter - balanceBefore;
        }
        if (profit < minimum) revert ProfitBelowMinimum(token, balanceBefore, balanceAfter, minimum);
    }
}
