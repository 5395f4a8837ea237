// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

/// @notice A callback is accepted only while a registration stands for exactly this caller, selector and data; and a plan runs alone.
/// @dev One word of transient storage has three states: idle (zero), running (one), or running with a callback due: the hash of its
/// caller, selector and data, written right before the pool or lender is called, cleared by the first callback that matches, and
/// asserted cleared once the call has returned. Since only steps of a running plan register, and a plan runs only for an operator of
/// an unpaused router, callbacks need no role and no pause check of their own.
abstract contract CallbackGuard {
    /// @notice Nobody is expected to call back now, or not this caller, or not with this selector and data.
    error CallbackNotRegistered(address caller, bytes4 selector);
    /// @notice The pool or lender returned without having called back.
    error CallbackMissing(address expected);
    /// @notice A plan was started while a plan was running, by a contract in a transaction that an operator's account sent, or behind a
    /// change in who is an operator.
    error AlreadyRunning();

    bytes32 private constant _IDLE = 0;
    bytes32 private constant _RUNNING = bytes32(uint256(1));

    bytes32 private transient _state;

    /// @dev Takes the lock, which nobody may hold.
    function _lock() internal {
        if (_state != _IDLE) revert AlreadyRunning();
        _state = _RUNNING;
    }

    function _unlock() internal {
        _state = _IDLE;
    }

    /// @dev Makes the state say that a plan runs, where nothing has been registered yet.
    function _markRunning() internal {
        if (_state == _IDLE) _state = _RUNNING;
    }

    /// @dev Whether a plan is running.
    function _isRunning() internal view returns (bool) {
        return _state != _IDLE;
    }

    /// @dev Registers `expected` with `selector` and the bytes that stand in memory at `lengthAt` (length word, then data).
    function _register(address expected, bytes4 selector, uint256 lengthAt) internal {
        bytes32 commitment;
        // commitment = keccak256(abi.encodePacked(expected, uint64(0), selector, data)), hashed in place over the length word
        assembly ("memory-safe") {
            let length := mload(lengthAt)
            mstore(lengthAt, or(shl(96, expected), shr(224, selector)))
            commitment := keccak256(lengthAt, add(length, 0x20))
            mstore(lengthAt, length)
        }
        _expect(commitment);
    }

    /// @dev Accepts this call if it is the registered one, once. Its data stands in calldata from `start`, `length` bytes long.
    function _consume(uint256 start, uint256 length) internal {
        bytes32 commitment;
        // commitment = keccak256(abi.encodePacked(msg.sender, uint64(0), msg.sig, msg.data[start:start + length]))
        assembly ("memory-safe") {
            let free := mload(0x40)
            mstore(free, or(shl(96, caller()), shr(224, calldataload(0))))
            calldatacopy(add(free, 0x20), start, length)
            commitment := keccak256(free, add(length, 0x20))
        }
        _accept(commitment);
    }

    /// @dev Registers the callback whose caller, selector and data hash to `commitment`, as `_register` hashes them.
    function _expect(bytes32 commitment) internal {
        _state = _sealed(commitment);
    }

    /// @dev Accepts this call if `commitment`, hashed from its own caller, selector and data, is the one registered.
    function _accept(bytes32 commitment) internal {
        if (!_isExpected(commitment)) _refuseCallback();
        _spend();
    }

    /// @dev Whether `commitment` is the one registered.
    function _isExpected(bytes32 commitment) internal view returns (bool) {
        return _sealed(commitment) == _state;
    }

    /// @dev Uses the registration up.
    function _spend() internal {
        _state = _RUNNING;
    }

    function _requireSpent(address expected) internal view {
        if (_state != _RUNNING) revert CallbackMissing(expected);
    }

    /// @dev Whether the last registration was used.
    function _isSpent() internal view returns (bool) {
        return _state == _RUNNING;
    }

    /// @dev What stands in the word for a commitment; a simulation changes it, so that it cannot be taken for the real thing.
    function _sealed(bytes32 commitment) internal pure virtual returns (bytes32) {
        return commitment;
    }

    /// @dev Must not return.
    function _refuseCallback() internal virtual {
        revert CallbackNotRegistered(msg.sender, msg.sig);
    }
}
