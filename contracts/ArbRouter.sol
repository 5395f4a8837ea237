// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

import {Constants} from "./base/Constants.sol";
import {Delegation} from "./base/Delegation.sol";
import {SimulationRecord} from "./base/SimulationRecord.sol";
import {Trading} from "./base/Trading.sol";

/// @title Atomic arbitrage router and flash-loan receiver
/// @notice One call borrows if it must, walks the route, repays, and reverts unless the promised profit is really there.
/// @dev Holds its own inventory and pulls from no wallet: never approve anything to it, an allowance to it can only be lost sight of.
contract ArbRouter is Trading {
    /// @notice The chain's own coin is taken only while a plan runs.
    error NativeNotExpected(address from);

    address private immutable _control;

    constructor(address initialOwner, Constants memory constants, address extension, address control)
        Trading(constants, extension)
    {
        _openGate(initialOwner);
        _control = control;
    }

    receive() external payable {
        if (!_isRunning()) revert NativeNotExpected(msg.sender);
    }

    /// @dev Callbacks of pools and lenders; all else is for the control part.
    fallback() external payable {
        // Compared first and here, since most trades that call back do so by this name.
        if (uint32(msg.sig) == 0xfa461e33) {
            _onUniswapV3Swap();
            return;
        }
        if (!_callback(msg.sig)) Delegation.forward(_control);
    }

    /// @notice Runs the packed plan that follows the four selector bytes.
    /// @return profit How much the settlement-token balance rose after the tip, in its smallest unit.
    function execute() external onlyOperator onlyOnce returns (uint256 profit) {
        (profit,) = _trade();
    }

    /// @dev While an operator's simulation runs, a callback that is not ours is the simulator's, which judges it by the same rule.
    function _refuseCallback() internal override {
        if (!SimulationRecord.isRunning()) super._refuseCallback();
        Delegation.forward(_control);
    }
}
