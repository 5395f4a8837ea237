// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

import {Constants} from "./Constants.sol";
import {PlanFormat as Plan} from "./PlanFormat.sol";
import {PlanReader as Read} from "./PlanReader.sol";

/// @notice What must hold before the first token moves, so that a plan made for another block or another market costs little gas.
/// @dev Guards save gas and keep a signed plan out of blocks it was not meant for; what may be lost they do not decide, the profit rule
/// does.
abstract contract Guards {
    /// @notice The block is past the last one that the plan allows.
    error BlockPassed(uint256 blockNumber, uint256 maximumBlock);
    /// @notice The block is not the one that the plan is for.
    error WrongBlock(uint256 blockNumber, uint256 expected);
    /// @notice The block's parent is not the one that the plan was made on.
    error WrongParent(bytes32 parentHash, bytes32 expected);
    /// @notice The block's base fee is above the ceiling, both in wei per gas.
    error BaseFeeTooHigh(uint256 baseFee, uint256 maximum);
    /// @notice A pool is not as it was simulated: a reserve or a square-root price is off by more than the tolerance, in millionths.
    error PoolStateMoved(address pool, uint256 found, uint256 expected, uint256 tolerance);
    /// @notice The pool does not tell its state.
    error PoolStateUnreadable(address pool);
    /// @notice No guard has this number.
    error UnknownGuard(uint256 kind);

    uint256 private constant _MILLION = 1_000_000;
    uint256 private constant _PRICE_MASK = type(uint160).max;
    /// Where the PoolManager keeps its mapping of pools.
    uint256 private constant _V4_POOLS_SLOT = 6;
    bytes4 private constant _GET_RESERVES = 0x0902f1ac;
    bytes4 private constant _SLOT0 = 0x3850c7bd;
    bytes4 private constant _GLOBAL_STATE = 0xe76c01e4;
    bytes4 private constant _EXTSLOAD = 0x1e2eaeaf;

    address private immutable _v4PoolManager;

    constructor(address v4PoolManager) {
        _v4PoolManager = v4PoolManager;
    }

    /// @dev Checks the guards whose length stands at `at`; returns where the steps begin.
    function _checkGuards(uint256 at) internal view returns (uint256 end) {
        end = Read.skip(Read.skip(at, Plan.LENGTH_BYTES), Read.u16(at));
        // A length that reaches past the calldata ends at a guard of kind zero, which there is none of.
        at = Read.skip(at, Plan.LENGTH_BYTES);
        while (at < end) {
            uint256 kind = Read.u8(at);
            at = Read.skip(at, 1);
            at = kind < Plan.GUARD_V2_RESERVES ? _checkBlock(kind, at) : _checkPool(kind, at);
        }
        Read.requireWithin(at, end);
    }

    function _checkBlock(uint256 kind, uint256 at) private view returns (uint256 next) {
        if (kind == Plan.GUARD_MAX_BLOCK) {
            if (block.number > Read.u32(at)) revert BlockPassed(block.number, Read.u32(at));
            return Read.skip(at, Plan.BLOCK_BYTES);
        }
        if (kind == Plan.GUARD_EXACT_BLOCK) {
            if (block.number != Read.u32(at)) revert WrongBlock(block.number, Read.u32(at));
            return Read.skip(at, Plan.BLOCK_BYTES);
        }
        if (kind == Plan.GUARD_PARENT_HASH) {
            bytes32 parent = blockhash(block.number - 1);
            if (uint256(parent) != Read.word(at)) revert WrongParent(parent, bytes32(Read.word(at)));
            return Read.skip(at, Plan.HASH_BYTES);
        }
        if (kind == Plan.GUARD_BASE_FEE) {
            if (block.basefee > Read.u64(at)) revert BaseFeeTooHigh(block.basefee, Read.u64(at));
            return Read.skip(at, Plan.BASE_FEE_BYTES);
        }
        revert UnknownGuard(kind);
    }

    function _checkPool(uint256 kind, uint256 at) private view returns (uint256 next) {
        address pool = Read.addr(at);
        next = Read.skip(at, Plan.ADDRESS_BYTES);
        if (kind == Plan.GUARD_V2_RESERVES) {
            (uint256 reserve0, uint256 reserve1) = _ask(pool, _GET_RESERVES);
            uint256 second = Read.skip(next, Plan.V2_OUTPUT_BYTES);
            uint256 toleranceAt = Read.skip(second, Plan.V2_OUTPUT_BYTES);
            uint256 tolerance = Read.u24(toleranceAt);
            // Most pools have not moved at all.
            if (reserve0 != Read.u112(next)) _requireNear(pool, reserve0, Read.u112(next), tolerance);
            if (reserve1 != Read.u112(second)) _requireNear(pool, reserve1, Read.u112(second), tolerance);
            return Read.skip(toleranceAt, Plan.TOLERANCE_BYTES);
        }
        uint256 price;
        if (kind == Plan.GUARD_V3_PRICE) {
            (price,) = _ask(pool, _SLOT0);
        } else if (kind == Plan.GUARD_ALGEBRA_PRICE) {
            (price,) = _ask(pool, _GLOBAL_STATE);
        } else if (kind == Plan.GUARD_V4_PRICE) {
            pool = _v4PoolManager;
            next = Read.skip(at, Plan.HASH_BYTES);
            price = _askSlot(pool, keccak256(abi.encode(Read.word(at), _V4_POOLS_SLOT)));
        } else {
            revert UnknownGuard(kind);
        }
        uint256 priceEnd = Read.skip(next, Plan.ADDRESS_BYTES);
        _requireNear(pool, price & _PRICE_MASK, uint160(Read.addr(next)), Read.u24(priceEnd));
        return Read.skip(priceEnd, Plan.TOLERANCE_BYTES);
    }

    /// @dev Prices and expected values have at most 160 bits, so that no product of theirs wraps. Reserves are taken as the pair answers
    /// them, in whole words: a false pair may choose one whose product wraps, and so pass, as it may by answering what is expected.
    function _requireNear(address pool, uint256 found, uint256 expected, uint256 tolerance) private pure {
        unchecked {
            uint256 difference = found > expected ? found - expected : expected - found;
            if (difference * _MILLION > expected * tolerance) revert PoolStateMoved(pool, found, expected, tolerance);
        }
    }

    /// @dev The first two words of a pool's answer; the second is of no meaning where there is only one.
    function _ask(address pool, bytes4 selector) private view returns (uint256 first, uint256 second) {
        bool ok;
        // (ok, answer) = pool.staticcall(abi.encodeWithSelector(selector)), with at least 32 bytes returned
        assembly ("memory-safe") {
            mstore(0x00, selector)
            // The call comes first: arguments are evaluated from the right.
            ok := and(gt(returndatasize(), 0x1f), staticcall(gas(), pool, 0x00, 0x04, 0x00, 0x40))
            first := mload(0x00)
            second := mload(0x20)
        }
        if (!ok) revert PoolStateUnreadable(pool);
    }

    /// @dev One storage word of the PoolManager, by its own door for readers.
    function _askSlot(address manager, bytes32 slot) private view returns (uint256 value) {
        bytes4 selector = _EXTSLOAD;
        bool ok;
        // (ok, value) = manager.staticcall(abi.encodeWithSelector(selector, slot)), with at least 32 bytes returned
        assembly ("memory-safe") {
            mstore(0x00, selector)
            mstore(0x04, slot)
            ok := staticcall(gas(), manager, 0x00, 0x24, 0x00, 0x20)
            ok := and(ok, gt(returndatasize(), 0x1f))
            value := mload(0x00)
        }
        if (!ok) revert PoolStateUnreadable(manager);
    }
}
