// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

import {Relay} from "./Relay.sol";

/// @notice Reads Curve's pools, of any generation: which functions a pool answers depends on it.
library CurveLens {
    /// @param request Calls as Relay takes them.
    /// @return answer The pool's answers.
    function read(bytes calldata request) internal view returns (bytes memory answer) {
        return Relay.calls(request);
    }
}
