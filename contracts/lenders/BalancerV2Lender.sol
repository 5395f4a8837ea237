// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

import {IBalancerV2Vault, IFlashLoanRecipient} from "../../interfaces/IBalancerV2Vault.sol";
import {Frame} from "../base/Frame.sol";
import {Lending} from "../base/Lending.sol";
import {Payments} from "../base/Payments.sol";

/// @notice Borrows the settlement token from the Balancer V2 Vault named at deployment; the router pushes the repayment.
/// @dev The Vault names no initiator: that the loan is ours follows from the registration alone.
abstract contract BalancerV2Lender is Lending, IFlashLoanRecipient {
    address public immutable balancerV2Vault;

    constructor(address vault) {
        balancerV2Vault = vault;
    }

    function _balancerV2Loan(Frame memory frame) internal {
        (uint256 amount, bytes memory data) = _readLoan(frame, balancerV2Vault);
        address[] memory tokens = new address[](1);
        uint256[] memory amounts = new uint256[](1);
        (tokens[0], amounts[0]) = (frame.settlement, amount);
        _callRegistered(
            balancerV2Vault,
            IFlashLoanRecipient.receiveFlashLoan.selector,
            data,
            abi.encodeCall(IBalancerV2Vault.flashLoan, (address(this), tokens, amounts, data))
        );
    }

    /// @notice The callback of a loan that this router's own running plan asked for; anyone else is refused.
    function receiveFlashLoan(
        address[] calldata,
        uint256[] calldata amounts,
        uint256[] calldata feeAmounts,
        bytes calldata userData
    ) external {
        _consume(userData);
        uint256 repayment = amounts[0] + feeAmounts[0];
        address settlement = _runLoan(userData, amounts[0], repayment);
        Payments.transfer(settlement, msg.sender, repayment);
    }
}
