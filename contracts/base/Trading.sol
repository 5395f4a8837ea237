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
    /// @notice The chain's own coin is taken only while a plan runs, and never along with one.
    error NativeNotExpected(address from);

    constructor(Constants memory constants, address extension)
        SettlementTokens(constants.settlementTokens)
        Guards(constants.uniswapV4PoolManager)
        Tip(constants.wrappedNative)
        PlanExecution(constants, extension)
    {}

    /// @dev Sees to it that the plan runs alone; `_leave` must follow unless it returns zero. An account without code that sends the
    /// transaction itself needs no lock: nothing can call it in the middle of its plan, and a plan of any other operator is refused in a
    /// transaction that an operator sent, or sent as one and is none any more. All others take the lock.
    function _enter() internal returns (uint256 locked) {
        // locked = tx.origin == msg.sender && msg.sender.code.length == 0 && msg.value == 0 ? 0 : some other number
        assembly ("memory-safe") {
            locked := or(or(xor(origin(), caller()), extcodesize(caller())), callvalue())
        }
        if (locked != 0) _lockAgainstOthers();
    }

    function _leave(uint256 locked) internal {
        if (locked != 0) _unlock();
    }

    function _lockAgainstOthers() private {
        if (msg.value != 0) revert NativeNotExpected(msg.sender);
        // slither-disable-next-line tx-origin
        if (tx.origin != msg.sender && _isOperator(tx.origin)) revert AlreadyRunning();
        _lock();
    }

    /// @dev Runs the plan that starts at calldata offset 4. Guards come first: nothing has moved, and little gas is spent, when they fail.
    /// @return profit How much the settlement-token balance rose, after the tip.
    /// @return tip What the plan's tip came to, whether or not its receiver took it.
    function _trade() internal returns (uint256 profit, uint256 tip) {
        uint256 head = Read.word(4);
        if (block.timestamp > (head >> 216) & type(uint32).max) revert DeadlinePassed(block.timestamp, (head >> 216) & type(uint32).max);
        uint256 at = 4 + Plan.HEADER_BYTES;
        address settlement = _token0;
        if (head >> 248 != 0) (at, settlement) = _readFlags(head >> 248, at);

        uint256 balanceBefore = ProfitRule.balanceBefore(settlement);
        _runSteps(at, msg.data.length, settlement, 0, 0);
        profit = ProfitRule.enforce(settlement, balanceBefore, (head >> 120) & type(uint96).max);
        if (head & (Plan.HEADER_TIP << 248) != 0) (profit, tip) = _tipped(settlement, balanceBefore, profit, (head >> 120) & type(uint96).max);
    }

    /// @dev The profit that remains after the tip, and the tip.
    function _tipped(address settlement, uint256 balanceBefore, uint256 profit, uint256 minimum) private returns (uint256, uint256) {
        _requireTippable(settlement);
        uint256 tip = _tipOf(4 + Plan.HEADER_BYTES, profit, minimum);
        if (tip == 0) return (profit, 0);
        _markRunning();
        _payTip(4 + Plan.HEADER_BYTES, tip);
        uint256 balanceAfter = Payments.balanceOf(settlement, address(this));
        if (balanceAfter < balanceBefore + minimum) {
            revert ProfitRule.ProfitBelowMinimum(settlement, balanceBefore, balanceAfter, minimum);
        }
        return (balanceAfter - balanceBefore, tip);
    }

    /// @dev The fields that few plans have; returns where the steps begin, and the settlement token.
    function _readFlags(uint256 flags, uint256 at) private view returns (uint256, address) {
        if (flags & ~Plan.HEADER_KNOWN_FLAGS != 0) revert UnknownHeader(flags);
        if (flags & Plan.HEADER_TIP != 0) at = _skipTip(at);
        if (flags & Plan.HEADER_GUARDED != 0) at = _checkGuards(at);
        return (at, _settlementToken(flags & Plan.HEADER_SETTLEMENT_MASK));
    }
}
