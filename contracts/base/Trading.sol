// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

import {Constants} from "./Constants.sol";
import {FrameAccess} from "./Frame.sol";
import {Guards} from "./Guards.sol";
import {Payments} from "./Payments.sol";
import {PlanExecution} from "./PlanExecution.sol";
import {PlanFormat as Plan} from "./PlanFormat.sol";
import {PlanReader as Read} from "./PlanReader.sol";
import {ProfitRule} from "./ProfitRule.sol";
import {SettlementTokens} from "./SettlementTokens.sol";
import {Tip} from "./Tip.sol";

/// @notice One whole trade: guards, steps, profit rule, tip.
abstract contract Trading is SettlementTokens, Guards, Tip, PlanExecution {
    /// @notice The block's time is past the plan's deadline.
    error DeadlinePassed(uint256 timestamp, uint256 deadline);
    /// @notice The header sets flags that have no meaning.
    error UnknownHeader(uint256 flags);

    constructor(Constants memory constants, address extension)
        SettlementTokens(constants.settlementTokens)
        Guards(constants.uniswapV4PoolManager)
        Tip(constants.wrappedNative)
        PlanExecution(constants, extension)
    {}

    /// @dev Runs the plan that starts at calldata offset 4. Guards come first: nothing has moved, and little gas is spent, when they fail.
    /// @return profit How much the settlement-token balance rose, after the tip.
    /// @return tip What the plan's tip came to, whether or not its receiver took it.
    function _trade() internal returns (uint256 profit, uint256 tip) {
        uint256 head = Read.word(4);
        uint256 flags = head >> 248;
        uint256 deadline = (head >> 216) & type(uint32).max;
        if (block.timestamp > deadline) revert DeadlinePassed(block.timestamp, deadline);
        uint256 at = 4 + Plan.HEADER_BYTES;
        if (flags > Plan.HEADER_SETTLEMENT_MASK) at = _readOptional(flags, at);

        address settlement = _settlementToken(flags & Plan.HEADER_SETTLEMENT_MASK);
        uint256 balanceBefore = Payments.balanceOf(settlement, address(this));
        _runFrom(FrameAccess.openAt(msg.data.length, settlement, 0, 0), at);
        uint256 minimum = (head >> 120) & type(uint96).max;
        profit = ProfitRule.enforce(settlement, balanceBefore, minimum);
        if (flags & Plan.HEADER_TIP == 0) return (profit, 0);

        _requireTippable(settlement);
        tip = _tipOf(4 + Plan.HEADER_BYTES, profit, minimum);
        if (tip != 0) {
            _payTip(4 + Plan.HEADER_BYTES, tip);
            profit = ProfitRule.enforce(settlement, balanceBefore, minimum);
        }
    }

    /// @dev The fields that few plans have; returns where the steps begin.
    function _readOptional(uint256 flags, uint256 at) private view returns (uint256) {
        if (flags & ~Plan.HEADER_KNOWN_FLAGS != 0) revert UnknownHeader(flags);
        if (flags & Plan.HEADER_TIP != 0) at = _skipTip(at);
        return flags & Plan.HEADER_GUARDED == 0 ? at : _checkGuards(at);
    }
}
