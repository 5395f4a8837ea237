// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

/// @dev An operator that is a contract: makes its calls one after the other in one transaction, whether they fail or not.
contract PatientOperator {
    event Answered(bool ok, bytes answer);

    function callAll(address target, bytes[] calldata calls) external {
        for (uint256 i; i < calls.length; i++) {
            (bool ok, bytes memory answer) = target.call(calls[i]);
            emit Answered(ok, answer);
        }
    }
}

/// @dev A pool that uses up all the gas that it is given.
contract GasEater {
    function swap(address, bool, int256, uint160, bytes calldata) external pure returns (int256, int256) {
        while (true) {}
        return (0, 0);
    }
}

/// @dev A pool that reverts with as many bytes as it is told.
contract Flooder {
    uint256 private immutable _size;

    constructor(uint256 size) {
        _size = size;
    }

    function swap(address, bool, int256, uint160, bytes calldata) external view returns (int256, int256) {
        uint256 size = _size;
        assembly {
            revert(0, size)
        }
    }
}

/// @dev A pool that reverts with how much gas it was given.
contract GasTeller {
    function swap(address, bool, int256, uint160, bytes calldata) external view returns (int256, int256) {
        assembly {
            mstore(0, gas())
            revert(0, 0x20)
        }
    }
}

/// @dev A pool that uses up its gas but for a little, and reverts with many bytes for that.
contract GasEatingFlooder {
    function swap(address, bool, int256, uint160, bytes calldata) external view returns (int256, int256) {
        while (gasleft() > 20000) {}
        assembly {
            revert(0, 3000)
        }
    }
}
