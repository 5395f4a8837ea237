// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

import {IDodoV2Pool} from "../../interfaces/IDodoV2Pool.sol";
import {Frame} from "../base/Frame.sol";
import {Hops} from "../base/Hops.sol";
import {Payments} from "../base/Payments.sol";
import {PlanFormat as Plan} from "../base/PlanFormat.sol";
import {PlanReader as Read} from "../base/PlanReader.sol";

/// @notice Pools of DODO V2 (DVM, DPP, DSP, GSP): the input is sent first, the pool finds it at itself and prices it.
/// @dev All that the pool holds above its reserve counts as input, whoever sent it. What counts as output is what the receiver gained,
/// whatever the pool says. The direction bit says that the base goes in. Own field of the step: the token that comes out.
abstract contract DodoV2Venue is Hops {
    function _dodoV2Swap(Frame frame) internal {
        Hop memory hop = _readHead(frame, Plan.AMOUNT_LAST | Plan.PAYER_MASK | Plan.RECIPIENT_MASK, 0);
        uint256 payer = _payerOf(hop);
        address tokenOut = Read.addr(hop.fieldsAt);
        uint256 at = Read.skip(hop.fieldsAt, Plan.ADDRESS_BYTES);
        hop.tokenIn = frame.settlement();
        if (payer == Plan.PAYER_TRACKED) {
            hop.tokenIn = Read.addr(at);
            at = Read.skip(at, Plan.ADDRESS_BYTES);
        }
        _readTail(frame, hop, at);

        if (payer != Plan.PAYER_NONE) _pay(payer, hop.tokenIn, hop.pool, hop.amount);
        // What arrived before is not the plan's to say.
        else if (hop.flags & Plan.AMOUNT_LAST == 0) revert Read.UnknownStep(hop.opcode, hop.flags);
        uint256 balanceBefore = Payments.balanceOf(tokenOut, hop.to);
        bool baseIn = hop.opcode & Plan.ZERO_FOR_ONE != 0;
        bytes4 selector = baseIn ? IDodoV2Pool.sellBase.selector : IDodoV2Pool.sellQuote.selector;
        _call(hop.pool, 0, abi.encodeWithSelector(selector, hop.to));
        frame.setLast(_arrived(tokenOut, hop.to, balanceBefore));
    }
}
