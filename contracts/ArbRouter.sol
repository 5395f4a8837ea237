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
    /// @notice EIP-1967's way to name the contract whose functions this one has too: said once, here at the beginning.
    event Upgraded(address indexed implementation);

    /// bytes32(uint256(keccak256("eip1967.proxy.implementation")) - 1)
    bytes32 private constant _IMPLEMENTATION_SLOT = 0x360894a13ba1a3210667c828492db98dca3e2076cc3735a920a3ca505d382bbc;

    address private immutable _control;

    constructor(address initialOwner, Constants memory constants, address extension, address control)
        Trading(constants, extension)
    {
        _openGate(initialOwner);
        _control = control;
        _tellExplorers(control);
    }

    /// @dev `execute`, callbacks of pools and lenders, the chain's own coin while a plan runs; all else is for the control part. Written
    /// out instead of left to the compiler, whose dispatch would compare each callback with every other function first; the coin comes
    /// after the callbacks, of which none is told by no data.
    fallback() external payable {
        uint256 selector = uint32(msg.sig);
        if (selector == 0x61461954) _answer(_execute());
        if (selector == 0xfa461e33) _onUniswapV3Swap();
        _callback(msg.sig);
        if (msg.data.length == 0) {
            if (!_isRunning()) revert NativeNotExpected(msg.sender);
            _stop();
        }
        Delegation.forward(_control);
    }

    /// @dev execute() returns (uint256 profit): runs the packed plan that follows the selector. `profit` is how much the settlement-token
    /// balance rose after the tip, in its smallest unit.
    function _execute() private onlyOperator returns (uint256 profit) {
        uint256 locked = _enter();
        (profit,) = _trade();
        _leave(locked);
    }

    /// @dev Ends the call.
    function _answer(uint256 word) private pure {
        // return abi.encode(word)
        assembly ("memory-safe") {
            mstore(0x00, word)
            return(0x00, 0x20)
        }
    }

    /// @dev While an operator's simulation runs, a callback that is not ours is the simulator's, which judges it by the same rule.
    function _refuseCallback() internal override {
        if (!SimulationRecord.isRunning()) super._refuseCallback();
        Delegation.forward(_control);
    }

    /// @dev Explorers and wallets look here for the functions of the control part. No code reads this slot, and none writes it again:
    /// calls go to the immutable, whatever stands here.
    function _tellExplorers(address control) private {
        bytes32 slot = _IMPLEMENTATION_SLOT;
        // storage[slot] = control
        assembly ("memory-safe") {
            sstore(slot, control)
        }
        emit Upgraded(control);
    }
}
