// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

import {IMorphoBlue, IMorphoFlashLoanCallback} from "../../interfaces/IMorphoBlue.sol";
import {Constants} from "../base/Constants.sol";
import {Frame} from "../base/Frame.sol";
import {Lending} from "../base/Lending.sol";
import {Payments} from "../base/Payments.sol";
import {PlanFormat as Plan} from "../base/PlanFormat.sol";

/// @notice Borrows from Morpho Blue, which lends its whole balance of a token for nothing and pulls it back.
/// @dev The allowance is exact, and the call reverts unless all of it was spent. Morpho calls back whoever called it, nobody else.
abstract contract MorphoBlueLender is Lending {
    /// Selector, three words, the data's length.
    uint256 private constant _DATA_AT = 0x84;

    address private immutable _morphoBlue;

    constructor(Constants memory constants) {
        _morphoBlue = constants.morphoBlue;
    }

    function _morphoBlueLoan(Frame frame) internal {
        address morpho = _available(_morphoBlue, Plan.MORPHO_BLUE_LOAN);
        Loan memory loan = _readLoan(frame, _DATA_AT, 1, false);
        // flashLoan(address token, uint256 assets, bytes data)
        _putSelector(loan, IMorphoBlue.flashLoan.selector);
        _putWord(loan, 0, uint160(loan.token));
        _putWord(loan, 1, loan.amount);
        _putWord(loan, 2, 0x60);
        _borrow(loan, morpho, IMorphoFlashLoanCallback.onMorphoFlashLoan.selector);
        _requirePulled(loan.token, morpho);
    }

    /// @dev onMorphoFlashLoan(uint256 assets, bytes data)
    function _onMorphoBlueLoan() internal {
        Borrowed memory borrowed = _acceptLoan(36);
        _run(borrowed.frame);
        _requireUnderCap(borrowed, borrowed.amount);
        Payments.approve(borrowed.token, msg.sender, borrowed.amount);
    }
}
