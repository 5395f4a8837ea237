// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

import {Tip} from "../../contracts/base/Tip.sol";
import {vm} from "./Cheats.sol";

/// @dev The clamp of the tip: whatever the share and the fixed part come to, the minimum remains.
contract TipProof is Tip(address(0)) {
    function check_theTipLeavesTheMinimum(uint256 asked, uint256 profit, uint256 minimum) public pure {
        vm.assume(profit >= minimum);
        uint256 tip = _clamp(asked, profit, minimum);
        assert(tip <= profit - minimum && tip <= asked);
    }

    function check_theTipIsWhatWasAskedForWhereThereIsRoom(uint256 asked, uint256 profit, uint256 minimum) public pure {
        vm.assume(profit >= minimum && profit - minimum >= asked);
        assert(_clamp(asked, profit, minimum) == asked);
    }

    function check_theFixedPartAloneIsPaidInFullOrClamped(uint256 profit, uint96 minimum, uint96 fixedPart) public pure {
        vm.assume(profit >= minimum);
        uint256 tip = _clampedTip(profit, minimum, 0, fixedPart);
        assert(tip == fixedPart || tip == profit - minimum);
    }

    function check_mustFail_theTipIsNeverClamped(uint256 asked, uint256 profit, uint256 minimum) public pure {
        vm.assume(profit >= minimum);
        assert(_clamp(asked, profit, minimum) == asked);
    }
}
