// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

import {Frame, FrameAccess} from "./Frame.sol";
import {PlanFormat as Plan} from "./PlanFormat.sol";
import {PlanReader as Read} from "./PlanReader.sol";
import {Settle} from "./Settle.sol";

/// @notice Makes `last` what the router holds: the whole balance of a token, or what it gained since the token's scope began.
/// @dev The second is what really arrived, whatever a pool promised or a token kept for itself.
abstract contract Measuring is Settle {
    function _measure(Frame frame) internal view {
        uint256 kindAt = Read.skip(frame.cursor(), 1);
        uint256 tokenAt = Read.skip(kindAt, 1);
        uint256 end = Read.skip(tokenAt, Plan.ADDRESS_BYTES);
        Read.requireWithin(end, frame.end());
        frame.setCursor(end);
        uint256 kind = Read.u8(kindAt);
        address token = Read.addr(tokenAt);
        if (kind == Plan.MEASURE_BALANCE) frame.setLast(_balance(token));
        else if (kind == Plan.MEASURE_SURPLUS) frame.setLast(_surplus(token));
        else revert Read.UnknownStep(Plan.MEASURE, kind);
    }
}
