// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

import {IAaveV3Pool, IFlashLoanSimpleReceiver} from "../../interfaces/IAaveV3Pool.sol";
import {Constants} from "../base/Constants.sol";
import {Frame} from "../base/Frame.sol";
import {Lending} from "../base/Lending.sol";
import {Memory} from "../base/Memory.sol";
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
    uint256 private constant _SPARK = Plan.AAVE_V3_MARKET_SPARK << Plan.LOAN_VARIANT_SHIFT;

    address private immutable _aaveV3Pool;
    address private immutable _sparkPool;

    constructor(Constants memory constants) {
        (_aaveV3Pool, _sparkPool) = (constants.aaveV3Pool, constants.sparkPool);
    }

    function _aaveV3Loan(Frame frame) internal {
        uint256 callAt = Memory.free();
        uint256 dataAt = Read.skip(callAt, _DATA_AT);
        (uint256 flags, address token, uint256 amount, uint256 dataEnd) = _readLoan(frame, _PLAIN_FLAGS | _SPARK, dataAt);
        address pool = _available(flags & _SPARK == 0 ? _aaveV3Pool : _sparkPool, Plan.AAVE_V3_LOAN);
        // flashLoanSimple(address receiver, address asset, uint256 amount, bytes params, uint16 referralCode)
        Memory.putSelector(callAt, IAaveV3Pool.flashLoanSimple.selector);
        Memory.put(Read.skip(callAt, 0x04), uint160(address(this)));
        Memory.put(Read.skip(callAt, 0x24), uint160(token));
        Memory.put(Read.skip(callAt, 0x44), amount);
        Memory.put(Read.skip(callAt, 0x64), 0xa0);
        Memory.put(Read.skip(callAt, 0x84), 0);
        _borrow(pool, IFlashLoanSimpleReceiver.executeOperation.selector, callAt, dataAt, dataEnd);
        _requirePulled(token, pool);
    }

    /// @dev executeOperation(address asset, uint256 amount, uint256 premium, address initiator, bytes params) returns (bool)
    function _onAaveV3Loan() internal returns (uint256) {
        (address asset, address initiator) = (address(uint160(Read.word(4))), address(uint160(Read.word(100))));
        (uint256 start, uint256 length) = _acceptLoan(132);
        (address token, uint256 amount, uint256 cap) = _borrowed(start);
        if (initiator != address(this) || asset != token) revert LoanNotOurs(initiator, asset);
        uint256 repayment = _plus(amount, Read.word(68));
        _requireUnderCap(token, repayment, cap);
        _runLoan(start, length, amount);
        Payments.approve(token, msg.sender, repayment);
        return 1;
    }
}
