// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

import {IMakerPSM} from "../../interfaces/IMakerPSM.sol";
import {ExtensionFormat} from "../base/ExtensionFormat.sol";
import {Frame} from "../base/Frame.sol";
import {Hops} from "../base/Hops.sol";
import {Payments} from "../base/Payments.sol";
import {PlanFormat as Plan} from "../base/PlanFormat.sol";
import {PlanReader as Read} from "../base/PlanReader.sol";

/// @notice Peg stability modules of Maker (LitePSM) and Sky (the wrapper for USDS): the dollar of 18 decimals against a coarser one, the
/// gem, one for one less a fee.
/// @dev The module pulls what goes in. What counts as output is what the receiver gained, whatever the module says. A gem is bought by how
/// much comes out: of the step's amount as much is spent as a whole number of the gem's units costs, and the rest stays with the router.
/// Own fields of the step: by how many decimals the gem is coarser, and the token that comes out.
abstract contract MakerPSMVenue is Hops {
    /// @notice The module sells no gem now.
    error BuyingHalted(address psm);
    /// @notice This is no peg stability module: it does not tell its fee.
    error NoFee(address psm);

    uint256 private constant _OWN_BYTES = 1 + Plan.ADDRESS_BYTES;
    uint256 private constant _WAD = 10 ** 18;
    uint256 private constant _HALTED = type(uint256).max;

    function _makerPSMSwap(Frame frame) internal {
        Hop memory hop = _readPulledHop(frame, _OWN_BYTES, ExtensionFormat.MAKER_PSM_BUY);
        (address psm, address tokenOut) = (hop.pool, Read.addr(Read.skip(hop.fieldsAt, 1)));
        bytes4 selector = IMakerPSM.sellGem.selector;
        uint256 gems = hop.amount;
        if (hop.extra & ExtensionFormat.MAKER_PSM_BUY != 0) {
            selector = IMakerPSM.buyGem.selector;
            (gems, hop.amount) = _affordable(psm, Read.u8(hop.fieldsAt), hop.amount);
        }
        uint256 balanceBefore = Payments.balanceOf(tokenOut, hop.to);
        _callPulling(frame, hop, psm, abi.encodeWithSelector(selector, hop.to, gems));
        frame.setLast(_arrived(tokenOut, hop.to, balanceBefore));
    }

    /// @dev The most of the gem that `amount` pays for, and what the module asks for that.
    /// cost(g) = g * unit + floor(g * unit * tout / WAD) = floor(g * unit * (WAD + tout) / WAD) is at most `amount` as long as
    /// g * unit * (WAD + tout) is less than (amount + 1) * WAD.
    function _affordable(address psm, uint256 coarser, uint256 amount) private view returns (uint256 gems, uint256 cost) {
        uint256 tout = _tout(psm);
        uint256 price = 10 ** coarser * (_WAD + tout);
        gems = ((amount + 1) * _WAD - 1) / price;
        cost = gems * price / _WAD;
    }

    function _tout(address psm) private view returns (uint256 tout) {
        (bool ok, bytes memory answer) = psm.staticcall(abi.encodeCall(IMakerPSM.tout, ()));
        if (!ok) revert Payments.CallFailed(psm, answer);
        if (answer.length < 0x20) revert NoFee(psm);
        tout = abi.decode(answer, (uint256));
        if (tout == _HALTED) revert BuyingHalted(psm);
    }
}
