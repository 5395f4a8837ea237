// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

import {Frame} from "./Frame.sol";
import {Hops} from "./Hops.sol";
import {PlanFormat as Plan} from "./PlanFormat.sol";
import {PlanReader as Read} from "./PlanReader.sol";

/// @notice What venues share that keep accounts while they are unlocked: taking from an account and paying onto it read alike.
abstract contract Accounts is Hops {
    /// @dev opcode, flags, token, [amount], [to]
    function _readTaking(Frame frame) internal view returns (address token, uint256 amount, address to) {
        uint256 at = frame.cursor();
        uint256 flags = _readFlags(at, Plan.AMOUNT_LAST | Plan.RECIPIENT_MASK);
        uint256 tokenAt = Read.skip(at, 2);
        token = Read.addr(tokenAt);
        (amount, at) = _readAmount(frame, flags, Read.skip(tokenAt, Plan.ADDRESS_BYTES));
        uint256 next = Read.skip(at, _recipientBytes(flags));
        Read.requireWithin(next, frame.end());
        to = _recipient(frame, flags, at, next);
        frame.setCursor(next);
    }

    /// @dev opcode, flags, [token], [amount]; the token must be one that the router may pay.
    function _readPaying(Frame frame) internal view returns (address token, uint256 amount) {
        uint256 at = frame.cursor();
        uint256 flags = _readFlags(at, Plan.AMOUNT_LAST | Plan.PAYER_MASK);
        uint256 payer = (flags & Plan.PAYER_MASK) >> Plan.PAYER_SHIFT;
        if (payer != Plan.PAYER_SETTLEMENT && payer != Plan.PAYER_TRACKED) revert Read.UnknownStep(Read.u8(at), flags);
        at = Read.skip(at, 2);
        token = frame.settlement();
        if (payer == Plan.PAYER_TRACKED) {
            token = Read.addr(at);
            at = Read.skip(at, Plan.ADDRESS_BYTES);
            _requireTracked(token);
        }
        (amount, at) = _readAmount(frame, flags, at);
        Read.requireWithin(at, frame.end());
        frame.setCursor(at);
    }

    /// @dev The flags of the step at `at`, none of them outside `known`.
    function _readFlags(uint256 at, uint256 known) internal pure returns (uint256 flags) {
        flags = Read.u8(Read.skip(at, 1));
        if (flags & ~known != 0) revert Read.UnknownStep(Read.u8(at), flags);
    }
}
