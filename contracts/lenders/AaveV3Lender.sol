// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

import {IAaveV3Pool, IFlashLoanSimpleReceiver} from "../../interfaces/IAaveV3Pool.sol";
import {IERC20} from "../../interfaces/IERC20.sol";
import {Frame} from "../base/Frame.sol";
import {Lending} from "../base/Lending.sol";
import {Payments} from "../base/Payments.sol";

/// @notice Borrows the settlement token from the Aave V3 pool named at deployment; the pool pulls the repayment.
/// @dev The allowance is exact, and the call reverts unless the pool has spent all of it: none is left standing.
abstract contract AaveV3Lender is Lending, IFlashLoanSimpleReceiver {
    /// @notice The loan was not started by this router.
    error LoanNotOurs(address initiator, address asset);
    /// @notice The lender returned without having pulled all that it was allowed to.
    error AllowanceLeft(address token, address spender, uint256 amount);

    address public immutable aaveV3Pool;

    constructor(address pool) {
        aaveV3Pool = pool;
    }

    function _aaveV3Loan(Frame memory frame) internal {
        (uint256 amount, bytes memory data) = _readLoan(frame, aaveV3Pool);
        _callRegistered(
            aaveV3Pool,
            IFlashLoanSimpleReceiver.executeOperation.selector,
            data,
            abi.encodeCall(IAaveV3Pool.flashLoanSimple, (address(this), frame.settlement, amount, data, 0))
        );
        uint256 left = IERC20(frame.settlement).allowance(address(this), aaveV3Pool);
        if (left != 0) revert AllowanceLeft(frame.settlement, aaveV3Pool, left);
    }

    /// @notice The callback of a loan that this router's own running plan asked for; anyone else is refused.
    function executeOperation(address asset, uint256 amount, uint256 premium, address initiator, bytes calldata params)
        external
        returns (bool)
    {
        _consume(params);
        address settlement = _runLoan(params, amount, amount + premium);
        if (initiator != address(this) || asset != settlement) revert LoanNotOurs(initiator, asset);
        Payments.approve(settlement, msg.sender, amount + premium);
        return true;
    }
}
