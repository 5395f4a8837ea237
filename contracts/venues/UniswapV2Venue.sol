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

    /// Opcode and flags of a plain hop, but for direction, receiver and whether the output is owed: the router pays a literal amount of
    /// the settlement token, or the pair is paid already and no amount follows; the output is a literal or what the caller is owed.
    uint256 private constant _PLAIN_MASK = 0xfe4f << 240;
    uint256 private constant _PLAIN_PAID = (Plan.UNISWAP_V2_SWAP << 248) | (Plan.PAYER_SETTLEMENT << (240 + Plan.PAYER_SHIFT));
    uint256 private constant _PLAIN_UNPAID = (Plan.UNISWAP_V2_SWAP << 248) | (Plan.V2_AMOUNT_LAST << 240);

    /// @dev Runs the plain hop at `cursor`, whose first word is `head`, and those behind it up to `end` that are paid by the one before.
    /// Returns where the next step starts and what the last hop gave; if there is no plain hop at `cursor`, that and `last`.
    function _uniswapV2Plain(uint256 cursor, uint256 head, uint256 end, address settlement, uint256 last, uint256 owed)
        internal
        returns (uint256 next, uint256 amountOut)
    {
        (next, amountOut) = (cursor, last);
        cursor = Read.skip(cursor, Plan.POOL_STEP_BYTES);
        uint256 kind = head & _PLAIN_MASK;
        if (kind == _PLAIN_PAID) {
            Payments.transfer(settlement, address(uint160(head >> 72)), Read.u128(cursor));
            cursor = Read.skip(cursor, Plan.AMOUNT_BYTES);
            kind = _PLAIN_UNPAID;
        }
        if (kind == _PLAIN_UNPAID) {
            uint256 refused;
            (next, amountOut, refused) = _swapPlain(cursor, head, end, owed);
            if (refused != 0) _refuse(refused, next, end);
        }
    }

    /// @dev Asks the paid pair of a plain hop that begins with `head` for its output, and so on for the plain hops behind it that are paid
    /// by the one before. `at` is where the fields behind the pair stand, `next` where the next step starts. `refused` is the pair that
    /// reverted, or one if a hop sends to a next pool that is not there.
    function _swapPlain(uint256 at, uint256 head, uint256 end, uint256 owed)
        private
        returns (uint256 next, uint256 amountOut, uint256 refused)
    {
        bytes4 selector = IUniswapV2Pair.swap.selector;
        uint256 plainMask = _PLAIN_MASK;
        uint256 plainUnpaid = _PLAIN_UNPAID;
        // do {
        //     amountOut = flagged ? owed : uint112(bytes14(msg.data[next:]));
        //     to = router, caller, the pool of the next step or the address that follows, as the flags say;
        //     pair.swap(zeroForOne ? 0 : amountOut, zeroForOne ? amountOut : 0, to, "");
        // } while (the next step is a plain unpaid hop);
        assembly ("memory-safe") {
            next := at
            let call_ := mload(0x40)
            mstore(call_, selector)
            mstore(add(call_, 0x64), 0x80)
            mstore(add(call_, 0x84), 0)
            for {} 1 {} {
                amountOut := owed
                if iszero(and(byte(1, head), 0x80)) {
                    amountOut := shr(144, calldataload(next))
                    next := add(next, 14)
                }
                let zeroForOne := and(byte(0, head), 1)
                mstore(add(call_, 0x04), mul(iszero(zeroForOne), amountOut))
                mstore(add(call_, 0x24), mul(zeroForOne, amountOut))
                let to := address()
                switch and(byte(1, head), 0x30)
                case 0x00 {}
                case 0x10 { to := caller() }
                case 0x20 {
                    to := shr(96, calldataload(add(next, 3)))
                    if gt(add(next, 0x17), end) {
                        refused := 1
                        break
                    }
                }
                default {
                    to := shr(96, calldataload(next))
                    next := add(next, 20)
                }
                mstore(add(call_, 0x44), to)
                if iszero(call(gas(), shr(72, head), 0, call_, 0xa4, 0, 0)) {
                    refused := shr(96, shl(24, head))
                    break
                }
                if iszero(lt(next, end)) { break }
                head := calldataload(next)
                if iszero(eq(and(head, plainMask), plainUnpaid)) { break }
                next := add(next, 0x17)
            }
        }
    }

    /// @dev To be called right after the pair refused.
    function _refuse(uint256 pair, uint256 at, uint256 end) private pure {
        if (pair != 1) Payments.revertWithReason(address(uint160(pair)));
        revert Read.PlanTruncated(Read.skip(at, Plan.POOL_STEP_BYTES), end);
    }

    /// @dev Runs any hop at `cursor`, whose first word is `head`; returns where the next step starts.
    function _uniswapV2Swap(Frame frame, uint256 cursor, uint256 head) internal returns (uint256 next) {
        uint256 at = Read.skip(cursor, Plan.POOL_STEP_BYTES);
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
