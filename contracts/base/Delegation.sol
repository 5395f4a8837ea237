// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

/// @notice Hands a whole call to another contract's code, in place of this one's.
library Delegation {
    /// @dev Does not return: ends the call with what `code` returns or reverts with.
    function forward(address code) internal {
        // return code.delegatecall(msg.data), reverts included
        assembly ("memory-safe") {
            let free := mload(0x40)
            calldatacopy(free, 0, calldatasize())
            let ok := delegatecall(gas(), code, free, calldatasize(), 0, 0)
            returndatacopy(free, 0, returndatasize())
            if iszero(ok) { revert(free, returndatasize()) }
            return(free, returndatasize())
        }
    }
}
