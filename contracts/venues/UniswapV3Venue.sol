// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

import {IUniswapV3Pool} from "../../interfaces/IUniswapV3Pool.sol";
import {Frame, FrameAccess, PlanRunner} from "../base/Frame.sol";
import {Memory} from "../base/Memory.sol";
import {Payments} from "../base/Payments.sol";
import {PlanFormat as Plan} from "../base/PlanFormat.sol";
import {PlanReader as Read} from "../base/PlanReader.sol";
import {Settle} from "../base/Settle.sol";

/// @notice Pools of the Uniswap V3 shape: the output is sent first, the input is asked for in a callback.
/// @dev The data of a callback: the payer in one byte, the settlement token, the cap of what the router pays, the continuation, then
/// the token where the router pays a tracked one. Not checked here: that the pool is genuine; what a false one can ask for is capped,
/// and the profit rule undoes the whole call unless the asked minimum is still met.
abstract contract UniswapV3Venue is Settle, PlanRunner {
    uint256 private constant _LOWEST_LIMIT = 4295128740;
    uint256 private constant _HIGHEST_LIMIT = 1461446703485210103287273052203988822378723970341;
    /// The callbacks by their number in the plan, four bytes each from the lowest: uniswapV3SwapCallback, pancakeV3SwapCallback,
    /// algebraSwapCallback, solidlyV3SwapCallback.
    uint256 private constant _CALLBACKS = 0x3a1c453c2c8958f623a69e75fa461e33;
    /// Places in the call: four words behind the selector, then the offset of the data, its length, and the data itself.
    uint256 private constant _TO_AT = 0x04;
    uint256 private constant _DIRECTION_AT = 0x24;
    uint256 private constant _SPECIFIED_AT = 0x44;
    uint256 private constant _LIMIT_AT = 0x64;
    uint256 private constant _OFFSET_AT = 0x84;
    uint256 private constant _DATA_AT = 0xc4;
    uint256 private constant _OFFSET = 0xa0;
    /// Length of what the data begins with: payer, settlement token, cap.
    uint256 private constant _DATA_HEAD_BYTES = 1 + Plan.ADDRESS_BYTES + Plan.AMOUNT_BYTES;
    /// Places in the callback: two deltas and the offset of the data, its length, the data itself, and in it the continuation.
    uint256 private constant _CALLBACK_LENGTH_AT = 0x64;
    uint256 private constant _CALLBACK_DATA_AT = 0x84;
    uint256 private constant _CALLBACK_STEPS_AT = _CALLBACK_DATA_AT + _DATA_HEAD_BYTES;
    /// Bits of a step's first word.
    uint256 private constant _TRACKED = Plan.PAYER_TRACKED << (240 + Plan.PAYER_SHIFT);
    uint256 private constant _SETTLEMENT = Plan.PAYER_SETTLEMENT << (240 + Plan.PAYER_SHIFT);
    uint256 private constant _AMOUNT = Plan.V3_AMOUNT_MASK << 240;
    uint256 private constant _CONTINUATION = Plan.V3_CONTINUATION << 240;
    /// Of a plain hop: all of opcode, flags and callback but the direction, the lower bits of payer and receiver, and the continuation.
    uint256 private constant _PLAIN_MASK = 0xfe6bff << 232;
    /// Of a plain hop: what comes out goes to this frame's caller. Written out, as assembly takes plain numbers only.
    uint256 private constant _TO_CALLER = 0x0010000000000000000000000000000000000000000000000000000000000000;

    /// @dev Whether the step that begins with `head` is a plain hop over a pool: a literal exact input, no price limit, to the router or
    /// to this frame's caller, of a pool that calls back as Uniswap's do.
    function _isPlainV3(uint256 head) internal pure returns (bool) {
        return head & _PLAIN_MASK == Plan.UNISWAP_V3_SWAP << 248;
    }

    /// @dev Runs the plain hop at `cursor`, whose first word is `head`; returns where the next step starts and what this one gave.
    function _uniswapV3Plain(uint256 cursor, uint256 head, address settlement) internal returns (uint256 next, uint256 output) {
        uint256 call_ = Memory.free();
        uint256 length;
        bytes32 commitment;
        (next, length, commitment) = _putPlain(call_, head, cursor, settlement);
        _expect(commitment);
        bool ok;
        // (int256 amount0, int256 amount1) = the call above; output = zeroForOne ? -amount1 : -amount0. A pool that returns less leaves
        // some other number for its output, as it may anyway.
        assembly ("memory-safe") {
            ok := call(gas(), shr(72, head), 0, call_, add(length, 0xc4), 0x00, 0x40)
            output := sub(0, mload(shl(5, and(byte(0, head), 1))))
        }
        if (!ok) Payments.revertWithReason(address(uint160(head >> 72)));
        if (!_isSpent()) revert CallbackMissing(address(uint160(head >> 72)));
    }

    /// @dev Runs any hop at `cursor`, whose first word is `head`; returns where the next step starts.
    function _uniswapV3Swap(Frame frame, uint256 cursor, uint256 head) internal returns (uint256 next) {
        uint256 call_ = Memory.free();
        uint256 length;
        (next, length) = _putRare(frame, call_, head, cursor);
        _expect(_commitment(call_, head, length));
        uint256 output = _callPool(call_, head, length);
        _requireSpent(address(uint160(head >> 72)));
        frame.setLast(output);
    }

    /// @dev uniswapV3SwapCallback(int256 amount0Delta, int256 amount1Delta, bytes data), and the same under the forks' names: runs the
    /// continuation, then pays what is owed if the registration says that the router pays. Ends the call.
    function _onUniswapV3Swap() internal {
        uint256 length = Read.word(_CALLBACK_LENGTH_AT);
        if (!_isExpected(_commitmentToThis(length))) _refuseCallback();
        _spend();
        uint256 head = Read.word(_CALLBACK_DATA_AT);
        uint256 end = Read.skip(_CALLBACK_DATA_AT, length);
        (uint256 owed, uint256 given) = _deltas();
        if (head >> 248 == Plan.PAYER_NONE) {
            if (length > _DATA_HEAD_BYTES) _runSteps(_CALLBACK_STEPS_AT, end, address(uint160(head >> 88)), given, owed);
        } else {
            _runAndPay(end, head, owed, given);
        }
        // return from the whole call, which has nothing else to do
        assembly ("memory-safe") {
            stop()
        }
    }

    function _runAndPay(uint256 end, uint256 head, uint256 owed, uint256 given) private {
        address token = address(uint160(head >> 88));
        if (head >> 248 == Plan.PAYER_TRACKED) {
            unchecked {
                end -= Plan.ADDRESS_BYTES;
            }
            token = Read.addr(end);
        }
        if (end > _CALLBACK_STEPS_AT) _runSteps(_CALLBACK_STEPS_AT, end, address(uint160(head >> 88)), given, owed);
        uint256 cap = Read.u128(_CALLBACK_DATA_AT + 1 + Plan.ADDRESS_BYTES);
        if (owed > cap) revert Payments.PaymentOverCap(token, owed, cap);
        _pay(head >> 248, token, msg.sender, owed);
    }

    /// @dev What this callback hashes to, with the data where every pool puts it; a pool that puts it elsewhere is refused.
    function _commitmentToThis(uint256 length) private view returns (bytes32 commitment) {
        // commitment = keccak256(abi.encodePacked(msg.sender, uint64(0), msg.sig, msg.data[0x84:0x84 + length]))
        assembly ("memory-safe") {
            let free := mload(0x40)
            mstore(free, or(shl(96, caller()), shr(224, calldataload(0))))
            calldatacopy(add(free, 0x20), 0x84, length)
            commitment := keccak256(free, add(length, 0x20))
        }
    }

    /// @dev Writes the call of a plain hop, whose data is `length` bytes long, and what a callback with that data must hash to.
    function _putPlain(uint256 call_, uint256 head, uint256 cursor, address settlement)
        private
        view
        returns (uint256 next, uint256 length, bytes32 commitment)
    {
        bytes4 selector = IUniswapV3Pool.swap.selector;
        // memory[call_:] = abi.encodeCall(swap, (toCaller ? msg.sender : this, zeroForOne, int256(amount), the furthest limit, data));
        // data = abi.encodePacked(uint8(payer), settlement, uint128(amount), continuation), written from the end, word over word,
        // the token without its upper bits, which the compiler does not promise to be clean;
        // commitment = keccak256(abi.encodePacked(pool, uint64(0), uniswapV3SwapCallback.selector, data)), hashed over data's length
        assembly ("memory-safe") {
            next := add(cursor, 0x27)
            let amount := shr(128, calldataload(add(cursor, 0x17)))
            mstore(add(call_, 0xc9), amount)
            mstore(add(call_, 0xb9), or(shl(160, and(shr(242, head), 3)), shr(96, shl(96, settlement))))
            mstore(call_, selector)
            let to := address()
            if and(head, _TO_CALLER) { to := caller() }
            mstore(add(call_, 0x04), to)
            let zeroForOne := and(byte(0, head), 1)
            mstore(add(call_, 0x24), zeroForOne)
            mstore(add(call_, 0x44), amount)
            mstore(add(call_, 0x64), xor(_HIGHEST_LIMIT, mul(zeroForOne, xor(_HIGHEST_LIMIT, _LOWEST_LIMIT))))
            mstore(add(call_, 0x84), 0xa0)
            // Without a continuation, nothing is copied.
            let continued := shr(7, byte(1, head))
            let size := mul(continued, shr(240, calldataload(next)))
            next := add(next, shl(1, continued))
            calldatacopy(add(call_, 0xe9), next, size)
            next := add(next, size)
            length := add(0x25, size)
            let lengthAt := add(call_, 0xa4)
            mstore(lengthAt, or(shl(96, shr(72, head)), 0xfa461e33))
            commitment := keccak256(lengthAt, add(length, 0x20))
            mstore(lengthAt, length)
        }
    }

    /// @dev Writes payer, settlement token and cap, which has at most 16 bytes, to the beginning of the data.
    function _putDataHead(uint256 call_, uint256 head, address settlement, uint256 cap) private pure {
        // memory[call_ + 0xc4:][:37] = abi.encodePacked(uint8(payer), settlement, uint128(cap)), from the end, one word over the other
        assembly ("memory-safe") {
            mstore(add(call_, 0xc9), cap)
            mstore(add(call_, 0xb9), or(shl(160, and(shr(242, head), 3)), shr(96, shl(96, settlement))))
        }
    }

    /// @dev Writes the call of any other step.
    function _putRare(Frame frame, uint256 call_, uint256 head, uint256 cursor) private view returns (uint256 next, uint256 length) {
        unchecked {
            uint256 at = cursor + Plan.POOL_STEP_BYTES;
            if (head & _TRACKED != 0) {
                if (head & _SETTLEMENT != 0) revert Read.UnknownStep(head >> 248, (head >> 240) & 0xff);
                at += Plan.ADDRESS_BYTES;
            }
            at = _putAmount(frame, call_, head, at);
            uint256 toAt = at;
            at += _recipientBytes(head >> 240);
            uint256 limit = (head >> 248) & Plan.ZERO_FOR_ONE == 0 ? _HIGHEST_LIMIT : _LOWEST_LIMIT;
            if (head & (Plan.V3_PRICE_LIMIT << 240) != 0) {
                limit = uint160(Read.addr(at));
                at += Plan.ADDRESS_BYTES;
            }
            next = at;
            length = _DATA_HEAD_BYTES;
            if (head & _CONTINUATION != 0) {
                at += Plan.LENGTH_BYTES;
                next = at + Read.u16(at - Plan.LENGTH_BYTES);
                Memory.putCalldata(call_ + _DATA_AT + length, at, next - at);
                length += next - at;
            }
            if (head & _TRACKED != 0) {
                Memory.putAddress(call_ + _DATA_AT + length, Read.addr(cursor + Plan.POOL_STEP_BYTES));
                length += Plan.ADDRESS_BYTES;
            }
            Memory.put(call_ + _OFFSET_AT, _OFFSET);
            Memory.put(call_ + _LIMIT_AT, limit);
            Memory.put(call_ + _DIRECTION_AT, (head >> 248) & Plan.ZERO_FOR_ONE);
            Memory.put(call_, uint256(bytes32(IUniswapV3Pool.swap.selector)));
            Memory.put(call_ + _TO_AT, uint160(_recipient(frame, head >> 240, toAt, at)));
        }
    }

    /// @dev Writes the amount and the beginning of the data. An exact input is its own cap; an exact output names one where the router
    /// pays.
    function _putAmount(Frame frame, uint256 call_, uint256 head, uint256 at) private pure returns (uint256 nextAt) {
        unchecked {
            uint256 kind = (head & _AMOUNT) >> 240;
            uint256 amount = kind == Plan.V3_EXACT_IN_LAST ? frame.last() : frame.owed();
            if (kind == Plan.V3_EXACT_IN || kind == Plan.V3_EXACT_OUT) {
                amount = Read.u128(at);
                at += Plan.AMOUNT_BYTES;
            }
            // The cap travels in 16 bytes: what does not fit is refused, never cut off.
            if (amount > type(uint128).max) revert AmountTooLarge(amount);
            uint256 cap = amount;
            if (kind > Plan.V3_EXACT_IN_LAST) {
                // Two's complement: the pool reads a negative amount as an exact output.
                amount = 0 - amount;
                if (head & (Plan.PAYER_MASK << 240) != 0) {
                    cap = Read.u128(at);
                    at += Plan.AMOUNT_BYTES;
                }
            }
            _putDataHead(call_, head, frame.settlement(), cap);
            Memory.put(call_ + _SPECIFIED_AT, amount);
            return at;
        }
    }

    /// @dev What the pool asks for and what it gave. A pool that names deltas which no swap has, both of one sign, gets numbers so large
    /// that no cap and no output covers them.
    function _deltas() private pure returns (uint256 owed, uint256 given) {
        // (owed, given) = delta0 > delta1 ? (delta0, -delta1) : (delta1, -delta0)
        assembly ("memory-safe") {
            let delta0 := calldataload(0x04)
            let delta1 := calldataload(0x24)
            owed := xor(delta1, mul(xor(delta0, delta1), sgt(delta0, delta1)))
            given := sub(owed, add(delta0, delta1))
        }
    }

    /// @dev What a callback of the call at `call_` with its data must hash to; completes the call.
    function _commitment(uint256 call_, uint256 head, uint256 length) private pure returns (bytes32 commitment) {
        uint256 selector = uint32(_CALLBACKS >> (((head >> 232) & 0xff) << 5));
        if (selector == 0) revert Read.UnknownStep(head >> 248, (head >> 232) & 0xff);
        // commitment = keccak256(abi.encodePacked(pool, uint64(0), uint32(selector), data)), hashed in place of the data's length
        assembly ("memory-safe") {
            let lengthAt := add(call_, 0xa4)
            mstore(lengthAt, or(shl(96, shr(72, head)), selector))
            commitment := keccak256(lengthAt, add(length, 0x20))
            mstore(lengthAt, length)
        }
    }

    /// @dev Makes the call at `call_`; returns the output.
    function _callPool(uint256 call_, uint256 head, uint256 length) private returns (uint256 output) {
        address pool = address(uint160(head >> 72));
        bool ok;
        // (int256 amount0, int256 amount1) = the call above, with at least 64 bytes returned; output = zeroForOne ? -amount1 : -amount0
        assembly ("memory-safe") {
            ok := call(gas(), pool, 0, call_, add(length, 0xc4), 0x00, 0x40)
            ok := and(ok, gt(returndatasize(), 0x3f))
            output := sub(0, mload(shl(5, and(shr(248, head), 1))))
        }
        if (!ok) Payments.revertWithReason(pool);
    }
}
