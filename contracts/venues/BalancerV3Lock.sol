// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

import {IBalancerV3Vault} from "../../interfaces/IBalancerV3Vault.sol";
import {Calls} from "../base/Calls.sol";
import {Constants} from "../base/Constants.sol";
import {Payments} from "../base/Payments.sol";

/// @notice The Balancer V3 Vault named at deployment: it keeps accounts while it is unlocked, and locks only when all of them are even.
/// @dev Its accounts are by token and not by caller: whoever gets a turn in between may claim what was just paid. So a payment counts
/// only if the Vault says that it credited all of it.
abstract contract BalancerV3Lock {
    /// @notice The Vault credited less than was paid: the token kept a part, or someone else claimed the payment.
    error PaymentNotCredited(address token, uint256 amount, uint256 credited);

    address internal immutable _balancerV3Vault;

    constructor(Constants memory constants) {
        _balancerV3Vault = constants.balancerV3Vault;
    }

    /// @dev Has the Vault pay `amount` to `to`, on account.
    function _sendFromVault(address vault, address token, address to, uint256 amount) internal {
        Calls.send(vault, IBalancerV3Vault.sendTo.selector, token, to, amount);
    }

    /// @dev Pays `amount` onto the account.
    function _payToVault(address vault, address token, uint256 amount) internal {
        Payments.transfer(token, vault, amount);
        uint256 credited = Calls.send(vault, IBalancerV3Vault.settle.selector, token, amount);
        if (credited < amount) revert PaymentNotCredited(token, amount, credited);
    }
}
