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
/// written once, at the place in memory where the lender's call carries it. Aave's has an order of its own.
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

    /// @dev Reads the loan step at `cursor`, whose flags may be those of `known`, and writes its data to `dataAt` in memory, which must
    /// be behind the free memory pointer: nothing may be allocated before the lender is called. The next step starts at `next`.
    function _readLoan(uint256 cursor, address settlement, uint256 known, uint256 dataAt)
        internal
        view
        returns (uint256 flags, address token, uint256 amount, uint256 dataEnd, uint256 next)
    {
        uint256 head = Read.word(cursor);
        flags = (head >> 240) & 0xff;
        if (flags & ~known != 0) revert Read.UnknownStep(head >> 248, flags);
        (token, amount, dataEnd, next) = _putTerms(flags, Read.skip(cursor, 2), settlement, dataAt);
        if (flags & Plan.LOAN_TRACKED != 0) _requireTracked(token);
    }

    /// @dev As `_readLoan`, for a step that names the pool that lends.
    function _readPoolLoan(uint256 cursor, address settlement, uint256 dataAt)
        internal
        view
        returns (uint256 variant, address pool, uint256 amount, uint256 dataEnd, uint256 next)
    {
        uint256 head = Read.word(cursor);
        uint256 flags = (head >> 240) & 0xff;
        variant = flags >> Plan.LOAN_VARIANT_SHIFT;
        if (flags & ~(Plan.LOAN_TRACKED | Plan.LOAN_VARIANT_MASK) != 0 || variant >= _POOL_VARIANTS) {
            revert Read.UnknownStep(head >> 248, flags);
        }
        uint256 poolAt = Read.skip(cursor, 2);
        pool = Read.addr(poolAt);
        address token;
        (token, amount, dataEnd, next) = _putTerms(flags, Read.skip(poolAt, Plan.ADDRESS_BYTES), settlement, dataAt);
        if (flags & Plan.LOAN_TRACKED != 0) _requireTracked(token);
    }

    /// @dev Reads what stands at `fieldsAt` of a loan step, and writes its data to `dataAt`, with the length in the word before.
    function _putTerms(uint256 flags, uint256 fieldsAt, address settlement, uint256 dataAt)
        private
        pure
        returns (address token, uint256 amount, uint256 dataEnd, uint256 next)
    {
        // token = flags & LOAN_TRACKED == 0 ? settlement : address(bytes20(msg.data[fieldsAt:])), and the amounts behind it
        // amount = uint128(bytes16(msg.data[amountsAt:])); length = uint16(bytes2(msg.data[amountsAt + 32:]))
        // next = amountsAt + 34 + length
        // data = abi.encodePacked(uint8(flags), settlement, msg.data[fieldsAt:amountsAt + 32], msg.data[next - length:next])
        assembly ("memory-safe") {
            token := shl(96, settlement)
            mstore(dataAt, or(shl(248, flags), shr(8, token)))
            token := shr(96, token)
            dataEnd := add(dataAt, 21)
            next := 32
            if and(flags, 1) {
                token := shr(96, calldataload(fieldsAt))
                next := 52
            }
            calldatacopy(dataEnd, fieldsAt, next)
            dataEnd := add(dataEnd, next)
            next := add(fieldsAt, next)
            amount := shr(128, calldataload(sub(next, 32)))
            let length := shr(240, calldataload(next))
            next := add(next, 2)
            calldatacopy(dataEnd, next, length)
            dataEnd := add(dataEnd, length)
            next := add(next, length)
            mstore(sub(dataAt, 0x20), sub(dataEnd, dataAt))
        }
    }

    /// @dev Writes the data of a continuation whose length stands at `lengthAt`, with the length in the word before `dataAt`.
    function _writeData(uint256 lengthAt, address settlement, uint256 dataAt) internal pure returns (uint256 dataEnd, uint256 next) {
        // length = uint16(bytes2(msg.data[lengthAt:])); next = lengthAt + 2 + length
        // data = abi.encodePacked(uint8(_NO_LOAN), settlement, msg.data[next - length:next])
        assembly ("memory-safe") {
            let length := shr(240, calldataload(lengthAt))
            next := add(lengthAt, 2)
            mstore(dataAt, or(shl(248, _NO_LOAN), shr(8, shl(96, settlement))))
            dataEnd := add(dataAt, 21)
            calldatacopy(dataEnd, next, length)
            dataEnd := add(dataEnd, length)
            next := add(next, length)
            mstore(sub(dataAt, 0x20), sub(dataEnd, dataAt))
        }
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
        if (!_isSpent()) revert CallbackMissing(lender);
    }

    /// @dev Accepts a lender's callback, whose data parameter stands at calldata offset `parameterAt`; returns where the data stands.
    function _acceptLoan(uint256 parameterAt) internal returns (uint256 start, uint256 length) {
        (start, length) = Read.data(parameterAt);
        _consume(start, length);
    }

    /// @dev Reads the data of an accepted callback; its continuation begins at `at`.
    function _borrowed(uint256 start) internal pure returns (address token, uint256 amount, uint256 cap, uint256 at) {
        // settlement = address(bytes20(msg.data[start + 1:])); token = flags & LOAN_TRACKED == 0 ? settlement : what follows
        // amount = uint128(bytes16(what follows)); cap = uint128(bytes16(what follows)); at = where the continuation begins
        assembly ("memory-safe") {
            let head := calldataload(start)
            token := shr(96, shl(8, head))
            at := add(start, 21)
            if and(byte(0, head), 1) {
                token := shr(96, calldataload(at))
                at := add(at, 20)
            }
            cap := calldataload(at)
            amount := shr(128, cap)
            cap := shr(128, shl(128, cap))
            at := add(at, 32)
        }
    }

    /// @dev Runs the continuation that begins at `at` in the data of an accepted callback, with the borrowed amount as `last`.
    function _runLoan(uint256 start, uint256 length, uint256 at, uint256 amount) internal {
        address settlement = Read.addr(Read.skip(start, 1));
        uint256 end = Read.skip(start, length);
        if (at != end) _runSteps(at, end, settlement, amount, 0);
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
}
