// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

import {IUniswapV3Pool} from "../../interfaces/IUniswapV3Pool.sol";
import {Frame, FrameAccess} from "../base/Frame.sol";
import {Memory} from "../base/Memory.sol";
import {Payments} from "../base/Payments.sol";
import {PlanFormat as Plan} from "../base/PlanFormat.sol";
import {PlanReader as Read} from "../base/PlanReader.sol";
import {Settle} from "../base/Settle.sol";

/// @notice Pools of the Uniswap V3 shape: the output is sent first, the input is asked for in a callback.
/// @dev The data of a callback: the payer in one byte, the settlement token, the tracked token where there is one, the cap where the
/// router pays, then the continuation. Not checked here: that the pool is genuine; what a false one can ask for is capped, and the
/// profit rule undoes the whole call unless the asked minimum is still met.
abstract contract UniswapV3Venue is Settle {
    uint256 private constant _LOWEST_LIMIT = 4295128740;
    uint256 private constant _HIGHEST_LIMIT = 1461446703485210103287273052203988822378723970341;
    /// The callbacks by their number in the plan, four bytes each from the lowest: uniswapV3SwapCallback, pancakeV3SwapCallback,
    /// algebraSwapCallback, solidlyV3SwapCallback.
    uint256 private constant _CALLBACKS = 0x3a1c453c2c8958f623a69e75fa461e33;
    /// Where the data of the callback starts in the call: behind the selector, five words and its length.
    uint256 private constant _DATA_AT = 0xc4;
    /// Fields that few steps have.
    uint256 private constant _RARE = Plan.V3_PRICE_LIMIT | (2 << Plan.RECIPIENT_SHIFT);

    function _uniswapV3Swap(Frame frame) internal {
        uint256 cursor = frame.cursor();
        uint256 head = Read.word(cursor);
        uint256 data = Read.skip(Memory.free(), _DATA_AT);
        (uint256 at, uint256 dataEnd, uint256 specified) = _readInput(frame, head, Read.skip(cursor, Plan.POOL_STEP_BYTES), data);

        uint256 toAt = at;
        uint256 flags = (head >> 240) & 0xff;
        uint256 limit = (head >> 248) & Plan.ZERO_FOR_ONE == 0 ? _HIGHEST_LIMIT : _LOWEST_LIMIT;
        if (flags & _RARE != 0) (at, limit) = _readRare(flags, at, limit);
        uint256 length;
        if (flags & Plan.V3_CONTINUATION != 0) {
            length = Read.u16(at);
            at = Read.skip(at, Plan.LENGTH_BYTES);
        }
        uint256 end = Read.skip(at, length);
        Read.requireWithin(end, frame.end());
        frame.setCursor(end);
        address to = _recipient(frame, flags, toAt, at);
        Memory.putCalldata(dataEnd, at, length);
        frame.setLast(_swap(head, data, Read.skip(dataEnd, length), to, specified, limit));
    }

    /// @dev uniswapV3SwapCallback(int256 amount0Delta, int256 amount1Delta, bytes data), and the same under the forks' names: runs the
    /// continuation, then pays what is owed if the registration says that the router pays.
    function _onUniswapV3Swap() internal {
        (uint256 start, uint256 length) = Read.data(68);
        _consume(start, length);
        (uint256 owed, uint256 given) = _deltas();
        uint256 payer = Read.u8(start);
        address settlement = Read.addr(Read.skip(start, 1));
        uint256 at = Read.skip(start, 1 + Plan.ADDRESS_BYTES);
        uint256 end = Read.skip(start, length);
        if (payer == Plan.PAYER_NONE) {
            _run(FrameAccess.open(at, end, settlement, given, owed));
            return;
        }
        address token = settlement;
        if (payer == Plan.PAYER_TRACKED) {
            token = Read.addr(at);
            at = Read.skip(at, Plan.ADDRESS_BYTES);
        }
        uint256 cap = Read.u128(at);
        at = Read.skip(at, Plan.AMOUNT_BYTES);
        if (at < end) _run(FrameAccess.open(at, end, settlement, given, owed));
        if (owed > cap) revert Payments.PaymentOverCap(token, owed, cap);
        _pay(payer, token, msg.sender, owed);
    }

    /// @dev Reads payer and amount, writes the fixed part of the callback's data; returns where the next field of the step and of the
    /// data stand. An exact input is its own cap; an exact output names one where the router pays.
    function _readInput(Frame frame, uint256 head, uint256 at, uint256 data)
        private
        pure
        returns (uint256 nextAt, uint256 dataEnd, uint256 specified)
    {
        uint256 flags = (head >> 240) & 0xff;
        uint256 payer = (flags & Plan.PAYER_MASK) >> Plan.PAYER_SHIFT;
        Memory.putByte(data, payer);
        Memory.putAddress(Read.skip(data, 1), frame.settlement());
        dataEnd = Read.skip(data, 1 + Plan.ADDRESS_BYTES);
        if (payer > Plan.PAYER_SETTLEMENT) {
            if (payer != Plan.PAYER_TRACKED) revert Read.UnknownStep(head >> 248, flags);
            Memory.putAddress(dataEnd, Read.addr(at));
            (at, dataEnd) = (Read.skip(at, Plan.ADDRESS_BYTES), Read.skip(dataEnd, Plan.ADDRESS_BYTES));
        }
        uint256 cap;
        (specified, cap, nextAt) = _readAmount(frame, flags, at);
        if (payer != Plan.PAYER_NONE) {
            Memory.putAmount(dataEnd, cap);
            dataEnd = Read.skip(dataEnd, Plan.AMOUNT_BYTES);
        }
    }

    function _readAmount(Frame frame, uint256 flags, uint256 at)
        private
        pure
        returns (uint256 specified, uint256 cap, uint256 nextAt)
    {
        uint256 kind = flags & Plan.V3_AMOUNT_MASK;
        if (kind == Plan.V3_EXACT_IN) {
            cap = Read.u128(at);
            return (cap, cap, Read.skip(at, Plan.AMOUNT_BYTES));
        }
        uint256 amount;
        if (kind == Plan.V3_EXACT_IN_LAST) {
            amount = frame.last();
        } else if (kind == Plan.V3_EXACT_OUT_OWED) {
            amount = frame.owed();
        } else {
            amount = Read.u128(at);
            at = Read.skip(at, Plan.AMOUNT_BYTES);
        }
        // The cap travels in 16 bytes: what does not fit is refused, never cut off.
        if (amount > type(uint128).max) revert AmountTooLarge(amount);
        if (kind == Plan.V3_EXACT_IN_LAST) return (amount, amount, at);
        if (flags & Plan.PAYER_MASK != 0) {
            cap = Read.u128(at);
            at = Read.skip(at, Plan.AMOUNT_BYTES);
        }
        unchecked {
            // Two's complement: the pool reads a negative amount as an exact output.
            return (0 - amount, cap, at);
        }
    }

    /// @dev An explicit receiver, which is read later, and a price limit.
    function _readRare(uint256 flags, uint256 at, uint256 limit) private pure returns (uint256, uint256) {
        at = Read.skip(at, _recipientBytes(flags));
        if (flags & Plan.V3_PRICE_LIMIT == 0) return (at, limit);
        return (Read.skip(at, Plan.ADDRESS_BYTES), uint160(Read.addr(at)));
    }

    /// @dev What the pool asks for and what it gave.
    function _deltas() private pure returns (uint256 owed, uint256 given) {
        (int256 asked, int256 other) = (int256(Read.word(4)), int256(Read.word(36)));
        if (asked <= 0) (asked, other) = (other, asked);
        unchecked {
            return (asked > 0 ? uint256(asked) : 0, other < 0 ? uint256(-other) : 0);
        }
    }

    /// @dev Registers the callback and calls the pool with the data that stands between `data` and `dataEnd`; returns the output.
    function _swap(uint256 head, uint256 data, uint256 dataEnd, address to, uint256 specified, uint256 limit)
        private
        returns (uint256 output)
    {
        address pool = address(uint160(head >> 72));
        uint256 zeroForOne = (head >> 248) & Plan.ZERO_FOR_ONE;
        bytes4 selector = IUniswapV3Pool.swap.selector;
        // pool.swap(to, zeroForOne == 1, int256(specified), uint160(limit), memory[data:dataEnd]), written out before its data
        assembly ("memory-safe") {
            let free := sub(data, 0xc4)
            mstore(free, selector)
            mstore(add(free, 0x04), shr(96, shl(96, to)))
            mstore(add(free, 0x24), zeroForOne)
            mstore(add(free, 0x44), specified)
            mstore(add(free, 0x64), limit)
            mstore(add(free, 0x84), 0xa0)
            mstore(add(free, 0xa4), sub(dataEnd, data))
        }
        _register(pool, _callbackOf((head >> 232) & 0xff, head >> 248), data - 0x20);
        bool ok;
        // (int256 amount0, int256 amount1) = the call above, with at least 64 bytes returned; output = zeroForOne ? -amount1 : -amount0
        assembly ("memory-safe") {
            let free := sub(data, 0xc4)
            ok := call(gas(), pool, 0, free, sub(dataEnd, free), 0x00, 0x40)
            ok := and(ok, gt(returndatasize(), 0x3f))
            output := sub(0, mload(shl(5, zeroForOne)))
        }
        if (!ok) Payments.revertWithReason(pool);
        _requireSpent(pool);
        if (int256(output) < 0) output = 0;
    }

    function _callbackOf(uint256 kind, uint256 opcode) private pure returns (bytes4 selector) {
        selector = bytes4(uint32(_CALLBACKS >> (kind << 5)));
        if (selector == 0) revert Read.UnknownStep(opcode, kind);
    }
}
