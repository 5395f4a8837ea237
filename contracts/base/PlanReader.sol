// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

/// @notice Reads packed integers out of calldata at byte offsets.
/// @dev Reads past the end of calldata give zeros: every step checks its own end against the frame's before it acts.
library PlanReader {
    /// @notice A step, or a field of it, reaches past the end of its frame.
    error PlanTruncated(uint256 needed, uint256 available);
    /// @notice No step has this opcode, or a step's flags ask for what does not exist.
    error UnknownStep(uint256 opcode, uint256 flags);

    function word(uint256 at) internal pure returns (uint256 value) {
        // value = uint256(bytes32(msg.data[at:at + 32]))
        assembly ("memory-safe") {
            value := calldataload(at)
        }
    }

    function u8(uint256 at) internal pure returns (uint256) {
        return word(at) >> 248;
    }

    function u16(uint256 at) internal pure returns (uint256) {
        return word(at) >> 240;
    }

    function u24(uint256 at) internal pure returns (uint256) {
        return word(at) >> 232;
    }

    function u32(uint256 at) internal pure returns (uint256) {
        return word(at) >> 224;
    }

    function u64(uint256 at) internal pure returns (uint256) {
        return word(at) >> 192;
    }

    function u96(uint256 at) internal pure returns (uint256) {
        return word(at) >> 160;
    }

    function u112(uint256 at) internal pure returns (uint256) {
        return word(at) >> 144;
    }

    function u128(uint256 at) internal pure returns (uint256) {
        return word(at) >> 128;
    }

    function addr(uint256 at) internal pure returns (address value) {
        // value = address(bytes20(msg.data[at:at + 20])), with clean upper bits
        assembly ("memory-safe") {
            value := shr(96, calldataload(at))
        }
    }

    /// @dev The pool of the step that starts at `at`: every pool step has it behind opcode, flags and one byte of its own.
    function poolAt(uint256 at) internal pure returns (address value) {
        // value = address(bytes20(msg.data[at + 3:at + 23])), with clean upper bits
        assembly ("memory-safe") {
            value := shr(96, calldataload(add(at, 3)))
        }
    }

    /// @dev The bytes parameter of a callback, whose offset word stands at `parameterAt`. Neither offset nor length is checked: a callback
    /// is accepted only if the bytes found there hash to what was registered, which is never all zeros.
    function data(uint256 parameterAt) internal pure returns (uint256 start, uint256 length) {
        unchecked {
            uint256 lengthAt = 4 + word(parameterAt);
            return (lengthAt + 0x20, word(lengthAt));
        }
    }

    /// @dev Offsets are far below 2**64 and fields far below 2**16, so that the sum cannot wrap.
    function skip(uint256 at, uint256 width) internal pure returns (uint256) {
        unchecked {
            return at + width;
        }
    }

    function requireWithin(uint256 needed, uint256 available) internal pure {
        if (needed > available) revert PlanTruncated(needed, available);
    }
}
