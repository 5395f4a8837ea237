// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

import {Frame} from "./Frame.sol";
import {Payments} from "./Payments.sol";
import {PlanFormat as Plan} from "./PlanFormat.sol";
import {PlanReader as Read} from "./PlanReader.sol";
import {Settle} from "./Settle.sol";

/// @notice What the rarer venues share: how their steps are read, and how a venue that pulls its input is paid.
/// @dev Such a step is the head of a pool step, fields of its own, then the token that goes in (only where a tracked token pays), the
/// amount (unless it is what the last step gave) and the receiver (only where it is named).
abstract contract Hops is Settle {
    /// @notice This venue was given no address at deployment: it does not exist on this chain.
    error VenueUnavailable(uint256 opcode);

    /// @dev A step, read. `tokenIn` is zero for the chain's own coin; `fieldsAt` is where the step's own fields stand in calldata.
    struct Hop {
        uint256 opcode;
        uint256 flags;
        uint256 extra;
        address pool;
        uint256 fieldsAt;
        address tokenIn;
        uint256 amount;
        address to;
    }

    /// @dev Reads the whole step of a venue that pulls its input; the step's own fields are `ownBytes` long.
    function _readPulledHop(Frame frame, uint256 ownBytes, uint256 knownExtra) internal view returns (Hop memory hop) {
        hop = _readHead(frame, Plan.AMOUNT_LAST | Plan.PAYER_MASK | Plan.RECIPIENT_MASK, knownExtra);
        uint256 at = Read.skip(hop.fieldsAt, ownBytes);
        uint256 payer = _payerOf(hop);
        if (payer == Plan.PAYER_NONE) revert Read.UnknownStep(hop.opcode, hop.flags);
        hop.tokenIn = frame.settlement();
        if (payer == Plan.PAYER_TRACKED) {
            hop.tokenIn = Read.addr(at);
            at = Read.skip(at, Plan.ADDRESS_BYTES);
        }
        _readTail(frame, hop, at);
    }

    /// @dev Reads what all pool steps begin with; what is not in `knownFlags` and `knownExtra` must not be set.
    function _readHead(Frame frame, uint256 knownFlags, uint256 knownExtra) internal pure returns (Hop memory hop) {
        uint256 cursor = frame.cursor();
        uint256 head = Read.word(cursor);
        hop.opcode = head >> 248;
        hop.flags = (head >> 240) & 0xff;
        hop.extra = (head >> 232) & 0xff;
        if (hop.flags & ~knownFlags != 0) revert Read.UnknownStep(hop.opcode, hop.flags);
        if (hop.extra & ~knownExtra != 0) revert Read.UnknownStep(hop.opcode, hop.extra);
        hop.pool = Read.poolAt(cursor);
        hop.fieldsAt = Read.skip(cursor, Plan.POOL_STEP_BYTES);
    }

    /// @dev Reads amount and receiver, which stand at `at`, and leaves the cursor behind the step.
    function _readTail(Frame frame, Hop memory hop, uint256 at) internal view {
        (hop.amount, at) = _readAmount(frame, hop.flags, at);
        uint256 next = Read.skip(at, _recipientBytes(hop.flags));
        Read.requireWithin(next, frame.end());
        hop.to = _recipient(frame, hop.flags, at, next);
        frame.setCursor(next);
    }

    /// @dev The amount of a step, and where the field behind it stands.
    function _readAmount(Frame frame, uint256 flags, uint256 at) internal pure returns (uint256 amount, uint256 nextAt) {
        if (flags & Plan.AMOUNT_LAST != 0) return (frame.last(), at);
        return (Read.u128(at), Read.skip(at, Plan.AMOUNT_BYTES));
    }

    function _payerOf(Hop memory hop) internal pure returns (uint256 payer) {
        payer = (hop.flags & Plan.PAYER_MASK) >> Plan.PAYER_SHIFT;
        if (payer > Plan.PAYER_TRACKED) revert Read.UnknownStep(hop.opcode, hop.flags);
    }

    /// @dev Calls `venue`, which pulls exactly the hop's amount of its token, or is sent it where that is the chain's own coin; returns
    /// the first word of the answer, zero if there is none.
    function _callPulling(Frame frame, Hop memory hop, address venue, bytes memory callData) internal returns (uint256 answer) {
        if (hop.tokenIn == address(0)) {
            _requirePayable(frame, hop.tokenIn);
            return _call(venue, hop.amount, callData);
        }
        _allow(frame, hop.tokenIn, venue, hop.amount);
        answer = _call(venue, 0, callData);
        _requirePulled(hop.tokenIn, venue);
    }

    function _call(address target, uint256 value, bytes memory callData) internal returns (uint256 answer) {
        bool ok;
        // (ok, returned) = target.call{value: value}(callData); answer = returned.length < 32 ? 0 : abi.decode(returned, (uint256))
        assembly ("memory-safe") {
            ok := call(gas(), target, value, add(callData, 0x20), mload(callData), 0x00, 0x20)
            if gt(returndatasize(), 0x1f) { answer := mload(0x00) }
        }
        if (!ok) Payments.revertWithReason(target);
    }

    /// @dev How much more of `token` `account` holds than `balanceBefore`.
    function _arrived(address token, address account, uint256 balanceBefore) internal view returns (uint256) {
        uint256 balance = Payments.balanceOf(token, account);
        return balance > balanceBefore ? balance - balanceBefore : 0;
    }

    function _venue(address venue, uint256 opcode) internal pure returns (address) {
        if (venue == address(0)) revert VenueUnavailable(opcode);
        return venue;
    }
}
