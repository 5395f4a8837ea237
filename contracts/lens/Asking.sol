// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

/// @notice Asks contracts for words, where their answers differ in length from one fork of a protocol to the next.
library Asking {
    /// @notice The target did not answer, or with fewer words than asked.
    error NoAnswer(address target, bytes4 selector);

    /// @dev The first two words of the answer to `selector(argument)`; a function without arguments ignores the one it gets.
    function two(address target, bytes4 selector, uint256 argument) internal view returns (uint256 first, uint256 second) {
        bool answered;
        // (first, second) = abi.decode(target.staticcall(abi.encodeWithSelector(selector, argument)), (uint256, uint256))
        assembly ("memory-safe") {
            mstore(0x00, selector)
            mstore(0x04, argument)
            answered := and(gt(returndatasize(), 0x3f), staticcall(gas(), target, 0x00, 0x24, 0x00, 0x40))
            first := mload(0x00)
            second := mload(0x20)
        }
        if (!answered) revert NoAnswer(target, selector);
    }

    /// @dev The first word of the answer to `selector(argument)`.
    function one(address target, bytes4 selector, uint256 argument) internal view returns (uint256 first) {
        bool answered;
        (answered, first) = tryOne(target, selector, argument);
        if (!answered) revert NoAnswer(target, selector);
    }

    /// @dev As `one`; false where there is no such answer.
    function tryOne(address target, bytes4 selector, uint256 argument) internal view returns (bool answered, uint256 first) {
        // first = abi.decode(target.staticcall(abi.encodeWithSelector(selector, argument)), (uint256))
        assembly ("memory-safe") {
            mstore(0x00, selector)
            mstore(0x04, argument)
            answered := and(gt(returndatasize(), 0x1f), staticcall(gas(), target, 0x00, 0x24, 0x00, 0x20))
            first := mload(0x00)
        }
    }

    /// @dev The whole answer to a function without arguments; nothing where there is none.
    function all(address target, bytes4 selector) internal view returns (bytes memory answer) {
        bool answered;
        (answered, answer) = target.staticcall(abi.encodeWithSelector(selector));
        if (!answered) return "";
    }
}
