// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

import {CallbackGuard} from "./CallbackGuard.sol";
import {Frame} from "./Frame.sol";
import {Payments} from "./Payments.sol";
import {PlanFormat as Plan} from "./PlanFormat.sol";
import {PlanReader as Read} from "./PlanReader.sol";
import {TrackedTokens} from "./TrackedTokens.sol";

/// @notice What venues and lenders share: who is paid, who receives, and how a continuation travels in committed data.
/// @dev Data given to a pool or lender carries the settlement token, written by the router and not by the plan; the registration commits
/// to it, so the frame that a callback opens settles in the same token as the call that caused it, even if the owner's list changes
/// in between.
abstract contract Settle is CallbackGuard, TrackedTokens {
    /// @notice The amount is beyond what the venue's maths take.
    error AmountTooLarge(uint256 amount);
    /// @notice The spender returned without having pulled all that it was allowed to.
    error AllowanceLeft(address token, address spender, uint256 amount);

    /// @dev Pays `amount` of `token` to `to`; `token` is the settlement token unless `payer` says that it is a tracked one.
    function _pay(uint256 payer, address token, address to, uint256 amount) internal {
        if (payer != Plan.PAYER_SETTLEMENT) _requireTracked(token);
        Payments.transfer(token, to, amount);
    }

    /// @dev The router may part with the settlement token and with tracked tokens, and with nothing else.
    function _requirePayable(Frame frame, address token) internal view {
        if (token != frame.settlement()) _requireTracked(token);
    }

    /// @dev Lets `spender` pull exactly `amount`, once: to be followed by its call and `_requirePulled`.
    function _allow(Frame frame, address token, address spender, uint256 amount) internal {
        _requirePayable(frame, token);
        Payments.approve(token, spender, amount);
    }

    /// @dev No allowance outlives the call that it was given for.
    function _requirePulled(address token, address spender) internal view {
        if (Payments.mayPull(token, spender)) revert AllowanceLeft(token, spender, Payments.allowance(token, spender));
    }

    /// @dev The length of a swap step's recipient field.
    function _recipientBytes(uint256 flags) internal pure returns (uint256) {
        return flags & Plan.RECIPIENT_MASK == Plan.RECIPIENT_EXPLICIT << Plan.RECIPIENT_SHIFT ? Plan.ADDRESS_BYTES : 0;
    }

    /// @dev Who receives the output of a swap step: its recipient field stands at `fieldAt`, the step after it starts at `nextAt`.
    function _recipient(Frame frame, uint256 flags, uint256 fieldAt, uint256 nextAt) internal view returns (address) {
        uint256 kind = flags & Plan.RECIPIENT_MASK;
        if (kind == Plan.RECIPIENT_ROUTER << Plan.RECIPIENT_SHIFT) return address(this);
        if (kind == Plan.RECIPIENT_CALLER << Plan.RECIPIENT_SHIFT) return msg.sender;
        if (kind == Plan.RECIPIENT_EXPLICIT << Plan.RECIPIENT_SHIFT) return Read.addr(fieldAt);
        Read.requireWithin(Read.skip(nextAt, Plan.POOL_STEP_BYTES), frame.end());
        return Read.poolAt(nextAt);
    }

    /// @dev Sends on what arrived in `token` since `balanceBefore`, unless it is for the router; returns how much arrived.
    function _forward(address token, uint256 balanceBefore, address to) internal returns (uint256 arrived) {
        uint256 balance = _balance(token);
        if (balance > balanceBefore) arrived = balance - balanceBefore;
        if (to != address(this) && arrived != 0) Payments.transfer(token, to, arrived);
    }
}
