// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

import {Frame} from "./Frame.sol";
import {Payments} from "./Payments.sol";
import {PlanFormat as Plan} from "./PlanFormat.sol";
import {PlanReader as Read} from "./PlanReader.sol";
import {Settle} from "./Settle.sol";

/// @notice What lenders share: a loan step is the amount, the most that may be repaid, and the continuation that uses the money.
abstract contract Lending is Settle {
    /// @notice This lender was given no address at deployment: it does not exist on this chain.
    error LenderUnavailable(uint256 opcode);

    /// @dev Reads a loan step. `data` is what the lender must hand back: settlement token, repayment cap, continuation.
    function _readLoan(Frame memory frame, address lender) internal pure returns (uint256 amount, bytes memory data) {
        if (lender == address(0)) revert LenderUnavailable(Read.u8(frame.cursor));
        uint256 amountAt = Read.skip(frame.cursor, 1);
        uint256 capAt = Read.skip(amountAt, Plan.AMOUNT_BYTES);
        uint256 lengthAt = Read.skip(capAt, Plan.AMOUNT_BYTES);
        uint256 start = Read.skip(lengthAt, Plan.LENGTH_BYTES);
        uint256 end = Read.skip(start, Read.u16(lengthAt));
        amount = Read.u128(amountAt);
        Read.requireWithin(end, frame.end);
        frame.cursor = end;
        data = abi.encodePacked(frame.settlement, uint128(Read.u128(capAt)), msg.data[start:end]);
    }

    /// @dev Runs the continuation with the borrowed amount as `last`, then checks the repayment against its cap.
    function _runLoan(bytes calldata data, uint256 amount, uint256 repayment) internal returns (address settlement) {
        Frame memory frame = _continuation(data, 0, Plan.ADDRESS_BYTES + Plan.AMOUNT_BYTES);
        uint256 cap = Read.u128(frame.cursor - Plan.AMOUNT_BYTES);
        frame.last = amount;
        _run(frame);
        settlement = frame.settlement;
        if (repayment > cap) revert Payments.PaymentOverCap(settlement, repayment, cap);
    }
}
