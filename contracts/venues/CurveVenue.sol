// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

import {ICurveCryptoPool, ICurvePool} from "../../interfaces/ICurvePool.sol";
import {Frame} from "../base/Frame.sol";
import {Hops} from "../base/Hops.sol";
import {PlanFormat as Plan} from "../base/PlanFormat.sol";
import {PlanReader as Read} from "../base/PlanReader.sol";

/// @notice Pools with Curve's `exchange`: StableSwap and crypto pools, with int128 or uint256 indexes, of tokens or of the chain's own
/// coin, whether or not they return how much they gave.
/// @dev The pool pulls the input and pays the router. What counts as output is what the router received, whatever the pool says. Own
/// fields of the step: both indexes, one byte each, and the token that comes out.
abstract contract CurveVenue is Hops {
    /// @notice Sending on what the pool gave took more of the token than that: its transfers cost the sender something on top.
    error OutputOverspent(address token, uint256 balanceBefore, uint256 balanceAfter);

    uint256 private constant _OWN_BYTES = 2 + Plan.ADDRESS_BYTES;

    function _curveExchange(Frame frame) internal {
        Hop memory hop = _readPulledHop(frame, _OWN_BYTES, Plan.CURVE_UINT256_INDEXES | Plan.CURVE_NATIVE_IN);
        bool nativeIn = hop.extra & Plan.CURVE_NATIVE_IN != 0;
        if (nativeIn != (hop.tokenIn == address(0))) revert Read.UnknownStep(hop.opcode, hop.extra);
        uint256 i = Read.u8(hop.fieldsAt);
        uint256 j = Read.u8(Read.skip(hop.fieldsAt, 1));
        address tokenOut = Read.addr(Read.skip(hop.fieldsAt, 2));
        // A small index has the same word as int128 and as uint256.
        bytes4 selector = hop.extra & Plan.CURVE_UINT256_INDEXES == 0 ? ICurvePool.exchange.selector : ICurveCryptoPool.exchange.selector;

        uint256 balanceBefore = _balance(tokenOut);
        _callPulling(frame, hop, hop.pool, abi.encodeWithSelector(selector, i, j, hop.amount, 0));
        frame.setLast(_forward(tokenOut, balanceBefore, hop.to));
        if (hop.to != address(this)) _requireNoLess(tokenOut, balanceBefore);
    }

    /// @dev The router has sent `token` itself, which need not be tracked.
    function _requireNoLess(address token, uint256 balanceBefore) private view {
        uint256 balance = _balance(token);
        if (balance < balanceBefore) revert OutputOverspent(token, balanceBefore, balance);
    }
}
