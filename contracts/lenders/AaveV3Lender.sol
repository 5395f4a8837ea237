// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

import {IAaveV3Pool, IFlashLoanSimpleReceiver} from "../../interfaces/IAaveV3Pool.sol";
import {Constants} from "../base/Constants.sol";
import {Frame} from "../base/Frame.sol";
import {Lending} from "../base/Lending.sol";
import {Payments} from "../base/Payments.sol";
import {PlanFormat as Plan} from "../base/PlanFormat.sol";
import {PlanReader as Read} from "../base/PlanReader.sol";

/// @notice Borrows from a market of the Aave V3 shape named at deployment (Aave, Spark); the pool pulls the repayment.
/// @dev The allowance is exact, and the call reverts unless the pool has spent all of it: none is left standing.
abstract contract AaveV3Lender is Lending {
    /// @notice The loan was not started by this router.
    error LoanNotOurs(address initiator, address asset);

    /// Selector, five words, the data's length.
    uint256 private constant _DATA_AT = 0xc4;

    address private immutable _aaveV3Pool;
    address private immutable _sparkPool;

    constructor(Constants memory constants) {
        (_aaveV3Pool, _sparkPool) = (constants.aaveV3Pool, constants.sparkPool);
    }

    function _aaveV3Loan(Frame frame) internal {
        Loan memory loan = _readLoan(frame, _DATA_AT, Plan.AAVE_V3_MARKET_SPARK + 1, false);
        address pool = _available(loan.variant == Plan.AAVE_V3_MARKET_AAVE ? _aaveV3Pool : _sparkPool, Plan.AAVE_V3_LOAN);
        // flashLoanSimple(address receiver, address asset, uint256 amount, bytes params, uint16 referralCode)
        _putSelector(loan, IAaveV3Pool.flashLoanSimple.selector);
        _putWord(loan, 0, uint160(address(this)));
        _putWord(loan, 1, uint160(loan.token));
        _putWord(loan, 2, loan.amount);
        _putWord(loan, 3, 0xa0);
        _putWord(loan, 4, 0);
        _borrow(loan, pool, IFlashLoanSimpleReceiver.executeOperation.selector);
        _requirePulled(loan.token, pool);
    }

    /// @dev executeOperation(address asset, uint256 amount, uint256 premium, address initiator, bytes params) returns (bool)
    function _onAaveV3Loan() internal returns (uint256) {
        (address asset, uint256 amount, address initiator) = (address(uint160(Read.word(4))), Read.word(36), address(uint160(Read.word(100))));
        uint256 repayment = amount + Read.word(68);
        Borrowed memory borrowed = _acceptLoan(132);
        if (initiator != address(this) || asset != borrowed.token) revert LoanNotOurs(initiator, asset);
        _run(borrowed.frame);
        _requireUnderCap(borrowed, repayment);
        Payments.approve(borrowed.token, msg.sender, repayment);
        return 1;
    }
}
