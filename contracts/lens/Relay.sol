// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

/// @notice Makes the calls that a request lists and hands back their answers as they come.
library Relay {
    uint256 private constant _TARGET_BYTES = 20;
    uint256 private constant _HEAD_BYTES = 22;
    uint256 private constant _REFUSED = type(uint24).max;

    /// @param request Calls one after another: target, length of the data (2 bytes), data.
    /// @return answers In the same order: length (3 bytes; all bits set for a call that reverted), answer.
    function calls(bytes calldata request) internal view returns (bytes memory answers) {
        while (request.length != 0) {
            uint256 end = _HEAD_BYTES + uint16(bytes2(request[_TARGET_BYTES:_HEAD_BYTES]));
            answers = bytes.concat(answers, call(address(bytes20(request[:_TARGET_BYTES])), request[_HEAD_BYTES:end]));
            request = request[end:];
        }
    }

    /// @dev One answer with its length.
    function call(address target, bytes memory data) internal view returns (bytes memory) {
        (bool answered, bytes memory answer) = target.staticcall(data);
        return answered ? abi.encodePacked(uint24(answer.length), answer) : abi.encodePacked(uint24(_REFUSED));
    }
}
