// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

import {IUniswapV3Pool, IUniswapV3SwapCallback, IPancakeV3SwapCallback} from "../../interfaces/IUniswapV3Pool.sol";
import {Frame} from "../base/Frame.sol";
import {Payments} from "../base/Payments.sol";
import {PlanFormat as Plan} from "../base/PlanFormat.sol";
import {PlanReader as Read} from "../base/PlanReader.sol";
import {Settle} from "../base/Settle.sol";

/// @notice Pools of the Uniswap V3 shape: the output is sent first, the input is asked for in a callback.
/// @dev The data of a callback: the payer in one byte, the settlement token, the tracked token where there is one, the cap where the
/// router pays, then the continuation. Not checked here: that the pool is genuine; what a false one can ask for is capped, and the
/// profit rule undoes the whole call unless the asked minimum is still met.
abstract contract UniswapV3Venue is Settle, IUniswapV3SwapCallback, IPancakeV3SwapCallback {
    uint160 private constant _LOWEST_LIMIT = 4295128740;
    uint160 private constant _HIGHEST_LIMIT = 1461446703485210103287273052203988822378723970341;

    /// @dev What a V3 step says, between reading and calling.
    struct Swap {
        address pool;
        bool zeroForOne;
        int256 amountSpecified;
        uint160 limit;
        address recipient;
        bytes4 callback;
        uint256 payer;
        address token;
        uint256 cap;
        uint256 start;
        uint256 end;
    }

    function _uniswapV3Swap(Frame memory frame) internal {
        Swap memory swap = _readSwap(frame);
        frame.cursor = swap.end;
        uint256 lengthAt;
        address settlement = frame.settlement;
        // call = abi.encodeCall(swap, (recipient, zeroForOne, amountSpecified, limit, data)) at the free memory pointer, where
        // data = abi.encodePacked(uint8(payer), settlement, tracked ? token : "", payer != none ? uint128(cap) : "", continuation)
        assembly ("memory-safe") {
            let free := mload(0x40)
            lengthAt := add(free, 0xa4)
            let at := add(lengthAt, 0x20)
            let payer := mload(add(swap, 0xc0))
            mstore8(at, payer)
            mstore(add(at, 1), shl(96, settlement))
            at := add(at, 21)
            if eq(payer, 2) {
                mstore(at, shl(96, mload(add(swap, 0xe0))))
                at := add(at, 20)
            }
            if payer {
                mstore(at, shl(128, mload(add(swap, 0x100))))
                at := add(at, 16)
            }
            let start := mload(add(swap, 0x120))
            let length := sub(mload(add(swap, 0x140)), start)
            calldatacopy(at, start, length)
            mstore(lengthAt, sub(add(at, length), add(lengthAt, 0x20)))
        }
        _register(swap.pool, swap.callback, lengthAt);
        frame.last = _callSwap(swap, lengthAt);
        _requireSpent(swap.pool);
    }

    /// @notice The callback of a swap that this router's own running plan asked for; anyone else is refused.
    function uniswapV3SwapCallback(int256 amount0Delta, int256 amount1Delta, bytes calldata data) external {
        _payOwed(amount0Delta, amount1Delta, data);
    }

    /// @notice The same, as PancakeSwap V3 names it.
    function pancakeV3SwapCallback(int256 amount0Delta, int256 amount1Delta, bytes calldata data) external {
        _payOwed(amount0Delta, amount1Delta, data);
    }

    /// @dev Runs the continuation, then pays what is owed if the registration says that the router pays.
    function _payOwed(int256 amount0Delta, int256 amount1Delta, bytes calldata data) private {
        _consume(data);
        Frame memory frame = _continuation(data, 1, 1 + Plan.ADDRESS_BYTES);
        (int256 asked, int256 given) = amount0Delta > 0 ? (amount0Delta, amount1Delta) : (amount1Delta, amount0Delta);
        uint256 owed = asked > 0 ? uint256(asked) : 0;
        frame.owed = owed;
        frame.last = given < 0 ? uint256(-given) : 0;

        uint256 payer = uint8(data[0]);
        if (payer == Plan.PAYER_NONE) {
            _run(frame);
            return;
        }
        address token = frame.settlement;
        if (payer == Plan.PAYER_TRACKED) {
            token = Read.addr(frame.cursor);
            frame.cursor = Read.skip(frame.cursor, Plan.ADDRESS_BYTES);
        }
        uint256 cap = Read.u128(frame.cursor);
        frame.cursor = Read.skip(frame.cursor, Plan.AMOUNT_BYTES);
        if (frame.cursor < frame.end) _run(frame);
        if (owed > cap) revert Payments.PaymentOverCap(token, owed, cap);
        _pay(payer, token, msg.sender, owed);
    }

    function _readSwap(Frame memory frame) private view returns (Swap memory swap) {
        uint256 head = Read.word(frame.cursor);
        uint256 flags = (head >> 240) & 0xff;
        uint256 at = Read.skip(frame.cursor, Plan.POOL_STEP_BYTES);
        swap.pool = Read.poolAt(frame.cursor);
        swap.zeroForOne = (head >> 248) & Plan.ZERO_FOR_ONE != 0;
        swap.callback = _callbackOf((head >> 232) & 0xff, head);

        swap.payer = (flags & Plan.PAYER_MASK) >> Plan.PAYER_SHIFT;
        if (swap.payer > Plan.PAYER_TRACKED) revert Read.UnknownStep(head >> 248, flags);
        if (swap.payer == Plan.PAYER_TRACKED) {
            swap.token = Read.addr(at);
            at = Read.skip(at, Plan.ADDRESS_BYTES);
        }
        at = _readAmount(frame, swap, flags & Plan.V3_AMOUNT_MASK, at);
        uint256 recipientAt = at;
        at = Read.skip(at, _recipientBytes(flags));
        if (flags & Plan.V3_PRICE_LIMIT != 0) {
            swap.limit = uint160(Read.addr(at));
            at = Read.skip(at, Plan.ADDRESS_BYTES);
        } else {
            swap.limit = swap.zeroForOne ? _LOWEST_LIMIT : _HIGHEST_LIMIT;
        }
        uint256 length;
        if (flags & Plan.V3_CONTINUATION != 0) {
            length = Read.u16(at);
            at = Read.skip(at, Plan.LENGTH_BYTES);
        }
        swap.start = at;
        swap.end = Read.skip(at, length);
        Read.requireWithin(swap.end, frame.end);
        swap.recipient = _recipient(frame, flags, recipientAt, at);
    }

    /// @dev Exact input is its own cap; exact output names one where the router pays.
    function _readAmount(Frame memory frame, Swap memory swap, uint256 kind, uint256 at) private pure returns (uint256) {
        uint256 amount;
        if (kind == Plan.V3_EXACT_IN_LAST) {
            amount = frame.last;
        } else if (kind == Plan.V3_EXACT_OUT_OWED) {
            amount = frame.owed;
        } else {
            amount = Read.u128(at);
            at = Read.skip(at, Plan.AMOUNT_BYTES);
        }
        // The cap travels in 16 bytes: what does not fit is refused, never cut off.
        if (amount > type(uint128).max) revert AmountTooLarge(amount);
        if (kind == Plan.V3_EXACT_IN || kind == Plan.V3_EXACT_IN_LAST) {
            swap.amountSpecified = int256(amount);
            swap.cap = amount;
        } else {
            swap.amountSpecified = -int256(amount);
            if (swap.payer != Plan.PAYER_NONE) {
                swap.cap = Read.u128(at);
                at = Read.skip(at, Plan.AMOUNT_BYTES);
            }
        }
        return at;
    }

    function _callbackOf(uint256 kind, uint256 head) private pure returns (bytes4) {
        if (kind == Plan.V3_CALLBACK_UNISWAP) return IUniswapV3SwapCallback.uniswapV3SwapCallback.selector;
        if (kind == Plan.V3_CALLBACK_PANCAKE) return IPancakeV3SwapCallback.pancakeV3SwapCallback.selector;
        revert Read.UnknownStep(head >> 248, kind);
    }

    /// @dev Calls the pool with the data whose length word stands at `lengthAt`; returns the output amount.
    function _callSwap(Swap memory swap, uint256 lengthAt) private returns (uint256 amountOut) {
        bytes4 selector = IUniswapV3Pool.swap.selector;
        address pool = swap.pool;
        bool ok;
        int256 amount0;
        int256 amount1;
        // (amount0, amount1) = pool.swap(recipient, zeroForOne, amountSpecified, limit, data), with at least 64 bytes returned
        assembly ("memory-safe") {
            let call_ := sub(lengthAt, 0xa4)
            mstore(call_, selector)
            mstore(add(call_, 0x04), mload(add(swap, 0x80)))
            mstore(add(call_, 0x24), mload(add(swap, 0x20)))
            mstore(add(call_, 0x44), mload(add(swap, 0x40)))
            mstore(add(call_, 0x64), mload(add(swap, 0x60)))
            mstore(add(call_, 0x84), 0xa0)
            let size := add(0xc4, mload(lengthAt))
            ok := call(gas(), pool, 0, call_, size, 0x00, 0x40)
            ok := and(ok, gt(returndatasize(), 0x3f))
            amount0 := mload(0x00)
            amount1 := mload(0x20)
        }
        if (!ok) Payments.revertWithReason(pool);
        int256 out = swap.zeroForOne ? amount1 : amount0;
        return out < 0 ? uint256(-out) : 0;
    }
}
