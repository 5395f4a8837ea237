// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

import {IPancakeCallee, ISolidlyCallee, IUniswapV2Callee, IUniswapV2Pair} from "../../interfaces/IUniswapV2Pair.sol";
import {Frame} from "../base/Frame.sol";
import {Lending} from "../base/Lending.sol";
import {Memory} from "../base/Memory.sol";
import {Payments} from "../base/Payments.sol";
import {PlanFormat as Plan} from "../base/PlanFormat.sol";
import {PlanReader as Read} from "../base/PlanReader.sol";
import {UniswapV2Venue} from "../venues/UniswapV2Venue.sol";

/// @notice Takes from a pair of the Uniswap V2 shape before paying it: a loan is paid back in the same token, a flash swap in the other.
/// @dev The pair stays locked meanwhile. A pair names no fee: a loan's cap is what is paid back, exactly, which for a fee of f basis
/// points is amount * 10000 / (10000 - f) + 1. Not checked here: that the pool is genuine and holds the token that the plan names; a
/// false one cannot get more than the cap, and the profit rule undoes the call unless the asked minimum is met.
abstract contract UniswapV2Lender is Lending, UniswapV2Venue {
    /// Selector, four words, the data's length.
    uint256 private constant _DATA_AT = 0xa4;
    /// The callbacks by their number in the plan, four bytes each from the lowest.
    uint256 private constant _CALLBACKS = (uint256(uint32(ISolidlyCallee.hook.selector)) << 64)
        | (uint256(uint32(IPancakeCallee.pancakeCall.selector)) << 32) | uint256(uint32(IUniswapV2Callee.uniswapV2Call.selector));
    /// The flags of a flash swap: what its input is, its callback, how its output is known.
    uint256 private constant _FLASH_SWAP_FLAGS = Plan.V2_AMOUNT_LAST | Plan.PAYER_MASK | (3 << Plan.V2_OUTPUT_SHIFT);

    function _uniswapV2Loan(uint256 cursor, address settlement) internal returns (uint256 next) {
        uint256 dataAt = Read.skip(Memory.free(), _DATA_AT);
        uint256 variant;
        address pair;
        uint256 amount;
        uint256 dataEnd;
        (variant, pair, amount, dataEnd, next) = _readPoolLoan(cursor, settlement, dataAt);
        uint256 kind = variant >> Plan.POOL_LOAN_CALLBACK_SHIFT;
        _takeFromPair(pair, kind, variant & Plan.POOL_LOAN_TOKEN1, amount, dataAt, dataEnd);
    }

    /// @dev Takes the output first; the continuation pays the pair inside its callback.
    function _uniswapV2FlashSwap(Frame frame, uint256 cursor) internal returns (uint256 next) {
        uint256 head = Read.word(cursor);
        uint256 flags = (head >> 240) & 0xff;
        uint256 kind = (flags & Plan.PAYER_MASK) >> Plan.PAYER_SHIFT;
        if (flags & ~_FLASH_SWAP_FLAGS != 0 || kind > Plan.V2_CALLBACK_SOLIDLY) revert Read.UnknownStep(head >> 248, flags);
        address pair = Read.poolAt(cursor);
        (uint256 amountIn, uint256 amountOut, uint256 at) = _amounts(frame, head, Read.skip(cursor, Plan.POOL_STEP_BYTES));
        if (flags >> Plan.V2_OUTPUT_SHIFT == Plan.V2_OUTPUT_COMPUTED) amountOut = _amountOut(pair, head, amountIn, address(0));
        uint256 dataAt = Read.skip(Memory.free(), _DATA_AT);
        uint256 dataEnd;
        (dataEnd, next) = _writeData(at, frame.settlement(), dataAt);
        _takeFromPair(pair, kind, (head >> 248) & Plan.ZERO_FOR_ONE, amountOut, dataAt, dataEnd);
        frame.setLast(amountOut);
    }

    /// @dev uniswapV2Call(address sender, uint256 amount0, uint256 amount1, bytes data), and the same under the forks' names: of a loan
    /// or of a flash swap.
    function _onUniswapV2Call() internal {
        (uint256 start, uint256 length) = Read.data(100);
        _consume(start, length);
        if (Read.u8(start) == _NO_LOAN) {
            (uint256 amount0, uint256 amount1) = (Read.word(36), Read.word(68));
            _runContinuation(start, length, amount0 == 0 ? amount1 : amount0);
            return;
        }
        (address token, uint256 amount, uint256 cap, uint256 at) = _borrowed(start);
        _runLoan(start, length, at, amount);
        Payments.transfer(token, msg.sender, cap);
    }

    /// @dev pair.swap(amount of token0, amount of token1, router, data); `ofToken1` is 1 or 0.
    function _takeFromPair(address pair, uint256 kind, uint256 ofToken1, uint256 amount, uint256 dataAt, uint256 dataEnd) private {
        unchecked {
            uint256 callAt = dataAt - _DATA_AT;
            Memory.putSelector(callAt, IUniswapV2Pair.swap.selector);
            Memory.put(callAt + 0x04, ofToken1 == 0 ? amount : 0);
            Memory.put(callAt + 0x24, ofToken1 == 0 ? 0 : amount);
            Memory.put(callAt + 0x44, uint160(address(this)));
            Memory.put(callAt + 0x64, 0x80);
            _borrow(pair, bytes4(uint32(_CALLBACKS >> (kind << 5))), callAt, dataAt, dataEnd);
        }
    }
}
