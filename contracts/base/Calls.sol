// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

import {Payments} from "./Payments.sol";

/// @notice Calls of functions that take up to three words and give at most one.
/// @dev Not checked here: that the target has code. Only contracts named at deployment are called.
library Calls {
    /// @dev Calls `target` with `selector`, the first `words` of three words, and `value` wei; returns the first word of the answer, or
    /// zero where there is none.
    function send(address target, uint256 value, bytes4 selector, uint256 words, uint256 first, uint256 second, uint256 third)
        internal
        returns (uint256 answer)
    {
        bool ok;
        // (ok, answer) = target.call{value: value}(abi.encodeWithSelector(selector, first, second, third)[:4 + 32 * words])
        assembly ("memory-safe") {
            let free := mload(0x40)
            mstore(free, selector)
            mstore(add(free, 0x04), first)
            mstore(add(free, 0x24), second)
            mstore(add(free, 0x44), third)
            ok := call(gas(), target, value, free, add(0x04, shl(5, words)), 0x00, 0x20)
            answer := mul(mload(0x00), gt(returndatasize(), 0x1f))
        }
        if (!ok) Payments.revertWithReason(target);
    }

    function send(address target, bytes4 selector, address first) internal {
        send(target, 0, selector, 1, uint160(first), 0, 0);
    }

    function send(address target, bytes4 selector, address first, uint256 second) internal returns (uint256) {
        return send(target, 0, selector, 2, uint160(first), second, 0);
    }

    function send(address target, bytes4 selector, address first, address second, uint256 third) internal {
        send(target, 0, selector, 3, uint160(first), uint160(second), third);
    }
}
