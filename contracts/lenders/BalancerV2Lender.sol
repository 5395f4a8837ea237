// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

import {IBalancerV2Vault, IFlashLoanRecipient} from "../../interfaces/IBalancerV2Vault.sol";
import {Constants} from "../base/Constants.sol";
import {Lending} from "../base/Lending.sol";
import {Memory} from "../base/Memory.sol";
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

    function _balancerV2Loan(uint256 cursor, address settlement) internal returns (uint256 next) {
        address vault = _available(_balancerV2Vault, Plan.BALANCER_V2_LOAN);
        uint256 callAt = Memory.free();
        uint256 dataAt = Read.skip(callAt, _DATA_AT);
        address token;
        uint256 amount;
        uint256 dataEnd;
        (, token, amount, dataEnd, next) = _readLoan(cursor, settlement, _PLAIN_FLAGS, dataAt);
        // flashLoan(address recipient, address[] tokens, uint256[] amounts, bytes userData): the offsets, then two lists of one
        Memory.putSelector(callAt, IBalancerV2Vault.flashLoan.selector);
        Memory.put(Read.skip(callAt, 0x04), uint160(address(this)));
        Memory.put(Read.skip(callAt, 0x24), 0x80);
        Memory.put(Read.skip(callAt, 0x44), 0xc0);
        Memory.put(Read.skip(callAt, 0x64), 0x100);
        Memory.put(Read.skip(callAt, 0x84), 1);
        Memory.put(Read.skip(callAt, 0xa4), uint160(token));
        Memory.put(Read.skip(callAt, 0xc4), 1);
        Memory.put(Read.skip(callAt, 0xe4), amount);
        _borrow(vault, IFlashLoanRecipient.receiveFlashLoan.selector, callAt, dataAt, dataEnd);
    }

    /// @dev receiveFlashLoan(address[] tokens, uint256[] amounts, uint256[] feeAmounts, bytes userData)
    function _onBalancerV2Loan() internal {
        (uint256 start, uint256 length) = _acceptLoan(100);
        (address token, uint256 amount, uint256 cap, uint256 at) = _borrowed(start);
        // The fees' offset is the third word; their first stands behind their count.
        uint256 repayment = _plus(amount, Read.word(Read.skip(Read.word(68), 36)));
        _requireUnderCap(token, repayment, cap);
        _runLoan(start, length, at, amount);
        Payments.transfer(token, msg.sender, repayment);
    }
}
