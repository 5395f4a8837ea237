// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

import {IBalancerV2Vault, IFlashLoanRecipient} from "../../interfaces/IBalancerV2Vault.sol";
import {Constants} from "../base/Constants.sol";
import {Frame} from "../base/Frame.sol";
import {Lending} from "../base/Lending.sol";
import {Payments} from "../base/Payments.sol";
import {PlanFormat as Plan} from "../base/PlanFormat.sol";
import {PlanReader as Read} from "../base/PlanReader.sol";

/// @notice Borrows from the Balancer V2 Vault named at deployment; the router pushes the repayment.
/// @dev The Vault names no initiator: that the loan is ours follows from the registration alone.
abstract contract BalancerV2Lender is Lending {
    /// Selector, four words, two lists of one, the data's length.
    uint256 private constant _DATA_AT = 0x124;

    address private immutable _balancerV2Vault;

    constructor(Constants memory constants) {
        _balancerV2Vault = constants.balancerV2Vault;
    }

    function _balancerV2Loan(Frame frame) internal {
        address vault = _available(_balancerV2Vault, Plan.BALANCER_V2_LOAN);
        Loan memory loan = _readLoan(frame, _DATA_AT, 1, false);
        // flashLoan(address recipient, address[] tokens, uint256[] amounts, bytes userData): the offsets, then two lists of one
        _putSelector(loan, IBalancerV2Vault.flashLoan.selector);
        _putWord(loan, 0, uint160(address(this)));
        _putWord(loan, 1, 0x80);
        _putWord(loan, 2, 0xc0);
        _putWord(loan, 3, 0x100);
        _putWord(loan, 4, 1);
        _putWord(loan, 5, uint160(loan.token));
        _putWord(loan, 6, 1);
        _putWord(loan, 7, loan.amount);
        _borrow(loan, vault, IFlashLoanRecipient.receiveFlashLoan.selector);
    }

    /// @dev receiveFlashLoan(address[] tokens, uint256[] amounts, uint256[] feeAmounts, bytes userData)
    function _onBalancerV2Loan() internal {
        // The fees' offset is the third word; their first stands behind their count.
        uint256 fee = Read.word(Read.skip(Read.word(68), 36));
        Borrowed memory borrowed = _acceptLoan(100);
        _run(borrowed.frame);
        uint256 repayment = borrowed.amount + fee;
        _requireUnderCap(borrowed, repayment);
        Payments.transfer(borrowed.token, msg.sender, repayment);
    }
}
