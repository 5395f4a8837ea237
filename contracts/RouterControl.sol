// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

import {Constants} from "./base/Constants.sol";
import {Rescue} from "./base/Rescue.sol";
import {Roles} from "./base/Roles.sol";
import {SettlementTokens} from "./base/SettlementTokens.sol";

/// @title What is not a trade: roles, pause, rescue, views
/// @notice The router passes every call that is neither `execute` nor a callback on to here by delegatecall.
/// @dev Called directly it guards nothing and holds nothing: its own storage names no owner and no operator.
contract RouterControl is SettlementTokens, Roles, Rescue {
    event SettlementTokenSet(address indexed token);

    constructor(Constants memory constants) SettlementTokens(constants.settlementTokens) {}

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
}
