// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

import {Constants} from "./base/Constants.sol";
import {Frame, FrameAccess} from "./base/Frame.sol";
import {PlanReader as Read} from "./base/PlanReader.sol";
import {SimulationRecord as Record} from "./base/SimulationRecord.sol";
import {Trading} from "./base/Trading.sol";

/// @title Rehearses a plan and tells what each step gave and took
/// @notice An operator's call of `simulate` on the router gets here by delegatecall, and always ends in a revert that carries the result.
/// @dev The same guards, steps, profit rule and tip as the router's. Commitments to callbacks are stored inverted, so that the router's
/// own code takes none of them for its own and hands the callback on to here, as it does while a simulation runs and never else. Called
/// directly it has nothing to lose: it holds no tokens, no roles and no allowances, and nobody may give it any.
contract RouterSimulator is Trading {
    /// @notice Not a failure: the plan works, and this is what it gives.
    /// @param profit How much the settlement-token balance would rise after the tip, in its smallest unit.
    /// @param tip What would be paid for inclusion, in wei.
    /// @param hops The steps, in the order in which they stand in the plan.
    error Simulated(uint256 profit, uint256 tip, Record.Hop[] hops);
    /// @notice This contract was called directly.
    error OnlyByDelegatecall();
    /// @notice The router has no such function, and no pool or lender was asked to call it.
    error UnknownFunction(bytes4 selector);

    address private immutable _self = address(this);

    modifier onlyDelegated() {
        if (address(this) == _self) revert OnlyByDelegatecall();
        _;
    }

    constructor(Constants memory constants, address extension) Trading(constants, extension) {}

    /// @dev Callbacks of a simulated plan.
    fallback() external payable onlyDelegated {
        _callback(msg.sig);
        revert UnknownFunction(msg.sig);
    }

    /// @notice Rehearses the packed plan that follows the four selector bytes. Always reverts: with `Simulated`, or as the plan would.
    function simulate() external onlyDelegated onlyOperator {
        _enter();
        _markRunning();
        Record.begin();
        (uint256 profit, uint256 tip) = _trade();
        revert Simulated(profit, tip, Record.hops());
    }

    /// @dev No short cut here: every step is recorded by itself.
    function _runSteps(uint256 cursor, uint256 end, address settlement, uint256 last, uint256 owed) internal override {
        _runFrom(FrameAccess.openAt(end, settlement, last, owed), cursor);
    }

    function _runFrom(Frame frame, uint256 cursor) internal override {
        uint256 end = frame.end();
        while (cursor < end) cursor = _recordedStep(frame, cursor);
        if (cursor != end) revert Read.PlanTruncated(cursor, end);
    }

    /// @dev The gas of steps inside this one, here or in a callback, adds up in the record meanwhile and is taken off, and with it what
    /// their recording takes.
    function _recordedStep(Frame frame, uint256 cursor) private returns (uint256 next) {
        uint256 gasAtStart = gasleft();
        uint256 index = Record.open(Read.u8(cursor));
        uint256 innerBefore = Record.inner();
        uint256 gasBefore = gasleft();
        next = _step(frame, cursor);
        uint256 used = gasBefore - gasleft();
        Record.close(index, frame.last(), used - (Record.inner() - innerBefore));
        Record.setInner(innerBefore + gasAtStart - gasleft());
    }

    function _sealed(bytes32 commitment) internal pure override returns (bytes32) {
        return ~commitment;
    }
}
