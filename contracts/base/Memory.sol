// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

/// @notice Writes call data piece by piece behind the free memory pointer, without moving the pointer.
/// @dev What stands there lasts until the next allocation: nothing may be allocated between the first piece and the call.
library Memory {
    function free() internal pure returns (uint256 at) {
        // at = the first byte that nothing owns
        assembly ("memory-safe") {
            at := mload(0x40)
        }
    }

    function put(uint256 at, uint256 value) internal pure {
        // memory[at:at + 32] = bytes32(value)
        assembly ("memory-safe") {
            mstore(at, value)
        }
    }

    /// @dev Writes 32 bytes of which the first four count.
    function putSelector(uint256 at, bytes4 selector) internal pure {
        // memory[at:at + 4] = selector
        assembly ("memory-safe") {
            mstore(at, selector)
        }
    }

    /// @dev Writes 32 bytes of which the first 20 count.
    function putAddress(uint256 at, address value) internal pure {
        // memory[at:at + 20] = bytes20(value)
        assembly ("memory-safe") {
            mstore(at, shl(96, value))
        }
    }

    function putCalldata(uint256 at, uint256 from, uint256 length) internal pure {
        // memory[at:at + length] = msg.data[from:from + length]
        assembly ("memory-safe") {
            calldatacopy(at, from, length)
        }
    }
}
