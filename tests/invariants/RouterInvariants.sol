// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

import {Handler} from "./Handler.sol";
import {Scene} from "./Scene.sol";

/// @dev The standing invariants of the router, after any sequence of calls by anybody.
abstract contract RouterInvariants {
    Handler internal handler;

    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(handler);
    }

    /// @dev One, since the handler chooses who acts. Forge gives its senders money, and WETH counts its own coin as its supply.
    function targetSenders() public pure returns (address[] memory senders) {
        senders = new address[](1);
        senders[0] = address(0x5E4DE7);
    }

    struct FuzzSelector {
        address addr;
        bytes4[] selectors;
    }

    /// @dev The rest of what is public in the handler: what pools call, and what is asked once, at the end.
    function excludeSelectors() public view returns (FuzzSelector[] memory excluded) {
        bytes4[] memory selectors = new bytes4[](3);
        selectors[0] = Scene.uniswapV3SwapCallback.selector;
        selectors[1] = Scene.pancakeV3SwapCallback.selector;
        selectors[2] = Handler.finish.selector;
        excluded = new FuzzSelector[](1);
        excluded[0] = FuzzSelector(address(handler), selectors);
    }

    function invariant_nothingThatMustNeverHappenHappened() public view {
        _requireNoViolation();
    }

    function afterInvariant() public {
        handler.finish();
        _requireNoViolation();
    }

    function _requireNoViolation() private view {
        string memory violation = handler.violation();
        require(bytes(violation).length == 0, violation);
    }
}

contract WithSigningOperators is RouterInvariants {
    function setUp() public {
        handler = new Handler(true);
    }
}

contract WithContractsAsOperators is RouterInvariants {
    function setUp() public {
        handler = new Handler(false);
    }
}
