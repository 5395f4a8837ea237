// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

import {IERC3156FlashBorrower, IERC3156FlashLender} from "../../interfaces/IERC3156.sol";
import {Constants} from "../base/Constants.sol";
import {Frame} from "../base/Frame.sol";
import {Lending} from "../base/Lending.sol";
import {Payments} from "../base/Payments.sol";
import {PlanFormat as Plan} from "../base/PlanFormat.sol";
import {PlanReader as Read} from "../base/PlanReader.sol";

/// @notice Borrows from a lender of the ERC-3156 shape named at deployment (Maker's flash module), which pulls loan and fee.
/// @dev Anybody can make such a lender lend to the router: the initiator must be the router itself. The allowance is exact, and the
/// call reverts unless all of it was spent.
abstract contract ERC3156Lender is Lending {
    /// @notice The lender says that another account asked for the loan, or lends another token.
    error NotInitiator(address initiator, address token);

    /// Selector, four words, the data's length.
    uint256 private constant _DATA_AT = 0xa4;
    /// What the standard demands as an answer.
    bytes32 private constant _ACCEPTED = keccak256("ERC3156FlashBorrower.onFlashLoan");

    address private immutable _erc3156Lender;

    constructor(Constants memory constants) {
        _erc3156Lender = constants.erc3156Lender;
    }

    function _erc3156Loan(Frame frame) internal {
        address lender = _available(_erc3156Lender, Plan.ERC3156_LOAN);
        Loan memory loan = _readLoan(frame, _DATA_AT, 1, false);
        // flashLoan(address receiver, address token, uint256 amount, bytes data)
        _putSelector(loan, IERC3156FlashLender.flashLoan.selector);
        _putWord(loan, 0, uint160(address(this)));
        _putWord(loan, 1, uint160(loan.token));
        _putWord(loan, 2, loan.amount);
        _putWord(loan, 3, 0x80);
        _borrow(loan, lender, IERC3156FlashBorrower.onFlashLoan.selector);
        _requirePulled(loan.token, lender);
    }

    /// @dev onFlashLoan(address initiator, address token, uint256 amount, uint256 fee, bytes data) returns (bytes32)
    function _onERC3156Loan() internal returns (uint256) {
        (address initiator, address token) = (address(uint160(Read.word(4))), address(uint160(Read.word(36))));
        uint256 repayment = Read.word(68) + Read.word(100);
        Borrowed memory borrowed = _acceptLoan(132);
        if (initiator != address(this) || token != borrowed.token) revert NotInitiator(initiator, token);
        _run(borrowed.frame);
        _requireUnderCap(borrowed, repayment);
        Payments.approve(borrowed.token, msg.sender, repayment);
        return uint256(_ACCEPTED);
    }
}
