// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

import {
    IAlgebraFlashCallback,
    IPancakeV3FlashCallback,
    IUniswapV3FlashPool,
    IUniswapV3FlashCallback
} from "../../interfaces/IUniswapV3FlashPool.sol";
import {Lending} from "../base/Lending.sol";
import {Memory} from "../base/Memory.sol";
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

    function _uniswapV3Loan(uint256 cursor, address settlement) internal returns (uint256 next) {
        uint256 callAt = Memory.free();
        uint256 dataAt = Read.skip(callAt, _DATA_AT);
        uint256 variant;
        address pool;
        uint256 amount;
        uint256 dataEnd;
        (variant, pool, amount, dataEnd, next) = _readPoolLoan(cursor, settlement, dataAt);
        bool ofToken1 = variant & Plan.POOL_LOAN_TOKEN1 != 0;
        // flash(address recipient, uint256 amount0, uint256 amount1, bytes data)
        Memory.putSelector(callAt, IUniswapV3FlashPool.flash.selector);
        Memory.put(Read.skip(callAt, 0x04), uint160(address(this)));
        Memory.put(Read.skip(callAt, 0x24), ofToken1 ? 0 : amount);
        Memory.put(Read.skip(callAt, 0x44), ofToken1 ? amount : 0);
        Memory.put(Read.skip(callAt, 0x64), 0x80);
        uint256 kind = variant >> Plan.POOL_LOAN_CALLBACK_SHIFT;
        _borrow(pool, bytes4(uint32(_CALLBACKS >> (kind << 5))), callAt, dataAt, dataEnd);
    }

    /// @dev uniswapV3FlashCallback(uint256 fee0, uint256 fee1, bytes data), and the same under the forks' names. Only the fee of the
    /// borrowed token is owed: of the other nothing was lent.
    function _onUniswapV3Loan() internal {
        (uint256 start, uint256 length) = Read.data(68);
        _consume(start, length);
        (address token, uint256 amount, uint256 cap, uint256 at) = _borrowed(start);
        uint256 ofToken1 = (Read.u8(start) >> Plan.LOAN_VARIANT_SHIFT) & Plan.POOL_LOAN_TOKEN1;
        uint256 repayment = _plus(amount, Read.word(ofToken1 == 0 ? 4 : 36));
        _requireUnderCap(token, repayment, cap);
        _runLoan(start, length, at, amount);
        Payments.transfer(token, msg.sender, repayment);
    }
}
