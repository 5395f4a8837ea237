// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

/// @notice Numbers of the plan format that only the extension needs.
/// @dev Generated from executor/plan/format.py by `make generate`; a test compares the two.
library ExtensionFormat {
    /// Opcode: maker psm swap.
    uint256 internal constant MAKER_PSM_SWAP = 0x5c;
    /// Opcode: dodo v2 swap.
    uint256 internal constant DODO_V2_SWAP = 0x5e;
    /// Maker's PSM: the gem is bought, not sold.
    uint256 internal constant MAKER_PSM_BUY = 0x01;
}
