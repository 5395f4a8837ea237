// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

/// @dev False statements. A run that does not refute each of them proves nothing: its solver is missing or does not work.
contract Canary {
    function check_mustFail_twoIsNeverDoubled(uint256 x) public pure {
        unchecked {
            assert(x * 2 != 4);
        }
    }

    function check_mustFail_hashesNeverMatch(uint256 x, uint256 y) public pure {
        assert(keccak256(abi.encode(x)) != keccak256(abi.encode(y)));
    }
}
