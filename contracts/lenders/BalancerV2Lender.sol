// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

import {IBalancerV2Vault, IFlashLoanRecipient} from "../../interfaces/IBalancerV2Vault.sol";
import {Constants} from "../base/Constants.sol";
import {Frame} from "../base/Frame.sol";
import {Lending} from "../base/Lending.sol";
import {Payments} from "../base/Payments.sol";
import {PlanFormat as Plan} from "../base/PlanFormat.sol";

/// @notice Borrows from the Balancer V2 Vault named at deployment; the router pushes the repayment.
/// @dev The Vault names no initiator: that the loan is ours follows from the registration alone.
abstract contract BalancerV2Lender is Lending {
    address private immutable _balancerV2Vault;

    constructor(Constants memory constants) {
        _balancerV2Vault = constants.balancerV2Vault;
    }

    function _balancerV2Loan(Frame frame) internal {
        Loan memory loan = _readLoan(frame, false);
        address[] memory tokens = new address[](1);
        uint256[] memory amounts = new uint256[](1);
        (tokens[0], amounts[0]) = (loan.token, loan.amount);
        _callRegistered(
            _available(_balancerV2Vault, Plan.BALANCER_V2_LOAN),
            IFlashLoanRecipient.receiveFlashLoan.selector,
            loan.data,
            abi.encodeCall(IBalancerV2Vault.flashLoan, (address(this), tokens, amounts, loan.data))
        );
    }

    /// @dev receiveFlashLoan(address[] tokens, uint256[] amounts, uint256[] feeAmounts, bytes userData)
    function _onBalancerV2Loan() internal {
        (, uint256[] memory amounts, uint256[] memory fees) = abi.decode(msg.data[4:], (address[], uint256[], uint256[]));
        Borrowed memory borrowed = _acceptLoan(100, amounts[0]);
        _run(borrowed.frame);
        uint256 repayment = amounts[0] + fees[0];
        _requireUnderCap(borrowed, repayment);
        Payments.transfer(borrowed.token, msg.sender, repayment);
    }
}
