// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

import {IBalancerV3Vault} from "../../interfaces/IBalancerV3Vault.sol";
import {Accounts} from "../base/Accounts.sol";
import {Frame} from "../base/Frame.sol";
import {PlanFormat as Plan} from "../base/PlanFormat.sol";
import {PlanReader as Read} from "../base/PlanReader.sol";
import {BalancerV3Lock} from "./BalancerV3Lock.sol";

/// @notice Steps inside an unlock of the Balancer V3 Vault: swap on account, send what is due, pay what is owed.
/// @dev Hops net out on the account, so that only the first input and the last output move. Whatever is left open makes the unlock
/// revert, unless someone else had unlocked the Vault before: then the profit rule and the tracked tokens decide.
abstract contract BalancerV3Venue is Accounts, BalancerV3Lock {
    /// @dev Head of a pool step, token in, token out, [amount]: exact input, on account.
    function _balancerV3Swap(Frame frame) internal {
        Hop memory hop = _readHead(frame, Plan.AMOUNT_LAST, 0);
        address vault = _venue(_balancerV3Vault, hop.opcode);
        uint256 at = Read.skip(hop.fieldsAt, 2 * Plan.ADDRESS_BYTES);
        (hop.amount, at) = _readAmount(frame, hop.flags, at);
        Read.requireWithin(at, frame.end());
        frame.setCursor(at);
        IBalancerV3Vault.VaultSwapParams memory params = IBalancerV3Vault.VaultSwapParams({
            kind: IBalancerV3Vault.SwapKind.EXACT_IN,
            pool: hop.pool,
            tokenIn: Read.addr(hop.fieldsAt),
            tokenOut: Read.addr(Read.skip(hop.fieldsAt, Plan.ADDRESS_BYTES)),
            amountGivenRaw: hop.amount,
            limitRaw: 0,
            userData: ""
        });
        // Of an exact input, what the Vault calls the calculated amount is the output.
        frame.setLast(_call(vault, 0, abi.encodeCall(IBalancerV3Vault.swap, (params))));
    }

    function _balancerV3Send(Frame frame) internal {
        (address token, uint256 amount, address to) = _readTaking(frame);
        _sendFromVault(_venue(_balancerV3Vault, Plan.BALANCER_V3_SEND), token, to, amount);
        frame.setLast(amount);
    }

    /// @dev `last` stays what it was: a payment gives nothing.
    function _balancerV3Settle(Frame frame) internal {
        (address token, uint256 amount) = _readPaying(frame);
        _payToVault(_venue(_balancerV3Vault, Plan.BALANCER_V3_SETTLE), token, amount);
    }
}
