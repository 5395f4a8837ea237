// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

import {IWrappedNative} from "../../interfaces/IWrappedNative.sol";
import {Constants} from "../base/Constants.sol";
import {Frame} from "../base/Frame.sol";
import {Hops} from "../base/Hops.sol";
import {PlanFormat as Plan} from "../base/PlanFormat.sol";
import {PlanReader as Read} from "../base/PlanReader.sol";

/// @notice Turns the chain's own coin into its wrapped form, one for one, and back.
abstract contract WrappedNativeVenue is Hops {
    address private immutable _wrappedNative;

    constructor(Constants memory constants) {
        _wrappedNative = constants.wrappedNative;
    }

    function _wrapNative(Frame frame) internal {
        (address wrapped, uint256 amount) = _readWrapping(frame);
        _requirePayable(frame, address(0));
        _call(wrapped, amount, abi.encodeCall(IWrappedNative.deposit, ()));
        frame.setLast(amount);
    }

    function _unwrapNative(Frame frame) internal {
        (address wrapped, uint256 amount) = _readWrapping(frame);
        _requirePayable(frame, wrapped);
        _call(wrapped, 0, abi.encodeCall(IWrappedNative.withdraw, (amount)));
        frame.setLast(amount);
    }

    /// @dev The step is its opcode, flags, and the amount unless it is what the last step gave.
    function _readWrapping(Frame frame) private view returns (address wrapped, uint256 amount) {
        uint256 flagsAt = Read.skip(frame.cursor(), 1);
        (uint256 opcode, uint256 flags) = (Read.u8(frame.cursor()), Read.u8(flagsAt));
        if (flags & ~Plan.AMOUNT_LAST != 0) revert Read.UnknownStep(opcode, flags);
        uint256 end;
        (amount, end) = _readAmount(frame, flags, Read.skip(flagsAt, 1));
        Read.requireWithin(end, frame.end());
        frame.setCursor(end);
        wrapped = _venue(_wrappedNative, opcode);
    }
}
