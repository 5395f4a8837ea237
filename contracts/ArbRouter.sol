// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

import {Constants} from "./base/Constants.sol";
import {Frame, FrameAccess} from "./base/Frame.sol";
import {Gate} from "./base/Gate.sol";
import {Payments} from "./base/Payments.sol";
import {PlanExecution} from "./base/PlanExecution.sol";
import {PlanFormat as Plan} from "./base/PlanFormat.sol";
import {PlanReader as Read} from "./base/PlanReader.sol";
import {ProfitRule} from "./base/ProfitRule.sol";
import {SettlementTokens} from "./base/SettlementTokens.sol";

/// @title Atomic arbitrage router and flash-loan receiver
/// @notice One call borrows if it must, walks the route, repays, and reverts unless the promised profit is really there.
/// @dev Holds its own inventory and pulls from no wallet: never approve anything to it, an allowance to it can only be lost sight of.
contract ArbRouter is SettlementTokens, PlanExecution {
    /// @notice The block's time is past the plan's deadline.
    error DeadlinePassed(uint256 timestamp, uint256 deadline);
    /// @notice The header sets flags that have no meaning.
    error UnknownHeader(uint256 flags);

    address private immutable _control;

    constructor(address initialOwner, Constants memory constants, address extension, address control)
        SettlementTokens(constants.settlementTokens)
        PlanExecution(constants, extension)
    {
        _openGate(initialOwner);
        _control = control;
    }

    receive() external payable {}

    /// @dev Callbacks of pools and lenders; all else is for the control part.
    fallback() external payable {
        if (_callback(msg.sig)) return;
        address control = _control;
        // return control.delegatecall(msg.data), reverts included
        assembly ("memory-safe") {
            let free := mload(0x40)
            calldatacopy(free, 0, calldatasize())
            let ok := delegatecall(gas(), control, free, calldatasize(), 0, 0)
            returndatacopy(free, 0, returndatasize())
            if iszero(ok) { revert(free, returndatasize()) }
            return(free, returndatasize())
        }
    }

    /// @notice Runs the packed plan that follows the four selector bytes.
    /// @return profit How much the settlement-token balance rose, in its smallest unit.
    function execute() external onlyOperator onlyOnce returns (uint256 profit) {
        uint256 head = Read.word(4);
        uint256 flags = head >> 248;
        if (flags & ~Plan.HEADER_KNOWN_FLAGS != 0) revert UnknownHeader(flags);
        uint256 deadline = (head >> 216) & type(uint32).max;
        if (block.timestamp > deadline) revert DeadlinePassed(block.timestamp, deadline);
        address settlement = _settlementToken(flags & Plan.HEADER_SETTLEMENT_MASK);
        uint256 balanceBefore = Payments.balanceOf(settlement, address(this));
        _run(FrameAccess.open(4 + Plan.HEADER_BYTES, msg.data.length, settlement, 0, 0));
        return ProfitRule.enforce(settlement, balanceBefore, (head >> 120) & type(uint96).max);
    }
}
