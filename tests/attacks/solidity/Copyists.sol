// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

/// @dev Sends on whatever it is called with, as a generalised front-runner's contract does, or a page that an operator is lured to.
contract Copyist {
    address private immutable _target;

    constructor(address target) {
        _target = target;
    }

    fallback() external payable {
        (bool ok, bytes memory answer) = _target.call{value: msg.value}(msg.data);
        if (ok) return;
        assembly {
            revert(add(answer, 0x20), mload(answer))
        }
    }
}
