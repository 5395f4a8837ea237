// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

import {Gate} from "./Gate.sol";

/// @notice Many plans in one transaction. Each keeps all the rules of `execute`, which the router calls for it on itself.
/// @dev Every plan runs in a call of its own, by delegatecall, so that its sender is still the operator; `execute` checks role, lock and
/// profit as ever. What a plan can take from the others is bounded: its gas by what the caller names, and of what it returns only so
/// much is copied.
abstract contract Batch is Gate {
    /// @notice One plan of a batch.
    /// @param gasLimit What it may use, in gas; all of that must be there before it starts.
    /// @param plan The calldata that `execute` would get.
    struct Entry {
        uint64 gasLimit;
        bytes plan;
    }

    /// @notice The entry at `index` is no call of `execute`.
    error NotAPlan(uint256 index);
    /// @notice There is not enough gas left to give the plan at `index` what it may use, and to report it.
    error BatchGasTooLow(uint256 index, uint256 available, uint256 needed);
    /// @notice A plan of an all-or-nothing batch failed, and everything is undone.
    error BatchPlanFailed(uint256 index, bytes reason);

    /// @notice `profit` is in the smallest unit of the plan's settlement token.
    event PlanExecuted(uint256 indexed index, uint256 profit);
    /// @notice `reason` is what the plan reverted with, cut off after 1024 bytes; empty where it ran out of gas.
    event PlanFailed(uint256 indexed index, bytes reason);

    bytes4 private constant _EXECUTE = bytes4(keccak256("execute()"));
    uint256 private constant _MOST_RETURNED = 1024;
    /// Gas that reporting one plan takes at most, with room to spare.
    uint256 private constant _REPORTING_GAS = 25_000;

    /// @notice Runs the plans one after the other. Each is undone on its own if it fails, and reported by event; with `allOrNothing` the
    /// first failure reverts the whole batch.
    /// @return executed How many plans were executed.
    function executeBatch(Entry[] calldata entries, bool allOrNothing) external onlyOperator returns (uint256 executed) {
        for (uint256 index; index < entries.length; ++index) {
            bytes calldata plan = entries[index].plan;
            if (bytes4(plan) != _EXECUTE) revert NotAPlan(index);
            (bool ok, bytes memory returned) = _runAlone(index, plan, entries[index].gasLimit);
            if (ok) {
                ++executed;
                emit PlanExecuted(index, abi.decode(returned, (uint256)));
            } else if (allOrNothing) {
                revert BatchPlanFailed(index, returned);
            } else {
                emit PlanFailed(index, returned);
            }
        }
    }

    function _runAlone(uint256 index, bytes calldata plan, uint256 gasLimit) private returns (bool ok, bytes memory returned) {
        uint256 copy;
        // copy = where the plan is put, behind everything that memory holds
        assembly ("memory-safe") {
            copy := mload(0x40)
            calldatacopy(copy, plan.offset, plan.length)
        }
        // A call gets at most 63 of 64 parts of the gas that is left.
        uint256 needed = gasLimit + gasLimit / 63 + _REPORTING_GAS;
        if (gasleft() < needed) revert BatchGasTooLow(index, gasleft(), needed);
        // (ok, returned) = address(this).delegatecall{gas: gasLimit}(plan), with at most _MOST_RETURNED bytes copied
        assembly ("memory-safe") {
            ok := delegatecall(gasLimit, address(), copy, plan.length, 0, 0)
            let length := returndatasize()
            if gt(length, _MOST_RETURNED) { length := _MOST_RETURNED }
            returned := copy
            mstore(returned, length)
            returndatacopy(add(returned, 0x20), 0, length)
            mstore(0x40, add(returned, and(add(length, 0x3f), not(0x1f))))
        }
    }
}
