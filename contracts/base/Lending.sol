// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

import {Frame, PlanRunner} from "./Frame.sol";
import {Payments} from "./Payments.sol";
import {PlanFormat as Plan} from "./PlanFormat.sol";
import {PlanReader as Read} from "./PlanReader.sol";
import {Settle} from "./Settle.sol";

/// @notice What lenders share: a loan step is the amount, the most that may be repaid, and the continuation that uses the money.
/// @dev The data that a lender hands back is the step's own bytes without pool and length: the flags; then, put in by the router, the
/// settlement token; then the borrowed token where it is not the settlement token, the amount, the cap, and the continuation. It is
/// written once, at the place in memory where the lender's call carries it.
abstract contract Lending is Settle, PlanRunner {
    /// @notice This chain lacks the lender or the venue: the router was given no address of it at deployment.
    error LenderUnavailable(uint256 opcode);

    /// Stands where a loan has its flags: the data holds a settlement token and a continuation, and nothing is borrowed.
    uint256 internal constant _NO_LOAN = 0x02;
    /// The flags of a lender's loan without variants.
    uint256 internal constant _PLAIN_FLAGS = Plan.LOAN_TRACKED;
    /// The variants of a pool's loan: either token, three names of callbacks.
    uint256 private constant _POOL_VARIANTS = 6;
    uint256 private constant _DATA_HEAD_BYTES = 1 + Plan.ADDRESS_BYTES;
    /// The flag of the data's first byte.
    uint256 private constant _TRACKED_DATA = Plan.LOAN_TRACKED << 248;
    uint256 private constant _AMOUNTS_BYTES = 2 * Plan.AMOUNT_BYTES;

    /// @dev Reads the loan step at the frame's cursor, whose flags may be those of `known`, and writes its data to `dataAt` in memory,
    /// which must be behind the free memory pointer: nothing may be allocated before the lender is called.
    function _readLoan(Frame frame, uint256 known, uint256 dataAt)
        internal
        view
        returns (uint256 flags, address token, uint256 amount, uint256 dataEnd)
    {
        uint256 cursor = frame.cursor();
        uint256 head = Read.word(cursor);
        flags = (head >> 240) & 0xff;
        if (flags & ~known != 0) revert Read.UnknownStep(head >> 248, flags);
        (token, amount, dataEnd) = _readTerms(frame, flags, Read.skip(cursor, 2), dataAt);
    }

    /// @dev As `_readLoan`, for a step that names the pool that lends.
    function _readPoolLoan(Frame frame, uint256 dataAt)
        internal
        view
        returns (uint256 variant, address pool, uint256 amount, uint256 dataEnd)
    {
        uint256 cursor = frame.cursor();
        uint256 head = Read.word(cursor);
        uint256 flags = (head >> 240) & 0xff;
        variant = flags >> Plan.LOAN_VARIANT_SHIFT;
        if (flags & ~(Plan.LOAN_TRACKED | Plan.LOAN_VARIANT_MASK) != 0 || variant >= _POOL_VARIANTS) {
            revert Read.UnknownStep(head >> 248, flags);
        }
        uint256 poolAt = Read.skip(cursor, 2);
        pool = Read.addr(poolAt);
        (, amount, dataEnd) = _readTerms(frame, flags, Read.skip(poolAt, Plan.ADDRESS_BYTES), dataAt);
    }

    /// @dev Writes the data of a continuation whose length stands at `lengthAt`, with the step's fields in front of it, which start at
    /// `fieldsAt`, and the length in the word before `dataAt`; leaves the cursor behind the step.
    function _writeData(Frame frame, uint256 flags, uint256 fieldsAt, uint256 lengthAt, uint256 dataAt)
        internal
        pure
        returns (uint256 dataEnd)
    {
        address settlement = frame.settlement();
        uint256 end;
        // length = uint16(msg.data[lengthAt:]); end = lengthAt + 2 + length
        // data = abi.encodePacked(uint8(flags), settlement, msg.data[fieldsAt:lengthAt], msg.data[end - length:end])
        assembly ("memory-safe") {
            let length := shr(240, calldataload(lengthAt))
            end := add(lengthAt, 2)
            mstore(dataAt, or(shl(248, flags), shr(8, shl(96, settlement))))
            dataEnd := add(dataAt, 21)
            calldatacopy(dataEnd, fieldsAt, sub(lengthAt, fieldsAt))
            dataEnd := add(dataEnd, sub(lengthAt, fieldsAt))
            calldatacopy(dataEnd, end, length)
            dataEnd := add(dataEnd, length)
            end := add(end, length)
            mstore(sub(dataAt, 0x20), sub(dataEnd, dataAt))
        }
        frame.setCursor(end);
    }

    /// @dev Registers the callback, then calls the lender with what was written for it: its call stands in memory between `callAt` and
    /// `dataEnd`, the data behind its length at `dataAt`.
    function _borrow(address lender, bytes4 callback, uint256 callAt, uint256 dataAt, uint256 dataEnd) internal {
        unchecked {
            _register(lender, callback, dataAt - 0x20);
        }
        _callLender(lender, callAt, dataEnd);
    }

    /// @dev Calls the lender with the bytes of memory between `from` and `to`; it must have called back.
    function _callLender(address lender, uint256 from, uint256 to) internal {
        bool ok;
        // (ok,) = lender.call(memory[from:to])
        assembly ("memory-safe") {
            ok := call(gas(), lender, 0, from, sub(to, from), 0, 0)
        }
        if (!ok) Payments.revertWithReason(lender);
        _requireSpent(lender);
    }

    /// @dev Accepts a lender's callback, whose data parameter stands at calldata offset `parameterAt`; returns where the data stands.
    function _acceptLoan(uint256 parameterAt) internal returns (uint256 start, uint256 length) {
        (start, length) = Read.data(parameterAt);
        _consume(start, length);
    }

    /// @dev Reads the data of an accepted callback.
    function _borrowed(uint256 start) internal pure returns (address token, uint256 amount, uint256 cap) {
        uint256 head = Read.word(start);
        token = address(uint160(head >> 88));
        uint256 at = Read.skip(start, _DATA_HEAD_BYTES);
        if (head & _TRACKED_DATA != 0) {
            token = Read.addr(at);
            at = Read.skip(at, Plan.ADDRESS_BYTES);
        }
        uint256 amounts = Read.word(at);
        (amount, cap) = (amounts >> 128, uint128(amounts));
    }

    /// @dev Runs the continuation in the data of an accepted callback with the borrowed amount as `last`.
    function _runLoan(uint256 start, uint256 length, uint256 amount) internal {
        uint256 head = Read.word(start);
        uint256 at = Read.skip(start, _DATA_HEAD_BYTES + _AMOUNTS_BYTES);
        if (head & _TRACKED_DATA != 0) at = Read.skip(at, Plan.ADDRESS_BYTES);
        uint256 end = Read.skip(start, length);
        if (at != end) _runSteps(at, end, address(uint160(head >> 88)), amount, 0);
    }

    /// @dev Runs the continuation in data that carries no loan.
    function _runContinuation(uint256 start, uint256 length, uint256 last) internal {
        uint256 at = Read.skip(start, _DATA_HEAD_BYTES);
        uint256 end = Read.skip(start, length);
        if (at != end) _runSteps(at, end, address(uint160(Read.word(start) >> 88)), last, 0);
    }

    /// @dev The loan with its fee. A sum that wraps is less than the lender asks for, and so refused by it.
    function _plus(uint256 amount, uint256 fee) internal pure returns (uint256) {
        unchecked {
            return amount + fee;
        }
    }

    function _requireUnderCap(address token, uint256 repayment, uint256 cap) internal pure {
        if (repayment > cap) revert Payments.PaymentOverCap(token, repayment, cap);
    }

    /// @dev The lender at `lender` if this chain has it.
    function _available(address lender, uint256 opcode) internal pure returns (address) {
        if (lender == address(0)) revert LenderUnavailable(opcode);
        return lender;
    }

    /// @dev Reads token, amount and cap, which stand at `fieldsAt`, and writes the data.
    function _readTerms(Frame frame, uint256 flags, uint256 fieldsAt, uint256 dataAt)
        private
        view
        returns (address token, uint256 amount, uint256 dataEnd)
    {
        uint256 at = fieldsAt;
        token = frame.settlement();
        if (flags & Plan.LOAN_TRACKED != 0) {
            token = Read.addr(at);
            _requireTracked(token);
            at = Read.skip(at, Plan.ADDRESS_BYTES);
        }
        amount = Read.u128(at);
        dataEnd = _writeData(frame, flags, fieldsAt, Read.skip(at, _AMOUNTS_BYTES), dataAt);
    }
}
