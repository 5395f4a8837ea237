// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

import {IERC20} from "../../interfaces/IERC20.sol";

/// @notice Moves tokens of any of the usual kinds: returning true, returning nothing. Returning false is a failure.
library Payments {
    /// @notice The token refused: it reverted, answered false, or has no code.
    error TokenCallFailed(address token, bytes4 selector, address to, uint256 amount);
    /// @notice The token does not tell a balance.
    error BalanceUnreadable(address token);
    /// @notice A callback or a lender asks for more than its registration allows.
    error PaymentOverCap(address token, uint256 asked, uint256 cap);
    /// @notice The receiver did not take the chain's own coin.
    error NativeTransferFailed(address to, uint256 amount);
    /// @notice A pool or lender reverted; `reason` is what it said.
    error CallFailed(address target, bytes reason);

    function transfer(address token, address to, uint256 amount) internal {
        _call(token, IERC20.transfer.selector, to, amount);
    }

    function approve(address token, address spender, uint256 amount) internal {
        _call(token, IERC20.approve.selector, spender, amount);
    }

    /// @dev What `spender` may still take from the router: all, if the token does not tell.
    function allowance(address token, address spender) internal view returns (uint256 amount) {
        bytes4 selector = IERC20.allowance.selector;
        bool ok;
        // (ok, amount) = token.staticcall(abi.encodeCall(IERC20.allowance, (address(this), spender))), with at least 32 bytes returned
        assembly ("memory-safe") {
            let free := mload(0x40)
            mstore(0x00, selector)
            mstore(0x04, address())
            mstore(0x24, shr(96, shl(96, spender)))
            ok := staticcall(gas(), token, 0x00, 0x44, 0x00, 0x20)
            ok := and(ok, gt(returndatasize(), 0x1f))
            amount := mload(0x00)
            mstore(0x40, free)
        }
        if (!ok) amount = type(uint256).max;
    }

    /// @dev Whether `spender` may still take anything from the router. A token that does not tell counts as one that lets it.
    function mayPull(address token, address spender) internal view returns (bool may) {
        bytes4 selector = IERC20.allowance.selector;
        // (ok, amount) = token.staticcall(abi.encodeCall(IERC20.allowance, (address(this), spender)));
        // may = !ok, or less than 32 bytes were returned, or amount != 0
        assembly ("memory-safe") {
            let free := mload(0x40)
            mstore(0x00, selector)
            mstore(0x04, address())
            mstore(0x24, shr(96, shl(96, spender)))
            // The call comes first: arguments are evaluated from the right.
            may := iszero(and(gt(returndatasize(), 0x1f), staticcall(gas(), token, 0x00, 0x44, 0x00, 0x20)))
            may := or(may, iszero(iszero(mload(0x00))))
            mstore(0x40, free)
        }
    }

    function balanceOf(address token, address account) internal view returns (uint256 amount) {
        bytes4 selector = IERC20.balanceOf.selector;
        bool ok;
        // (ok, amount) = token.staticcall(abi.encodeCall(IERC20.balanceOf, (account))), with at least 32 bytes returned
        assembly ("memory-safe") {
            mstore(0x00, selector)
            // The compiler promises nothing about an address's upper bits: they are cut off.
            mstore(0x04, shr(96, shl(96, account)))
            ok := staticcall(gas(), token, 0x00, 0x24, 0x00, 0x20)
            ok := and(ok, gt(returndatasize(), 0x1f))
            amount := mload(0x00)
        }
        if (!ok) revert BalanceUnreadable(token);
    }

    /// @dev Reverts with `reason` as it is.
    function rethrow(bytes memory reason) internal pure {
        // revert with the bytes of reason
        assembly ("memory-safe") {
            revert(add(reason, 0x20), mload(reason))
        }
    }

    /// @dev Reverts with what the failed call returned. To be called right after that call.
    function revertWithReason(address target) internal pure {
        bytes memory reason;
        // reason = returndata
        assembly ("memory-safe") {
            reason := mload(0x40)
            mstore(reason, returndatasize())
            returndatacopy(add(reason, 0x20), 0, returndatasize())
            mstore(0x40, add(reason, and(add(returndatasize(), 0x3f), not(0x1f))))
        }
        revert CallFailed(target, reason);
    }

    function _call(address token, bytes4 selector, address to, uint256 amount) private {
        bool ok;
        // (ok, answer) = token.call(abi.encodeWithSelector(selector, to, amount));
        // ok = ok && (answer.length == 0 ? token.code.length > 0 : abi.decode(answer, (uint256)) == 1)
        assembly ("memory-safe") {
            let free := mload(0x40)
            mstore(free, selector)
            mstore(add(free, 0x04), shr(96, shl(96, to)))
            mstore(add(free, 0x24), amount)
            ok := call(gas(), token, 0, free, 0x44, 0x00, 0x20)
            if iszero(and(ok, and(eq(mload(0x00), 1), gt(returndatasize(), 0x1f)))) {
                ok := and(ok, and(iszero(returndatasize()), gt(extcodesize(token), 0)))
            }
        }
        if (!ok) revert TokenCallFailed(token, selector, to, amount);
    }
}
