// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

import {IERC20} from "../../interfaces/IERC20.sol";
import {Payments} from "./Payments.sol";
import {Gate} from "./Gate.sol";

/// @notice The owner takes home any token and any ETH, paused or not.
abstract contract Rescue is Gate {
    /// @notice The token did not move.
    error NothingWithdrawn(address token, uint256 amount);

    event Withdrawn(address indexed token, address indexed to, uint256 amount);

    /// @notice Sends `amount` of `token` to `to`; the largest uint256 means all there is.
    /// @dev Whatever the token answers, what counts is that the balance falls: some tokens move and answer false.
    function withdraw(address token, address to, uint256 amount) external onlyOwner {
        uint256 balanceBefore = Payments.balanceOf(token, address(this));
        if (amount == type(uint256).max) amount = balanceBefore;
        (bool ok,) = token.call(abi.encodeCall(IERC20.transfer, (to, amount)));
        if (!ok) Payments.revertWithReason(token);
        if (amount != 0 && Payments.balanceOf(token, address(this)) >= balanceBefore) revert NothingWithdrawn(token, amount);
        emit Withdrawn(token, to, amount);
    }

    /// @notice Sends `amount` wei to `to`; the largest uint256 means all there is.
    function withdrawNative(address payable to, uint256 amount) external onlyOwner {
        if (amount == type(uint256).max) amount = address(this).balance;
        (bool ok,) = to.call{value: amount}("");
        if (!ok) revert Payments.NativeTransferFailed(to, amount);
        emit Withdrawn(address(0), to, amount);
    }
}
