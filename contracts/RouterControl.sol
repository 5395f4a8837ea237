// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

import {Batch} from "./base/Batch.sol";
import {Constants} from "./base/Constants.sol";
import {Delegation} from "./base/Delegation.sol";
import {Rescue} from "./base/Rescue.sol";
import {Roles} from "./base/Roles.sol";
import {SettlementTokens} from "./base/SettlementTokens.sol";
import {SimulationRecord} from "./base/SimulationRecord.sol";

/// @title What is not one trade: batches, simulation, roles, pause, rescue, views
/// @notice The router passes every call that is neither `execute` nor a callback on to here by delegatecall. This code is fixed: nothing
/// can change which contract the router passes them to.
/// @dev Called directly it guards nothing and holds nothing: its own storage names no owner and no operator.
contract RouterControl is SettlementTokens, Roles, Rescue, Batch {
    /// @notice The router has no such function, and no pool or lender was asked to call it.
    error UnknownFunction(bytes4 selector);

    event SettlementTokenSet(address indexed token);

    /// A proxy in the words of ERC-897 whose code cannot change.
    uint256 private constant _FORWARDING_PROXY = 1;

    address private immutable _self = address(this);
    address private immutable _simulator;

    constructor(Constants memory constants, address simulator) SettlementTokens(constants.settlementTokens) {
        _simulator = simulator;
    }

    /// @dev The callbacks of a simulated plan: the router refuses them as its own, and hands them on here while a simulation runs.
    fallback() external payable {
        if (!SimulationRecord.isRunning()) revert UnknownFunction(msg.sig);
        Delegation.forward(_simulator);
    }

    /// @notice Rehearses the packed plan that follows the four selector bytes, as `execute` would run it. For operators. Always reverts:
    /// with `Simulated`, which carries the result, or as the plan would.
    function simulate() external {
        Delegation.forward(_simulator);
    }

    /// @notice The token at `index` of the list that profit may be measured in.
    function settlementToken(uint256 index) external view returns (address) {
        return _settlementToken(index);
    }

    /// @notice Sets the one place of the list that is not fixed.
    function setSettlementToken(address token) external onlyOwner {
        _ownerSetToken = token;
        emit SettlementTokenSet(token);
    }

    /// @notice The version of the plan format and of the rules that this code keeps.
    function version() external pure returns (string memory) {
        return "2";
    }

    /// @notice Where these functions' code stands (ERC-897).
    function implementation() external view returns (address) {
        return _self;
    }

    /// @notice Says, in the words of ERC-897, that `implementation` can never change.
    function proxyType() external pure returns (uint256) {
        return _FORWARDING_PROXY;
    }
}
