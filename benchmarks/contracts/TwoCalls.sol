// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

/// @dev Two calls in one transaction, both of which must succeed, for as little gas as that takes: what a trader needs who uses two
/// routers. Calldata: length of the first call's data (2 bytes), that data, then the second call's. Only for measuring: anyone can call.
contract TwoCalls {
    address private immutable _first;
    address private immutable _second;

    constructor(address first, address second) {
        (_first, _second) = (first, second);
    }

    fallback() external payable {
        (address first, address second) = (_first, _second);
        // first.call(msg.data[2:2 + length]) and then second.call(msg.data[2 + length:]), reverting when one fails
        assembly {
            let length := shr(240, calldataload(0))
            let rest := sub(calldatasize(), add(length, 2))
            calldatacopy(0, 2, length)
            if iszero(call(gas(), first, 0, 0, length, 0, 0)) { revert(0, 0) }
            calldatacopy(0, add(length, 2), rest)
            if iszero(call(gas(), second, 0, 0, rest, 0, 0)) { revert(0, 0) }
        }
    }
}
