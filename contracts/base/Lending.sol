// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

import {Frame, FrameAccess} from "./Frame.sol";
import {Memory} from "./Memory.sol";
import {Payments} from "./Payments.sol";
import {PlanFormat as Plan} from "./PlanFormat.sol";
import {PlanReader as Read} from "./PlanReader.sol";
import {Settle} from "./Settle.sol";

/// @notice What lenders share: a loan step is the amount, the most that may be repaid, and the continuation that uses the money.
/// @dev The data that a lender hands back is the step's own bytes without pool and length: the flags; then, put in by the router, the
/// settlement token; then the borrowed token where it is not the settlement token, the amount, the cap, and the continuation. It is
/// written once, at the place in memory where the lender's call carries it.
abstract contract Lending is Settle {
    /// @notice This chain lacks the lender or the venue: the router was given no address of it at deployment.
    error LenderUnavailable(uint256 opcode);

    /// Stands where a loan has its flags: the data holds a settlement token and a continuation, and nothing is borrowed.
    uint256 internal constant _NO_LOAN = 0x02;
    /// How many variants the loan of a pool has: either token, three names of callbacks.
    uint256 internal constant _POOL_VARIANTS = 6;

    uint256 private constant _DATA_HEAD_BYTES = 1 + Plan.ADDRESS_BYTES;
    uint256 private constant _AMOUNTS_BYTES = 2 * Plan.AMOUNT_BYTES;

    /// @dev What a loan step says. `pool` is zero but for loans of pools. The lender's call starts at `callAt` in memory, its data stands
    /// from `dataAt` to `dataEnd`, behind its length.
    struct Loan {
        address token;
        address pool;
        uint256 variant;
        uint256 amount;
        uint256 callAt;
        uint256 dataAt;
        uint256 dataEnd;
    }

    /// @dev What an accepted callback says: the frame for its continuation, what was lent and how much of it may be repaid.
    struct Borrowed {
        Frame frame;
        address token;
        uint256 variant;
        uint256 amount;
        uint256 cap;
    }

    /// @dev Reads the loan step at the frame's cursor and writes its data `offset` bytes behind the free memory pointer, where nothing
    /// may be allocated before the lender is called. `variants` says how many the lender has, `ofPool` that the step names the pool.
    function _readLoan(Frame frame, uint256 offset, uint256 variants, bool ofPool) internal view returns (Loan memory loan) {
        uint256 at = frame.cursor();
        uint256 flags = Read.u8(Read.skip(at, 1));
        loan.variant = flags >> Plan.LOAN_VARIANT_SHIFT;
        if (flags & ~(Plan.LOAN_TRACKED | Plan.LOAN_VARIANT_MASK) != 0 || loan.variant >= variants) {
            revert Read.UnknownStep(Read.u8(at), flags);
        }
        at = Read.skip(at, 2);
        if (ofPool) {
            loan.pool = Read.addr(at);
            at = Read.skip(at, Plan.ADDRESS_BYTES);
        }
        uint256 fieldsAt = at;
        loan.token = frame.settlement();
        if (flags & Plan.LOAN_TRACKED != 0) {
            loan.token = Read.addr(at);
            _requireTracked(loan.token);
            at = Read.skip(at, Plan.ADDRESS_BYTES);
        }
        loan.amount = Read.u128(at);
        at = Read.skip(at, _AMOUNTS_BYTES);
        loan.callAt = Memory.free();
        loan.dataAt = Read.skip(loan.callAt, offset);
        loan.dataEnd = _writeData(frame, flags, fieldsAt, at, loan.dataAt);
    }

    /// @dev Writes flags, settlement token, the calldata from `fieldsAt` to `lengthAt`, and the continuation whose length stands there;
    /// moves the frame behind it.
    function _writeData(Frame frame, uint256 flags, uint256 fieldsAt, uint256 lengthAt, uint256 dataAt)
        internal
        pure
        returns (uint256 dataEnd)
    {
        uint256 length = Read.u16(lengthAt);
        uint256 start = Read.skip(lengthAt, Plan.LENGTH_BYTES);
        uint256 end = Read.skip(start, length);
        Read.requireWithin(end, frame.end());
        frame.setCursor(end);
        Memory.putByte(dataAt, flags);
        Memory.putAddress(Read.skip(dataAt, 1), frame.settlement());
        dataEnd = Read.skip(dataAt, _DATA_HEAD_BYTES);
        unchecked {
            uint256 fields = lengthAt - fieldsAt;
            Memory.putCalldata(dataEnd, fieldsAt, fields);
            dataEnd = dataEnd + fields;
        }
        Memory.putCalldata(dataEnd, start, length);
        dataEnd = Read.skip(dataEnd, length);
        unchecked {
            Memory.put(dataAt - 0x20, dataEnd - dataAt);
        }
    }

    /// @dev Registers the callback with the data behind the length word in front of `dataAt`.
    function _expect(address lender, bytes4 callback, uint256 dataAt) internal {
        unchecked {
            _register(lender, callback, dataAt - 0x20);
        }
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

    /// @dev Registers the callback, then calls the lender with what was written for it.
    function _borrow(Loan memory loan, address lender, bytes4 callback) internal {
        _expect(lender, callback, loan.dataAt);
        _callLender(lender, loan.callAt, loan.dataEnd);
    }

    /// @dev Accepts a lender's callback, whose data parameter stands at calldata offset `parameterAt`.
    function _acceptLoan(uint256 parameterAt) internal returns (Borrowed memory) {
        (uint256 start, uint256 length) = Read.data(parameterAt);
        _consume(start, length);
        return _borrowed(start, length);
    }

    /// @dev Reads the data of an accepted callback, and opens the frame of its continuation with the borrowed amount as `last`.
    function _borrowed(uint256 start, uint256 length) internal pure returns (Borrowed memory borrowed) {
        address settlement = Read.addr(Read.skip(start, 1));
        borrowed.token = settlement;
        uint256 at = Read.skip(start, _DATA_HEAD_BYTES);
        uint256 flags = Read.u8(start);
        borrowed.variant = flags >> Plan.LOAN_VARIANT_SHIFT;
        if (flags & Plan.LOAN_TRACKED != 0) {
            borrowed.token = Read.addr(at);
            at = Read.skip(at, Plan.ADDRESS_BYTES);
        }
        uint256 amounts = Read.word(at);
        (borrowed.amount, borrowed.cap) = (amounts >> 128, uint128(amounts));
        at = Read.skip(at, _AMOUNTS_BYTES);
        borrowed.frame = FrameAccess.open(at, Read.skip(start, length), settlement, borrowed.amount, 0);
    }

    /// @dev The frame of data that carries a continuation and no loan.
    function _continuation(uint256 start, uint256 length, uint256 last) internal pure returns (Frame) {
        address settlement = Read.addr(Read.skip(start, 1));
        return FrameAccess.open(Read.skip(start, _DATA_HEAD_BYTES), Read.skip(start, length), settlement, last, 0);
    }

    function _requireUnderCap(Borrowed memory borrowed, uint256 repayment) internal pure {
        if (repayment > borrowed.cap) revert Payments.PaymentOverCap(borrowed.token, repayment, borrowed.cap);
    }

    /// @dev The lender at `lender` if this chain has it.
    function _available(address lender, uint256 opcode) internal pure returns (address) {
        if (lender == address(0)) revert LenderUnavailable(opcode);
        return lender;
    }

    /// @dev Word `index` of the lender's call, behind its selector.
    function _putWord(Loan memory loan, uint256 index, uint256 value) internal pure {
        unchecked {
            Memory.put(loan.callAt + 4 + (index << 5), value);
        }
    }

    /// @dev To be written before the words: it takes a whole word itself.
    function _putSelector(Loan memory loan, bytes4 selector) internal pure {
        Memory.put(loan.callAt, uint256(bytes32(selector)));
    }
}
