// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

/// @notice Where the reading of a plan stands, and what the steps hand to each other.
/// @dev One frame lives per call into the router: `execute` opens the first, each accepted callback opens its own over the
/// continuation that its registration committed to.
struct Frame {
    /// Calldata offset of the next step.
    uint256 cursor;
    /// Calldata offset right after the last step.
    uint256 end;
    /// The settlement token: what profit is measured in, and all that may be paid without tracking.
    address settlement;
    /// What the last step gave, or in a callback what its caller gave, in the smallest unit of that token.
    uint256 last;
    /// What the caller of this frame is owed (the positive delta of a V3 callback), else zero.
    uint256 owed;
}

/// @notice Runs the steps of a frame; the router's dispatch implements it, venues and lenders call it for their continuations.
abstract contract PlanRunner {
    function _run(Frame memory frame) internal virtual;
}
