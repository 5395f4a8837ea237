// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

import {Relay} from "./Relay.sol";

/// @notice Reads pools of Balancer's V3 Vault: their balances, rates and fees from the Vault, their curve from what their code answers.
library BalancerV3Lens {
    /// @param request Calls as Relay takes them.
    /// @return answer The answers.
    function read(bytes calldata request) internal view returns (bytes memory answer) {
        return Relay.calls(request);
    }
}
