// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

/// @notice What a simulation remembers, in transient storage: that it runs, and what each step gave and took.
/// @dev A simulation always reverts, and transient storage with it: nothing of this outlives the call.
library SimulationRecord {
    /// @notice One step of a simulated plan, in the order in which the steps stand in the plan.
    /// @param opcode Which step it is, the direction in its lowest bit.
    /// @param output What it gave (the frame's `last` after it), in the smallest unit of that token.
    /// @param gasUsed Its own gas, without that of the steps inside it and without the recording.
    struct Hop {
        uint256 opcode;
        uint256 output;
        uint256 gasUsed;
    }

    /// @dev Keeps the slots apart from those that the compiler numbers from zero and from those of tracked tokens.
    uint256 private constant _RUNS = 2 << 160;
    uint256 private constant _COUNT = _RUNS + 1;
    uint256 private constant _INNER = _RUNS + 2;
    uint256 private constant _HOPS = _RUNS + 3;
    uint256 private constant _SLOTS = 3;

    function begin() internal {
        _write(_RUNS, 1);
    }

    function isRunning() internal view returns (bool) {
        return _read(_RUNS) != 0;
    }

    /// @dev Opens the record of the next step and returns its number.
    function open(uint256 opcode) internal returns (uint256 index) {
        index = _read(_COUNT);
        _write(_COUNT, index + 1);
        _write(_HOPS + index * _SLOTS, opcode);
    }

    function close(uint256 index, uint256 output, uint256 gasUsed) internal {
        _write(_HOPS + index * _SLOTS + 1, output);
        _write(_HOPS + index * _SLOTS + 2, gasUsed);
    }

    /// @dev Gas of all steps so far that were not inside another one of those that have ended; recording included.
    function inner() internal view returns (uint256) {
        return _read(_INNER);
    }

    function setInner(uint256 gasUsed) internal {
        _write(_INNER, gasUsed);
    }

    function hops() internal view returns (Hop[] memory found) {
        found = new Hop[](_read(_COUNT));
        for (uint256 i; i < found.length; ++i) {
            uint256 slot = _HOPS + i * _SLOTS;
            found[i] = Hop(_read(slot), _read(slot + 1), _read(slot + 2));
        }
    }

    function _write(uint256 slot, uint256 value) private {
        // transient[slot] = value
        assembly ("memory-safe") {
            tstore(slot, value)
        }
    }

    function _read(uint256 slot) private view returns (uint256 value) {
        // value = transient[slot]
        assembly ("memory-safe") {
            value := tload(slot)
        }
    }
}
