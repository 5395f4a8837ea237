// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

import {IWrappedNative} from "../../interfaces/IWrappedNative.sol";
import {Payments} from "./Payments.sol";
import {PlanFormat as Plan} from "./PlanFormat.sol";
import {PlanReader as Read} from "./PlanReader.sol";

/// @notice Pays whoever builds the block, out of the profit that was really made and never below the promised minimum.
abstract contract Tip {
    /// @notice A tip is paid in the chain's own coin, so the plan must settle in its wrapped form.
    error TipNeedsWrappedNative(address settlement);

    /// @notice What the receiver got.
    event TipPaid(address indexed to, uint256 amount);
    /// @notice The receiver did not take its tip, which stays with the router.
    event TipRefused(address indexed to, uint256 amount);

    uint256 private constant _BASIS = 10_000;
    /// Enough for a receiver that is a contract, and little enough that none can burn the trade's gas.
    uint256 private constant _RECEIVER_GAS = 50_000;

    address private immutable _wrapped;

    constructor(address wrappedNative) {
        _wrapped = wrappedNative;
    }

    /// @dev The tip that the plan's bytes at `at` ask for, at the given profit: `share` basis points of it and the fixed part, but never
    /// so much that less than `minimum` remains.
    function _tipOf(uint256 at, uint256 profit, uint256 minimum) internal pure returns (uint256 tip) {
        uint256 shareAt = Read.skip(at, 1);
        return _clampedTip(profit, minimum, Read.u16(shareAt), Read.u96(Read.skip(shareAt, Plan.TIP_SHARE_BYTES)));
    }

    function _clampedTip(uint256 profit, uint256 minimum, uint256 share, uint256 fixedPart) internal pure returns (uint256) {
        return _clamp(profit * share / _BASIS + fixedPart, profit, minimum);
    }

    /// @dev Of what is asked for, as much as leaves the minimum.
    function _clamp(uint256 asked, uint256 profit, uint256 minimum) internal pure returns (uint256) {
        uint256 most = profit - minimum;
        return asked > most ? most : asked;
    }

    /// @dev Unwraps and pays `tip`, which the profit covers. A receiver that does not take it costs nobody the trade.
    function _payTip(uint256 at, uint256 tip) internal {
        address to = Read.u8(at) & Plan.TIP_RECEIVER == 0 ? block.coinbase : Read.addr(Read.skip(at, Plan.TIP_BYTES));
        IWrappedNative(_wrapped).withdraw(tip);
        bool ok;
        // (ok,) = to.call{value: tip, gas: _RECEIVER_GAS}(""), without copying what it returns
        assembly ("memory-safe") {
            ok := call(_RECEIVER_GAS, to, tip, 0, 0, 0, 0)
        }
        if (ok) {
            emit TipPaid(to, tip);
        } else {
            IWrappedNative(_wrapped).deposit{value: tip}();
            emit TipRefused(to, tip);
        }
    }

    function _requireTippable(address settlement) internal view {
        if (settlement != _wrapped) revert TipNeedsWrappedNative(settlement);
    }

    /// @dev Where the header goes on behind the tip at `at`.
    function _skipTip(uint256 at) internal pure returns (uint256) {
        uint256 flags = Read.u8(at);
        if (flags > Plan.TIP_RECEIVER) revert Read.UnknownStep(Plan.HEADER_TIP, flags);
        return Read.skip(at, flags == 0 ? Plan.TIP_BYTES : Plan.TIP_BYTES + Plan.ADDRESS_BYTES);
    }
}
