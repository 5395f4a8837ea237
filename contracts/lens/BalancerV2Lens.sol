// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

import {Relay} from "./Relay.sol";

interface IRateProvider {
    function getRate() external view returns (uint256);
}

/// @notice Reads pools of Balancer's V2 Vault, of any generation: which functions answer tells what a pool is.
library BalancerV2Lens {
    uint256 private constant _LENGTH_BYTES = 3;
    uint256 private constant _ANSWER_HEAD_BYTES = 64;

    /// @param request Calls as Relay takes them; the first asks the pool for its providers of rates.
    /// @return answer The answers, then the rate that each provider tells, in their order.
    function read(bytes calldata request) internal view returns (bytes memory answer) {
        answer = Relay.calls(request);
        uint256 length = uint24(bytes3(answer));
        if (length < _ANSWER_HEAD_BYTES || length == type(uint24).max) return answer;
        address[] memory providers = abi.decode(_after(answer, _LENGTH_BYTES, length), (address[]));
        for (uint256 i; i < providers.length; ++i) {
            answer = bytes.concat(answer, Relay.call(providers[i], abi.encodeCall(IRateProvider.getRate, ())));
        }
    }

    function _after(bytes memory data, uint256 start, uint256 length) private pure returns (bytes memory part) {
        part = new bytes(length);
        // part = data[start : start + length]
        assembly ("memory-safe") {
            mcopy(add(part, 0x20), add(add(data, 0x20), start), length)
        }
    }
}
