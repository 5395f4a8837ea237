// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

import {Frame, FrameAccess} from "./Frame.sol";
import {Payments} from "./Payments.sol";
import {PlanFormat as Plan} from "./PlanFormat.sol";
import {PlanReader as Read} from "./PlanReader.sol";
import {Settle} from "./Settle.sol";

/// @notice What lenders share: a loan step is the amount, the most that may be repaid, and the continuation that uses the money.
/// @dev The data that a lender hands back: the flags, the settlement token, the cap, the borrowed token where it is not the settlement
/// token, then the continuation.
abstract contract Lending is Settle {
    /// @notice This lender was given no address at deployment: it does not exist on this chain.
    error LenderUnavailable(uint256 opcode);

    /// @dev Where the fixed fields of the data end.
    uint256 private constant _DATA_BYTES = 1 + Plan.ADDRESS_BYTES + Plan.AMOUNT_BYTES;

    /// @dev What a loan step says. `pool` is zero but for loans of pools.
    struct Loan {
        address token;
        address pool;
        uint256 variant;
        uint256 amount;
        bytes data;
    }

    /// @dev A callback of a loan, read and accepted: the frame for its continuation, what may be repaid and in which token.
    struct Borrowed {
        Frame frame;
        address token;
        uint256 cap;
    }

    /// @dev Reads the loan step at the frame's cursor; `ofPool` says that the step names the pool that lends.
    function _readLoan(Frame frame, bool ofPool) internal view returns (Loan memory loan) {
        uint256 at = frame.cursor();
        uint256 flags = Read.u8(Read.skip(at, 1));
        if (flags & ~(Plan.LOAN_TRACKED | Plan.LOAN_VARIANT_MASK) != 0) revert Read.UnknownStep(Read.u8(at), flags);
        loan.variant = flags >> Plan.LOAN_VARIANT_SHIFT;
        at = Read.skip(at, 2);
        if (ofPool) {
            loan.pool = Read.addr(at);
            at = Read.skip(at, Plan.ADDRESS_BYTES);
        }
        bool tracked = flags & Plan.LOAN_TRACKED != 0;
        loan.token = frame.settlement();
        if (tracked) {
            loan.token = Read.addr(at);
            _requireTracked(loan.token);
            at = Read.skip(at, Plan.ADDRESS_BYTES);
        }
        loan.amount = Read.u128(at);
        uint256 cap = Read.u128(Read.skip(at, Plan.AMOUNT_BYTES));
        at = Read.skip(at, 2 * Plan.AMOUNT_BYTES);
        uint256 start = Read.skip(at, Plan.LENGTH_BYTES);
        uint256 end = Read.skip(start, Read.u16(at));
        Read.requireWithin(end, frame.end());
        frame.setCursor(end);
        bytes memory token = tracked ? abi.encodePacked(loan.token) : bytes("");
        loan.data = abi.encodePacked(uint8(flags), frame.settlement(), uint128(cap), token, msg.data[start:end]);
    }

    /// @dev Accepts a lender's callback, whose data parameter stands at calldata offset `parameterAt`, and opens the frame of its
    /// continuation with the borrowed amount as `last`.
    function _acceptLoan(uint256 parameterAt, uint256 amount) internal returns (Borrowed memory borrowed) {
        (uint256 start, uint256 length) = Read.data(parameterAt);
        _consume(start, length);
        address settlement = Read.addr(Read.skip(start, 1));
        borrowed.cap = Read.u128(Read.skip(start, 1 + Plan.ADDRESS_BYTES));
        borrowed.token = settlement;
        uint256 at = Read.skip(start, _DATA_BYTES);
        if (Read.u8(start) & Plan.LOAN_TRACKED != 0) {
            borrowed.token = Read.addr(at);
            at = Read.skip(at, Plan.ADDRESS_BYTES);
        }
        borrowed.frame = FrameAccess.open(at, Read.skip(start, length), settlement, amount, 0);
    }

    function _requireUnderCap(Borrowed memory borrowed, uint256 repayment) internal pure {
        if (repayment > borrowed.cap) revert Payments.PaymentOverCap(borrowed.token, repayment, borrowed.cap);
    }

    /// @dev The lender at `lender` if this chain has it.
    function _available(address lender, uint256 opcode) internal pure returns (address) {
        if (lender == address(0)) revert LenderUnavailable(opcode);
        return lender;
    }
}
