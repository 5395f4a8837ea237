// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

import {IFlashLoanSimpleReceiver} from "../../interfaces/IAaveV3Pool.sol";
import {IFlashLoanRecipient} from "../../interfaces/IBalancerV2Vault.sol";
import {IERC3156FlashBorrower} from "../../interfaces/IERC3156.sol";
import {IMorphoFlashLoanCallback} from "../../interfaces/IMorphoBlue.sol";
import {IPancakeCallee, ISolidlyCallee, IUniswapV2Callee} from "../../interfaces/IUniswapV2Pair.sol";
import {
    IAlgebraFlashCallback, IPancakeV3FlashCallback, IUniswapV3FlashCallback
} from "../../interfaces/IUniswapV3FlashPool.sol";
import {IPancakeV3SwapCallback, IUniswapV3SwapCallback} from "../../interfaces/IUniswapV3Pool.sol";
import {IUniswapV4UnlockCallback} from "../../interfaces/IUniswapV4PoolManager.sol";
import {AaveV3Lender} from "../lenders/AaveV3Lender.sol";
import {BalancerV2Lender} from "../lenders/BalancerV2Lender.sol";
import {BalancerV3Lender, IBalancerV3Borrower} from "../lenders/BalancerV3Lender.sol";
import {ERC3156Lender} from "../lenders/ERC3156Lender.sol";
import {MorphoBlueLender} from "../lenders/MorphoBlueLender.sol";
import {UniswapV2Lender} from "../lenders/UniswapV2Lender.sol";
import {UniswapV3Lender} from "../lenders/UniswapV3Lender.sol";
import {UniswapV4Lender} from "../lenders/UniswapV4Lender.sol";
import {BalancerV3Lock} from "../venues/BalancerV3Lock.sol";
import {UniswapV3Venue} from "../venues/UniswapV3Venue.sol";
import {UniswapV4Lock} from "../venues/UniswapV4Lock.sol";
import {Constants} from "./Constants.sol";
import {Frame, FrameAccess} from "./Frame.sol";
import {Payments} from "./Payments.sol";
import {PlanFormat as Plan} from "./PlanFormat.sol";
import {PlanReader as Read} from "./PlanReader.sol";

/// @notice The two tables of the router: which step an opcode is, and which callback a selector is.
/// @dev Steps that few routes have live in an immutable extension, which is reached from here by delegatecall and from nowhere else.
abstract contract PlanExecution is
    UniswapV3Venue,
    AaveV3Lender,
    BalancerV2Lender,
    MorphoBlueLender,
    ERC3156Lender,
    UniswapV4Lender,
    BalancerV3Lender,
    UniswapV3Lender,
    UniswapV2Lender
{
    address private immutable _extension;

    /// What a callback that must return bytes returns: the offset of their length, which is zero.
    uint256 private constant _EMPTY_BYTES_OFFSET = 0x20;

    constructor(Constants memory constants, address extension)
        AaveV3Lender(constants)
        BalancerV2Lender(constants)
        MorphoBlueLender(constants)
        ERC3156Lender(constants)
        UniswapV4Lock(constants)
        BalancerV3Lock(constants)
    {
        _extension = extension;
    }

    /// @dev Most plans and continuations are plain hops over V2 pairs or one over a V3 pool: those need no frame.
    function _runSteps(uint256 cursor, uint256 end, address settlement, uint256 last, uint256 owed) internal virtual override {
        uint256 head = Read.word(cursor);
        if (_isPlainV3(head)) (cursor, last) = _uniswapV3Plain(cursor, head, settlement);
        else (cursor, last) = _uniswapV2Plain(cursor, head, end, settlement, last, owed);
        if (cursor != end) _runOthers(cursor, end, settlement, last, owed);
    }

    /// @dev A loan needs no frame, and is often all there is.
    function _runOthers(uint256 cursor, uint256 end, address settlement, uint256 last, uint256 owed) private {
        uint256 opcode = Read.u8(cursor);
        if (opcode >= Plan.AAVE_V3_LOAN) cursor = _lend(cursor, opcode, settlement);
        if (cursor != end) _runFrom(FrameAccess.openAt(end, settlement, last, owed), cursor);
    }

    /// @dev One step after the other. A step that reaches past the end has read bytes that are not the plan's, and is undone here.
    function _runFrom(Frame frame, uint256 cursor) internal virtual override {
        uint256 end = frame.end();
        while (cursor < end) {
            uint256 head = Read.word(cursor);
            if (head >> 249 == Plan.UNISWAP_V2_SWAP >> 1) cursor = _uniswapV2Swap(frame, cursor, head);
            else if (head >> 249 == Plan.UNISWAP_V3_SWAP >> 1) cursor = _uniswapV3Swap(frame, cursor, head);
            else cursor = _otherStep(frame, cursor, head >> 248);
        }
        if (cursor != end) revert Read.PlanTruncated(cursor, end);
    }

    /// @dev Runs the one step at `cursor`; returns where the next one starts. Steps of two-token pools carry the direction in the lowest
    /// bit of their opcode.
    function _step(Frame frame, uint256 cursor) internal returns (uint256 next) {
        uint256 head = Read.word(cursor);
        if (head >> 249 == Plan.UNISWAP_V2_SWAP >> 1) return _uniswapV2Swap(frame, cursor, head);
        if (head >> 249 == Plan.UNISWAP_V3_SWAP >> 1) return _uniswapV3Swap(frame, cursor, head);
        return _otherStep(frame, cursor, head >> 248);
    }

    /// @dev Any step but the two that most routes are made of.
    function _otherStep(Frame frame, uint256 cursor, uint256 opcode) private returns (uint256 next) {
        next = cursor;
        if (opcode >= Plan.AAVE_V3_LOAN) next = _lend(cursor, opcode, frame.settlement());
        if (next != cursor) return next;
        frame.setCursor(cursor);
        uint256 step = opcode & ~Plan.ZERO_FOR_ONE;
        if (step == Plan.UNISWAP_V2_FLASH_SWAP) return _uniswapV2FlashSwap(frame, cursor);
        if (step == Plan.UNISWAP_V2_QUOTE) _uniswapV2Quote(frame);
        else if (opcode == Plan.TRACK) _track(frame);
        else _extendedStep(frame);
        return frame.cursor();
    }

    /// @dev Runs the loan or the unlocking at `cursor`; returns where the next step starts, or `cursor` if this is neither.
    function _lend(uint256 cursor, uint256 opcode, address settlement) private returns (uint256) {
        if (opcode == Plan.AAVE_V3_LOAN) return _aaveV3Loan(cursor, settlement);
        if (opcode == Plan.MORPHO_BLUE_LOAN) return _morphoBlueLoan(cursor, settlement);
        if (opcode == Plan.BALANCER_V3_LOAN) return _balancerV3Loan(cursor, settlement);
        if (opcode == Plan.UNISWAP_V4_LOAN) return _uniswapV4Loan(cursor, settlement);
        if (opcode == Plan.BALANCER_V2_LOAN) return _balancerV2Loan(cursor, settlement);
        if (opcode == Plan.ERC3156_LOAN) return _erc3156Loan(cursor, settlement);
        if (opcode == Plan.UNISWAP_V3_LOAN) return _uniswapV3Loan(cursor, settlement);
        if (opcode == Plan.UNISWAP_V2_LOAN) return _uniswapV2Loan(cursor, settlement);
        if (opcode == Plan.UNISWAP_V4_UNLOCK) return _uniswapV4Unlock(cursor, settlement);
        if (opcode == Plan.BALANCER_V3_UNLOCK) return _balancerV3Unlock(cursor, settlement);
        return cursor;
    }

    /// @dev Runs the callback that `selector` names and ends the call with its answer; returns only if it names none. By number first, so
    /// that no callback is compared with all the others.
    function _callback(bytes4 selector) internal {
        if (uint32(selector) < 0x80000000) _lowCallback(selector);
        else _highCallback(selector);
    }

    function _lowCallback(bytes4 selector) private {
        if (selector == IFlashLoanSimpleReceiver.executeOperation.selector) _onAaveV3Loan();
        else if (selector == IMorphoFlashLoanCallback.onMorphoFlashLoan.selector) _onMorphoBlueLoan();
        else if (selector == IUniswapV2Callee.uniswapV2Call.selector) _onUniswapV2Call();
        else if (selector == IPancakeV3SwapCallback.pancakeV3SwapCallback.selector) _onUniswapV3Swap();
        else if (selector == 0x2c8958f6 || selector == 0x3a1c453c) _onUniswapV3Swap();
        else if (selector == IBalancerV3Borrower.onBalancerV3Unlock.selector) _onBalancerV3Unlock();
        else if (selector == IERC3156FlashBorrower.onFlashLoan.selector) _return(_onERC3156Loan());
        else return;
        _stop();
    }

    function _highCallback(bytes4 selector) private {
        if (selector == IBalancerV3Borrower.onBalancerV3Loan.selector) {
            _onBalancerV3Loan();
        } else if (selector == IUniswapV4UnlockCallback.unlockCallback.selector) {
            _onUniswapV4Unlock();
            _return(_EMPTY_BYTES_OFFSET);
        } else if (selector == IUniswapV3SwapCallback.uniswapV3SwapCallback.selector) {
            _onUniswapV3Swap();
        } else if (selector == IFlashLoanRecipient.receiveFlashLoan.selector) {
            _onBalancerV2Loan();
        } else if (selector == IPancakeCallee.pancakeCall.selector || selector == ISolidlyCallee.hook.selector) {
            _onUniswapV2Call();
        } else if (
            selector == IUniswapV3FlashCallback.uniswapV3FlashCallback.selector
                || selector == IPancakeV3FlashCallback.pancakeV3FlashCallback.selector
                || selector == IAlgebraFlashCallback.algebraFlashCallback.selector
        ) {
            _onUniswapV3Loan();
        } else {
            return;
        }
        _stop();
    }

    /// @dev Runs the steps inside with one more token that may be paid; the router must not end with less of it.
    function _track(Frame frame) private {
        uint256 tokenAt = Read.skip(frame.cursor(), 1);
        uint256 lengthAt = Read.skip(tokenAt, Plan.ADDRESS_BYTES);
        uint256 start = Read.skip(lengthAt, Plan.LENGTH_BYTES);
        uint256 end = Read.skip(start, Read.u16(lengthAt));
        address token = Read.addr(tokenAt);
        uint256 outerEnd = frame.end();
        Read.requireWithin(end, outerEnd);
        // Inside this scope the chain's own coin may come in, whatever step brings it.
        if (token == address(0)) _markRunning();
        uint256 balanceBefore = _startTracking(token);
        frame.setEnd(end);
        _runFrom(frame, start);
        frame.setCursor(end);
        frame.setEnd(outerEnd);
        _endTracking(token, balanceBefore);
    }

    /// @dev Runs one step in the extension, which may bring in the chain's own coin, and which gets the frame's values and the rest of its bytes.
    function _extendedStep(Frame frame) private {
        _markRunning();
        uint256 cursor = frame.cursor();
        (bool ok, bytes memory answer) = _extension.delegatecall(
            abi.encodePacked(
                uint256(uint160(frame.settlement())), frame.last(), frame.owed(), msg.data[cursor:frame.end()]
            )
        );
        if (!ok) Payments.rethrow(answer);
        (uint256 length, uint256 last) = abi.decode(answer, (uint256, uint256));
        frame.setCursor(Read.skip(cursor, length));
        frame.setLast(last);
    }

    /// @dev Ends the call with nothing to return.
    function _stop() internal pure {
        // return
        assembly ("memory-safe") {
            return(0x00, 0x00)
        }
    }

    /// @dev Returns `word`, and a zero behind it: the length of empty bytes where `word` is their offset, and of no meaning elsewhere.
    function _return(uint256 word) private pure {
        // return abi.encode(word, 0)
        assembly ("memory-safe") {
            mstore(0x00, word)
            mstore(0x20, 0)
            return(0x00, 0x40)
        }
    }
}
