// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

import {IBalancerV2Vault} from "../../interfaces/IBalancerV2Vault.sol";
import {Constants} from "../base/Constants.sol";
import {Frame} from "../base/Frame.sol";
import {Hops} from "../base/Hops.sol";
import {PlanFormat as Plan} from "../base/PlanFormat.sol";
import {PlanReader as Read} from "../base/PlanReader.sol";

/// @notice Pools of the Balancer V2 Vault named at deployment, which pulls the input and pays the receiver straight.
/// @dev The Vault is trusted for what it says that it paid; a false pool can only give away what others put into it. The Vault takes the
/// zero address for the chain's own coin. Own fields of the step: the rest of the pool's id behind its address, and the token that comes
/// out.
abstract contract BalancerV2Venue is Hops {
    uint256 private constant _OWN_BYTES = Plan.POOL_ID_TAIL_BYTES + Plan.ADDRESS_BYTES;
    uint8 private constant _GIVEN_IN = 0;

    address private immutable _balancerV2Vault;

    constructor(Constants memory constants) {
        _balancerV2Vault = constants.balancerV2Vault;
    }

    function _balancerV2Swap(Frame frame) internal {
        Hop memory hop = _readPulledHop(frame, _OWN_BYTES, 0);
        address vault = _venue(_balancerV2Vault, hop.opcode);
        IBalancerV2Vault.SingleSwap memory swap = IBalancerV2Vault.SingleSwap({
            // The id begins with the pool's address: the head's last field and the tail stand side by side.
            poolId: bytes32(Read.word(hop.fieldsAt - Plan.ADDRESS_BYTES)),
            kind: _GIVEN_IN,
            assetIn: hop.tokenIn,
            assetOut: Read.addr(Read.skip(hop.fieldsAt, Plan.POOL_ID_TAIL_BYTES)),
            amount: hop.amount,
            userData: ""
        });
        IBalancerV2Vault.FundManagement memory funds = IBalancerV2Vault.FundManagement({
            sender: address(this),
            fromInternalBalance: false,
            recipient: hop.to,
            toInternalBalance: false
        });
        frame.setLast(
            _callPulling(frame, hop, vault, abi.encodeCall(IBalancerV2Vault.swap, (swap, funds, 0, type(uint256).max)))
        );
    }
}
