// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

import {Tip} from "../../contracts/base/Tip.sol";

/// @dev The tip of a plan's own bytes beside the exact formula: the whole ten-thousandths of the profit and what is left of it, apart, so
/// that no product of this formula has more than the digits of its result.
abstract contract TipUnderTest is Tip(address(0)) {
    uint256 internal constant BASIS = 10_000;

    /// @dev The bytes as they stand in a plan: flags, share, fixed part.
    function tipOf(bytes calldata tip, uint256 profit, uint256 minimum) external pure returns (uint256) {
        uint256 at;
        assembly {
            at := tip.offset
        }
        return _tipOf(at, profit, minimum);
    }

    function _written(uint16 share, uint96 fixedPart) internal pure returns (bytes memory) {
        return abi.encodePacked(uint8(0), share, fixedPart);
    }

    function _exact(uint256 profit, uint256 minimum, uint256 share, uint256 fixedPart) internal pure returns (uint256) {
        uint256 asked = (profit / BASIS) * share + ((profit % BASIS) * share) / BASIS + fixedPart;
        uint256 most = profit - minimum;
        return asked < most ? asked : most;
    }
}

contract TipFuzz is TipUnderTest {
    /// @dev 240 bits of profit and 16 of share fit into a word together: no real profit has more.
    function testFuzz_theTipIsTheShareAndTheFixedPartAndLeavesTheMinimum(
        uint240 profit, uint96 minimum, uint16 share, uint96 fixedPart
    ) public view {
        uint256 least = profit < minimum ? profit : minimum;
        uint256 tip = this.tipOf(_written(share, fixedPart), profit, least);
        require(tip == _exact(profit, least, share, fixedPart), "not the formula");
        require(tip <= profit - least, "more than there is");
    }

    /// @dev Profits of the size of the fixed part, where neither the share nor the clamp decides alone.
    function testFuzz_theSameForProfitsOfTheFixedPartsSize(uint96 profit, uint96 minimum, uint16 share, uint96 fixedPart) public view {
        uint256 least = profit == 0 ? 0 : minimum % profit;
        uint256 reduced = profit == 0 ? 0 : fixedPart % profit;
        require(
            this.tipOf(_written(share % 10_001, uint96(reduced)), profit, least) == _exact(profit, least, share % 10_001, reduced),
            "not the formula"
        );
    }

    /// @dev It does not wrap around to a small tip.
    function testFuzz_aProductThatFitsIntoNoWordReverts(uint256 profit, uint16 share) public view {
        if (share < 2) return;
        uint256 largest = type(uint256).max / share;
        profit = largest + 1 + profit % (type(uint256).max - largest);
        try this.tipOf(_written(share, 0), profit, 0) returns (uint256) {
            revert("it wrapped");
        } catch {}
    }
}

/// @dev Must fail: a run that lets it pass has compared nothing.
contract TipCanary is TipUnderTest {
    function testFuzz_theShareIsRoundedUp(uint96 profit, uint16 share) public view {
        uint256 product = uint256(profit) * (share % 10_001);
        require(this.tipOf(_written(share % 10_001, 0), profit, 0) == (product + BASIS - 1) / BASIS, "rounded down");
    }
}
