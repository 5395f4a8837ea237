// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

import {IAaveV3Pool, IFlashLoanSimpleReceiver} from "../../interfaces/IAaveV3Pool.sol";
import {Constants} from "../base/Constants.sol";
import {Lending} from "../base/Lending.sol";
import {Memory} from "../base/Memory.sol";
import {Payments} from "../base/Payments.sol";
import {PlanFormat as Plan} from "../base/PlanFormat.sol";
import {PlanReader as Read} from "../base/PlanReader.sol";

/// @notice Borrows from a market of the Aave V3 shape named at deployment (Aave, Spark); the pool pulls the repayment.
/// @dev The allowance is exact, and the call reverts unless the pool has spent all of it: none is left standing. The data is the flags,
/// the settlement token, the cap, the continuation with its length in front, then the borrowed token where that is not the settlement
/// token. How much was lent is what the pool says: the cap bounds what it can ask for.
abstract contract AaveV3Lender is Lending {
    /// @notice The loan was not started by this router.
    error LoanNotOurs(address initiator, address asset);

    uint256 private constant _SPARK = Plan.AAVE_V3_MARKET_SPARK << Plan.LOAN_VARIANT_SHIFT;
    /// Places in the callback: five words, the data's length, the data, and in it the cap and the continuation.
    uint256 private constant _LENGTH_AT = 0xa4;
    uint256 private constant _DATA_AT = 0xc4;
    uint256 private constant _CAP_AT = 0xd9;
    uint256 private constant _STEPS_AT = 0xeb;

    address private immutable _aaveV3Pool;
    address private immutable _sparkPool;

    constructor(Constants memory constants) {
        (_aaveV3Pool, _sparkPool) = (constants.aaveV3Pool, constants.sparkPool);
    }

    function _aaveV3Loan(uint256 cursor, address settlement) internal returns (uint256 next) {
        uint256 head = Read.word(cursor);
        address pool = head & (_SPARK << 240) == 0 ? _aaveV3Pool : _sparkPool;
        uint256 call_ = Memory.free();
        uint256 end;
        address token;
        bytes32 commitment;
        (next, end, token, commitment) = _putLoan(call_, cursor, settlement, pool);
        if (head & ((0xff & ~_SPARK) << 240) != 0) {
            if (head & ((0xff & ~(_PLAIN_FLAGS | _SPARK)) << 240) != 0) revert Read.UnknownStep(head >> 248, (head >> 240) & 0xff);
            _requireTracked(token);
        }
        _expect(commitment);
        bool ok;
        // (ok,) = pool.call(memory[call_:end])
        assembly ("memory-safe") {
            ok := call(gas(), pool, 0, call_, sub(end, call_), 0, 0)
        }
        if (!ok) Payments.revertWithReason(pool);
        if (!_isSpent()) revert CallbackMissing(_available(pool, Plan.AAVE_V3_LOAN));
        _requirePulled(token, pool);
    }

    /// @dev executeOperation(address asset, uint256 amount, uint256 premium, address initiator, bytes params) returns (bool), with params
    /// where every such pool puts them; a pool that puts them elsewhere is refused. Ends the call.
    function _onAaveV3Loan() internal {
        uint256 length = Read.word(_LENGTH_AT);
        _consume(_DATA_AT, length);
        uint256 head = Read.word(_DATA_AT);
        uint256 end = Read.skip(_DATA_AT, length);
        address token = address(uint160(head >> 88));
        if (head & (Plan.LOAN_TRACKED << 248) != 0) {
            unchecked {
                end -= Plan.ADDRESS_BYTES;
            }
            token = Read.addr(end);
        }
        _requireOurs(token);
        uint256 repayment = _plus(Read.word(36), Read.word(68));
        if (repayment > Read.u128(_CAP_AT)) revert Payments.PaymentOverCap(token, repayment, Read.u128(_CAP_AT));
        if (end != _STEPS_AT) _runSteps(_STEPS_AT, end, address(uint160(head >> 88)), Read.word(36), 0);
        Payments.approve(token, msg.sender, repayment);
        // return abi.encode(true)
        assembly ("memory-safe") {
            mstore(0x00, 1)
            return(0x00, 0x20)
        }
    }

    /// @dev Writes the call of a loan of `pool`; the step after it starts at `next`, the call ends at `end`.
    function _putLoan(uint256 call_, uint256 cursor, address settlement, address pool)
        private
        view
        returns (uint256 next, uint256 end, address token, bytes32 commitment)
    {
        bytes4 selector = IAaveV3Pool.flashLoanSimple.selector;
        uint256 callback = uint32(IFlashLoanSimpleReceiver.executeOperation.selector);
        // tracked = flags & LOAN_TRACKED != 0; token = tracked ? address(bytes20(msg.data[cursor + 2:])) : settlement
        // memory[call_:end] = abi.encodeCall(flashLoanSimple, (this, token, uint128(the step's amount), data, 0)), without padding;
        // data = abi.encodePacked(uint8(flags), settlement, the step from its cap on, tracked ? token : nothing);
        // commitment = keccak256(abi.encodePacked(pool, uint64(0), uint32(callback), data)), hashed in place of data's length
        assembly ("memory-safe") {
            let flags := byte(1, calldataload(cursor))
            let tracked := and(flags, 1)
            token := shl(96, settlement)
            mstore(add(call_, 0xc4), or(shl(248, flags), shr(8, token)))
            token := shr(96, token)
            cursor := add(cursor, 2)
            if tracked {
                token := shr(96, calldataload(cursor))
                cursor := add(cursor, 20)
            }
            mstore(add(call_, 0x44), shr(128, calldataload(cursor)))
            let length := add(18, shr(240, calldataload(add(cursor, 32))))
            cursor := add(cursor, 16)
            next := add(cursor, length)
            end := add(call_, 0xd9)
            calldatacopy(end, cursor, length)
            end := add(end, length)
            if tracked {
                mstore(end, shl(96, token))
                end := add(end, 20)
            }
            mstore(call_, selector)
            mstore(add(call_, 0x04), address())
            mstore(add(call_, 0x24), token)
            mstore(add(call_, 0x64), 0xa0)
            mstore(add(call_, 0x84), 0)
            let lengthAt := add(call_, 0xa4)
            mstore(lengthAt, or(shl(96, pool), callback))
            length := sub(end, lengthAt)
            commitment := keccak256(lengthAt, length)
            mstore(lengthAt, sub(length, 0x20))
        }
    }

    /// @dev The pool names what was lent, and who asked for it.
    function _requireOurs(address token) private view {
        bool ours;
        // (asset, , , initiator) = the arguments; ours = initiator == address(this) && asset == token
        assembly ("memory-safe") {
            // The compiler promises nothing about an address's upper bits: they are shifted out.
            ours := iszero(or(xor(calldataload(0x64), address()), shl(96, xor(calldataload(0x04), token))))
        }
        if (!ours) revert LoanNotOurs(address(uint160(Read.word(100))), address(uint160(Read.word(4))));
    }
}
