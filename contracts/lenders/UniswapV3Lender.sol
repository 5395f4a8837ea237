// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

import {
    IAlgebraFlashCallback,
    IPancakeV3FlashCallback,
    IUniswapV3FlashPool,
    IUniswapV3FlashCallback
} from "../../interfaces/IUniswapV3FlashPool.sol";
import {Frame} from "../base/Frame.sol";
import {Lending} from "../base/Lending.sol";
import {Payments} from "../base/Payments.sol";
import {PlanFormat as Plan} from "../base/PlanFormat.sol";
import {PlanReader as Read} from "../base/PlanReader.sol";

/// @notice Borrows from a pool of the Uniswap V3 shape, which stays locked meanwhile and takes its fee on top.
/// @dev The plan says which of the pool's two tokens is borrowed, and the token's address. Not checked here: that the pool is genuine
/// and holds that token. What a false one can ask for is capped, and the profit rule undoes the call unless the asked minimum is met.
abstract contract UniswapV3Lender is Lending {
    /// Selector, four words, the data's length.
    uint256 private constant _DATA_AT = 0xa4;
    /// The callbacks by their number in the plan, four bytes each from the lowest.
    uint256 private constant _CALLBACKS = (uint256(uint32(IAlgebraFlashCallback.algebraFlashCallback.selector)) << 64)
        | (uint256(uint32(IPancakeV3FlashCallback.pancakeV3FlashCallback.selector)) << 32)
        | uint256(uint32(IUniswapV3FlashCallback.uniswapV3FlashCallback.selector));

    function _uniswapV3Loan(Frame frame) internal {
        Loan memory loan = _readLoan(frame, _DATA_AT, _POOL_VARIANTS, true);
        bool ofToken1 = loan.variant & Plan.POOL_LOAN_TOKEN1 != 0;
        // flash(address recipient, uint256 amount0, uint256 amount1, bytes data)
        _putSelector(loan, IUniswapV3FlashPool.flash.selector);
        _putWord(loan, 0, uint160(address(this)));
        _putWord(loan, 1, ofToken1 ? 0 : loan.amount);
        _putWord(loan, 2, ofToken1 ? loan.amount : 0);
        _putWord(loan, 3, 0x80);
        uint256 kind = loan.variant >> Plan.POOL_LOAN_CALLBACK_SHIFT;
        _borrow(loan, loan.pool, bytes4(uint32(_CALLBACKS >> (kind << 5))));
    }

    /// @dev uniswapV3FlashCallback(uint256 fee0, uint256 fee1, bytes data), and the same under the forks' names. Only the fee of the
    /// borrowed token is owed: of the other nothing was lent.
    function _onUniswapV3Loan() internal {
        Borrowed memory borrowed = _acceptLoan(68);
        uint256 repayment = borrowed.amount + Read.word(borrowed.variant & Plan.POOL_LOAN_TOKEN1 == 0 ? 4 : 36);
        _run(borrowed.frame);
        _requireUnderCap(borrowed, repayment);
        Payments.transfer(borrowed.token, msg.sender, repayment);
    }
}
