// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

import {IUniswapV2Pair} from "../../interfaces/IUniswapV2Pair.sol";
import {Frame} from "../base/Frame.sol";
import {Payments} from "../base/Payments.sol";
import {PlanFormat as Plan} from "../base/PlanFormat.sol";
import {PlanReader as Read} from "../base/PlanReader.sol";
import {Settle} from "../base/Settle.sol";

/// @notice Pools of the Uniswap V2 shape: the input is sent first, the output is asked for.
/// @dev Fees are per pool, in basis points. Not checked here: that the pool is genuine. A false pool can keep what it was sent;
/// the profit rule then undoes the whole call, unless the asked minimum is still met.
abstract contract UniswapV2Venue is Settle {
    /// @notice This is no pair: it does not tell its reserves.
    error NoReserves(address pair);

    uint256 private constant _BASIS = 10_000;
    /// Flags of an input that is not simply the settlement token: a tracked payer, or measured at the pair.
    uint256 private constant _SPECIAL = Plan.V2_MEASURED | (Plan.PAYER_TRACKED << Plan.PAYER_SHIFT);

    /// Bits of a step's first word.
    uint256 private constant _RARE = (_SPECIAL | (Plan.V2_OUTPUT_COMPUTED << Plan.V2_OUTPUT_SHIFT)) << 240;
    uint256 private constant _OWED = Plan.V2_OUTPUT_OWED << (240 + Plan.V2_OUTPUT_SHIFT);
    uint256 private constant _TO_CALLER = Plan.RECIPIENT_CALLER << (240 + Plan.RECIPIENT_SHIFT);
    uint256 private constant _RECIPIENT = Plan.RECIPIENT_MASK << 240;
    uint256 private constant _AMOUNT_LAST = Plan.V2_AMOUNT_LAST << 240;
    uint256 private constant _PAID = Plan.PAYER_SETTLEMENT << (240 + Plan.PAYER_SHIFT);

    /// @dev Runs the step at `cursor`, whose first word is `head`: pays the pair if the step says so, then swaps. Returns where the next
    /// step starts.
    function _uniswapV2Swap(Frame frame, uint256 cursor, uint256 head) internal returns (uint256 next) {
        unchecked {
            // Plain: a literal amount of the settlement token, or paid already and no amount; the output literal or owed.
            if ((head & _RARE) | (~(head ^ (head >> 2)) & _AMOUNT_LAST) != 0) return _rareSwap(frame, head, cursor);
            next = cursor + Plan.POOL_STEP_BYTES;
            if (head & _PAID != 0) {
                Payments.transfer(frame.settlement(), address(uint160(head >> 72)), Read.u128(next));
                next += Plan.AMOUNT_BYTES;
            }
            uint256 amountOut = frame.owed();
            if (head & _OWED == 0) {
                amountOut = Read.u112(next);
                next += Plan.V2_OUTPUT_BYTES;
            }
            frame.setLast(amountOut);
            address to = msg.sender;
            if (head & _RECIPIENT != _TO_CALLER) {
                to = address(this);
                if (head & _RECIPIENT != 0) (to, next) = _otherRecipient(frame, head >> 240, next);
            }
            _swapPair(head, amountOut, to);
        }
    }

    /// @dev Any other swap.
    function _rareSwap(Frame frame, uint256 head, uint256 at) private returns (uint256 next) {
        at = Read.skip(at, Plan.POOL_STEP_BYTES);
        uint256 flags = (head >> 240) & 0xff;
        address pair = address(uint160(head >> 72));
        uint256 payer = (flags & Plan.PAYER_MASK) >> Plan.PAYER_SHIFT;
        address token = frame.settlement();
        address measured;
        if (flags & _SPECIAL != 0) (token, measured, at) = _specialInput(head, payer, token, at);
        uint256 amountIn;
        uint256 amountOut;
        (amountIn, amountOut, at) = _amounts(frame, head, at);
        next = Read.skip(at, _recipientBytes(flags));
        address to = _recipient(frame, flags, at, next);
        if (payer != Plan.PAYER_NONE) _pay(payer, token, pair, amountIn);
        if (flags >> Plan.V2_OUTPUT_SHIFT == Plan.V2_OUTPUT_COMPUTED) {
            amountOut = _amountOut(pair, head, amountIn, measured);
        }
        frame.setLast(amountOut);
        _swapPair(head, amountOut, to);
    }

    /// @dev The next pool, or a receiver that the step names.
    function _otherRecipient(Frame frame, uint256 flags, uint256 at) private view returns (address to, uint256 next) {
        next = Read.skip(at, _recipientBytes(flags));
        to = _recipient(frame, flags, at, next);
    }

    /// @dev Sets `last` to what the pair would give, so that a later pool can be asked for it before this one is paid.
    function _uniswapV2Quote(Frame frame) internal view {
        uint256 head = Read.word(frame.cursor());
        uint256 flags = (head >> 240) & 0xff;
        if (flags & ~Plan.V2_AMOUNT_LAST != Plan.V2_OUTPUT_COMPUTED << Plan.V2_OUTPUT_SHIFT) {
            revert Read.UnknownStep(head >> 248, flags);
        }
        address pair = Read.poolAt(frame.cursor());
        (uint256 amountIn,, uint256 at) = _amounts(frame, head, Read.skip(frame.cursor(), Plan.POOL_STEP_BYTES));
        Read.requireWithin(at, frame.end());
        frame.setCursor(at);
        frame.setLast(_amountOut(pair, head, amountIn, address(0)));
    }

    /// @dev The input token of a step that pays a tracked token or measures what arrived, and the token to measure, if so.
    function _specialInput(uint256 head, uint256 payer, address settlement, uint256 at)
        private
        pure
        returns (address token, address measured, uint256 fieldsEnd)
    {
        uint256 flags = (head >> 240) & 0xff;
        if (payer > Plan.PAYER_TRACKED) revert Read.UnknownStep(head >> 248, flags);
        (token, fieldsEnd) = (settlement, at);
        if (payer != Plan.PAYER_SETTLEMENT) (token, fieldsEnd) = (Read.addr(at), Read.skip(at, Plan.ADDRESS_BYTES));
        if (flags & Plan.V2_MEASURED != 0) measured = token;
    }

    /// @dev The step's input amount and, unless it is computed, its output amount; also where the fields behind them start.
    function _amounts(Frame frame, uint256 head, uint256 at)
        internal
        pure
        returns (uint256 amountIn, uint256 amountOut, uint256 fieldsEnd)
    {
        uint256 flags = (head >> 240) & 0xff;
        amountIn = frame.last();
        if (flags & Plan.V2_AMOUNT_LAST == 0) {
            amountIn = Read.u128(at);
            at = Read.skip(at, Plan.AMOUNT_BYTES);
        }
        uint256 output = flags >> Plan.V2_OUTPUT_SHIFT;
        if (output == Plan.V2_OUTPUT_LITERAL) {
            amountOut = Read.u112(at);
            at = Read.skip(at, Plan.V2_OUTPUT_BYTES);
        } else if (output == Plan.V2_OUTPUT_OWED) {
            amountOut = frame.owed();
        } else if (output != Plan.V2_OUTPUT_COMPUTED) {
            revert Read.UnknownStep(head >> 248, flags);
        }
        return (amountIn, amountOut, at);
    }

    /// @dev The constant-product output for `amountIn`, or, where `measured` names the input token, for what arrived at the pair.
    function _amountOut(address pair, uint256 head, uint256 amountIn, address measured) internal view returns (uint256) {
        (uint256 reserveIn, uint256 reserveOut) = _reserves(pair);
        if ((head >> 248) & Plan.ZERO_FOR_ONE == 0) (reserveIn, reserveOut) = (reserveOut, reserveIn);
        if (measured != address(0)) amountIn = Payments.balanceOf(measured, pair) - reserveIn;
        if (amountIn > type(uint128).max) revert AmountTooLarge(amountIn);
        // 128 bits of input, 14 of basis points and 112 of reserves stay below 256. A false pair that tells larger reserves gets a
        // wrong output asked of it, which is its own to give.
        unchecked {
            uint256 amountInWithFee = amountIn * (_BASIS - ((head >> 232) & 0xff));
            return (amountInWithFee * reserveOut) / (reserveIn * _BASIS + amountInWithFee);
        }
    }

    function _reserves(address pair) private view returns (uint256 reserve0, uint256 reserve1) {
        bytes4 selector = IUniswapV2Pair.getReserves.selector;
        bool ok;
        // (reserve0, reserve1,) = pair.getReserves(), with at least 64 bytes returned
        assembly ("memory-safe") {
            mstore(0x00, selector)
            ok := staticcall(gas(), pair, 0x00, 0x04, 0x00, 0x40)
            ok := and(ok, gt(returndatasize(), 0x3f))
            reserve0 := mload(0x00)
            reserve1 := mload(0x20)
        }
        if (!ok) revert NoReserves(pair);
    }

    /// @dev Asks the pair of the step that begins with `head` for `amountOut`.
    function _swapPair(uint256 head, uint256 amountOut, address to) private {
        bytes4 selector = IUniswapV2Pair.swap.selector;
        address pair = address(uint160(head >> 72));
        bool ok;
        // ok = pair.call(abi.encodeCall(swap, (zeroForOne ? 0 : amountOut, zeroForOne ? amountOut : 0, to, "")))
        assembly ("memory-safe") {
            let free := mload(0x40)
            mstore(free, selector)
            // Where the output goes: the second amount if token0 goes in, else the first.
            let zeroForOne := shl(5, and(shr(248, head), 1))
            mstore(add(free, sub(0x24, zeroForOne)), 0)
            mstore(add(add(free, 0x04), zeroForOne), amountOut)
            mstore(add(free, 0x44), shr(96, shl(96, to)))
            mstore(add(free, 0x64), 0x80)
            mstore(add(free, 0x84), 0)
            ok := call(gas(), pair, 0, free, 0xa4, 0, 0)
        }
        if (!ok) Payments.revertWithReason(pair);
    }
}
