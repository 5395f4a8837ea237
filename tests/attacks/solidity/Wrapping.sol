// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

/// @dev A pool and lender that calls back with bytes that its owner has laid out by hand: offsets and lengths of his choice.
contract WrappingPool {
    bytes private _callback;
    /// Where in those bytes the router's own data are put, and how many words there are behind.
    uint256 private _dataAt;
    bool private _withData;

    function lay(bytes calldata callback, bool withData, uint256 dataAt) external {
        (_callback, _withData, _dataAt) = (callback, withData, dataAt);
    }

    function swap(address, bool, int256, uint160, bytes calldata data) external returns (int256, int256) {
        _call(data);
        return (1, -1);
    }

    function swap(uint256, uint256, address, bytes calldata data) external {
        _call(data);
    }

    function flash(address, uint256, uint256, bytes calldata data) external {
        _call(data);
    }

    function _call(bytes calldata data) private {
        bytes memory callback = _callback;
        if (_withData) {
            for (uint256 i; i < data.length; i++) callback[_dataAt + i] = data[i];
        }
        (bool ok, bytes memory reason) = msg.sender.call(callback);
        if (ok) return;
        assembly {
            revert(add(reason, 0x20), mload(reason))
        }
    }
}
