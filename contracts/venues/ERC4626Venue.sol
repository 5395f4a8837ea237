// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

import {IERC4626} from "../../interfaces/IERC4626.sol";
import {Frame} from "../base/Frame.sol";
import {Hops} from "../base/Hops.sol";
import {Payments} from "../base/Payments.sol";
import {PlanFormat as Plan} from "../base/PlanFormat.sol";
import {PlanReader as Read} from "../base/PlanReader.sol";

/// @notice Vaults of ERC-4626: assets become shares and shares assets, at the vault's own price.
/// @dev What counts as output is what the receiver gained, whatever the vault says. The share is the vault's own token: a redemption
/// takes it off the router without an allowance, so it must be payable as any token that leaves.
abstract contract ERC4626Venue is Hops {
    /// @notice The vault took other than the shares that it was told to take: `balance` are left instead of `expected`.
    error SharesMissing(address vault, uint256 balance, uint256 expected);

    function _erc4626Deposit(Frame frame) internal {
        Hop memory hop = _readPulledHop(frame, 0, 0);
        address vault = hop.pool;
        uint256 shares = Payments.balanceOf(vault, address(this));
        uint256 balanceBefore = Payments.balanceOf(vault, hop.to);
        _callPulling(frame, hop, vault, abi.encodeCall(IERC4626.deposit, (hop.amount, hop.to)));
        uint256 sharesAfter = Payments.balanceOf(vault, address(this));
        // A contract that stakes its caller's own tokens at this selector is no vault.
        if (sharesAfter < shares) revert SharesMissing(vault, sharesAfter, shares);
        frame.setLast(_arrived(vault, hop.to, balanceBefore));
    }

    /// @dev Own field of the step: the asset.
    function _erc4626Redeem(Frame frame) internal {
        Hop memory hop = _readHead(frame, Plan.AMOUNT_LAST | Plan.RECIPIENT_MASK, 0);
        _readTail(frame, hop, Read.skip(hop.fieldsAt, Plan.ADDRESS_BYTES));
        (address vault, address asset) = (hop.pool, Read.addr(hop.fieldsAt));
        _requirePayable(frame, vault);
        uint256 sharesLeft = Payments.balanceOf(vault, address(this)) - hop.amount;
        uint256 balanceBefore = Payments.balanceOf(asset, hop.to);
        _call(vault, 0, abi.encodeCall(IERC4626.redeem, (hop.amount, hop.to, address(this))));
        uint256 sharesAfter = Payments.balanceOf(vault, address(this));
        // Shares that are another contract's tokens would leave unseen.
        if (sharesAfter != sharesLeft) revert SharesMissing(vault, sharesAfter, sharesLeft);
        frame.setLast(_arrived(asset, hop.to, balanceBefore));
    }
}
