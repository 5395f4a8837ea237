// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

/// @notice Where the reading of a plan stands, and what the steps hand to each other.
/// @dev One frame lives per call into the router: `execute` opens the first, each accepted callback opens its own over the
/// continuation that its registration committed to. The value is the place in memory of five words:
/// cursor      calldata offset of the next step;
/// end         calldata offset right after the last step;
/// settlement  the settlement token: what profit is measured in, and all that may be paid without tracking;
/// last        what the last step gave, or in a callback what its caller gave, in the smallest unit of that token;
/// owed        what the caller of this frame is owed (the positive delta of a V3 callback), else zero.
type Frame is uint256;

using FrameAccess for Frame global;

/// @notice Fields of a frame. A struct would be filled with zeros before it is filled with values.
library FrameAccess {
    function open(uint256 cursor_, uint256 end_, address settlement_, uint256 last_, uint256 owed_)
        internal
        pure
        returns (Frame frame)
    {
        // frame = new Frame({cursor: cursor_, end: end_, settlement: settlement_, last: last_, owed: owed_})
        assembly ("memory-safe") {
            frame := mload(0x40)
            mstore(0x40, add(frame, 0xa0))
            mstore(frame, cursor_)
            mstore(add(frame, 0x20), end_)
            mstore(add(frame, 0x40), settlement_)
            mstore(add(frame, 0x60), last_)
            mstore(add(frame, 0x80), owed_)
        }
    }

    /// @dev A frame whose cursor is not set yet, for `_runFrom`.
    function openAt(uint256 end_, address settlement_, uint256 last_, uint256 owed_) internal pure returns (Frame frame) {
        // frame = new Frame({end: end_, settlement: settlement_, last: last_, owed: owed_})
        assembly ("memory-safe") {
            frame := mload(0x40)
            mstore(0x40, add(frame, 0xa0))
            mstore(add(frame, 0x20), end_)
            mstore(add(frame, 0x40), settlement_)
            mstore(add(frame, 0x60), last_)
            mstore(add(frame, 0x80), owed_)
        }
    }

    function cursor(Frame frame) internal pure returns (uint256 value) {
        // value = frame.cursor
        assembly ("memory-safe") {
            value := mload(frame)
        }
    }

    function setCursor(Frame frame, uint256 value) internal pure {
        // frame.cursor = value
        assembly ("memory-safe") {
            mstore(frame, value)
        }
    }

    function end(Frame frame) internal pure returns (uint256 value) {
        // value = frame.end
        assembly ("memory-safe") {
            value := mload(add(frame, 0x20))
        }
    }

    function setEnd(Frame frame, uint256 value) internal pure {
        // frame.end = value
        assembly ("memory-safe") {
            mstore(add(frame, 0x20), value)
        }
    }

    function settlement(Frame frame) internal pure returns (address value) {
        // value = frame.settlement
        assembly ("memory-safe") {
            value := shr(96, shl(96, mload(add(frame, 0x40))))
        }
    }

    function last(Frame frame) internal pure returns (uint256 value) {
        // value = frame.last
        assembly ("memory-safe") {
            value := mload(add(frame, 0x60))
        }
    }

    function setLast(Frame frame, uint256 value) internal pure {
        // frame.last = value
        assembly ("memory-safe") {
            mstore(add(frame, 0x60), value)
        }
    }

    function owed(Frame frame) internal pure returns (uint256 value) {
        // value = frame.owed
        assembly ("memory-safe") {
            value := mload(add(frame, 0x80))
        }
    }
}

/// @notice Runs the steps of a frame; the router's dispatch implements it, venues and lenders call it for their continuations.
abstract contract PlanRunner {
    /// @dev Runs the steps of `frame` from `cursor` on, whatever its own cursor says, and leaves that where it is.
    function _runFrom(Frame frame, uint256 cursor) internal virtual;

    /// @dev Runs the steps between the calldata offsets `cursor` and `end`; opens a frame only if there are others than plain hops.
    /// There must be at least one byte between the two, or no calldata behind them.
    function _runSteps(uint256 cursor, uint256 end, address settlement, uint256 last, uint256 owed) internal virtual;
}
