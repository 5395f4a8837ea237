// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

import {ISolidlyPool} from "../../interfaces/ISolidlyPool.sol";
import {Frame} from "../base/Frame.sol";
import {Hops} from "../base/Hops.sol";
import {Payments} from "../base/Payments.sol";
import {PlanFormat as Plan} from "../base/PlanFormat.sol";
import {PlanReader as Read} from "../base/PlanReader.sol";

/// @notice Pools of the Solidly shape (Aerodrome, Velodrome), volatile and stable: the input is sent first, the output is what the pool
/// itself quotes for it.
/// @dev Where the output is known before, the step of the Uniswap V2 shape serves these pools too. Own field of the step: the token that
/// goes in, whoever pays.
abstract contract SolidlyVenue is Hops {
    /// @notice This is no pool of the Solidly shape: it does not quote, or does not tell its reserves.
    error NoQuote(address pool);

    function _solidlySwap(Frame frame) internal {
        Hop memory hop =
            _readHead(frame, Plan.AMOUNT_LAST | Plan.V2_MEASURED | Plan.PAYER_MASK | Plan.RECIPIENT_MASK, 0);
        uint256 payer = _payerOf(hop);
        hop.tokenIn = Read.addr(hop.fieldsAt);
        _readTail(frame, hop, Read.skip(hop.fieldsAt, Plan.ADDRESS_BYTES));

        if (payer != Plan.PAYER_NONE) {
            _pay(payer, payer == Plan.PAYER_SETTLEMENT ? frame.settlement() : hop.tokenIn, hop.pool, hop.amount);
        }
        bool zeroForOne = hop.opcode & Plan.ZERO_FOR_ONE != 0;
        if (hop.flags & Plan.V2_MEASURED != 0) {
            hop.amount = Payments.balanceOf(hop.tokenIn, hop.pool) - _reserveIn(hop.pool, zeroForOne);
        }
        uint256 amountOut = _quote(hop.pool, hop.amount, hop.tokenIn);
        (uint256 amount0Out, uint256 amount1Out) = zeroForOne ? (uint256(0), amountOut) : (amountOut, uint256(0));
        _call(hop.pool, 0, abi.encodeCall(ISolidlyPool.swap, (amount0Out, amount1Out, hop.to, "")));
        frame.setLast(amountOut);
    }

    /// @dev Sets `last` to what the pool would give.
    function _solidlyQuote(Frame frame) internal view {
        Hop memory hop = _readHead(frame, Plan.AMOUNT_LAST, 0);
        (uint256 amount, uint256 end) = _readAmount(frame, hop.flags, Read.skip(hop.fieldsAt, Plan.ADDRESS_BYTES));
        Read.requireWithin(end, frame.end());
        frame.setCursor(end);
        frame.setLast(_quote(hop.pool, amount, Read.addr(hop.fieldsAt)));
    }

    function _quote(address pool, uint256 amountIn, address tokenIn) private view returns (uint256) {
        (bool ok, bytes memory answer) = pool.staticcall(abi.encodeCall(ISolidlyPool.getAmountOut, (amountIn, tokenIn)));
        if (!ok) revert Payments.CallFailed(pool, answer);
        if (answer.length < 0x20) revert NoQuote(pool);
        return abi.decode(answer, (uint256));
    }

    function _reserveIn(address pool, bool zeroForOne) private view returns (uint256) {
        (bool ok, bytes memory answer) = pool.staticcall(abi.encodeCall(ISolidlyPool.getReserves, ()));
        if (!ok || answer.length < 0x40) revert NoQuote(pool);
        (uint256 reserve0, uint256 reserve1) = abi.decode(answer, (uint256, uint256));
        return zeroForOne ? reserve0 : reserve1;
    }
}
