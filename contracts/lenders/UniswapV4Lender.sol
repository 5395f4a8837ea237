// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

import {IUniswapV4PoolManager, IUniswapV4UnlockCallback} from "../../interfaces/IUniswapV4PoolManager.sol";
import {Lending} from "../base/Lending.sol";
import {Memory} from "../base/Memory.sol";
import {PlanFormat as Plan} from "../base/PlanFormat.sol";
import {PlanReader as Read} from "../base/PlanReader.sol";
import {UniswapV4Lock} from "../venues/UniswapV4Lock.sol";

/// @notice Unlocks the V4 PoolManager: to borrow what it holds for nothing, or to run steps that swap in its pools.
/// @dev Only one account can hold the lock. If someone else does, `unlock` reverts and so does the plan.
abstract contract UniswapV4Lender is Lending, UniswapV4Lock {
    /// Selector, one word, the data's length.
    uint256 private constant _DATA_AT = 0x44;

    function _uniswapV4Loan(uint256 cursor, address settlement) internal returns (uint256 next) {
        address manager = _available(_poolManager, Plan.UNISWAP_V4_LOAN);
        uint256 dataAt = Read.skip(Memory.free(), _DATA_AT);
        uint256 dataEnd;
        (,,, dataEnd, next) = _readLoan(cursor, settlement, _PLAIN_FLAGS, dataAt);
        _unlockManager(manager, dataAt, dataEnd);
    }

    function _uniswapV4Unlock(uint256 cursor, address settlement) internal returns (uint256 next) {
        address manager = _available(_poolManager, Plan.UNISWAP_V4_UNLOCK);
        uint256 dataAt = Read.skip(Memory.free(), _DATA_AT);
        uint256 dataEnd;
        (dataEnd, next) = _writeData(Read.skip(cursor, 1), settlement, dataAt);
        _unlockManager(manager, dataAt, dataEnd);
    }

    /// @dev unlockCallback(bytes data) returns (bytes): of a loan or of an unlock step.
    function _onUniswapV4Unlock() internal {
        (uint256 start, uint256 length) = Read.data(4);
        _consume(start, length);
        if (Read.u8(start) == _NO_LOAN) {
            _runContinuation(start, length, 0);
            return;
        }
        (address token, uint256 amount, uint256 cap, uint256 at) = _borrowed(start);
        _requireUnderCap(token, amount, cap);
        _takeFromManager(msg.sender, token, address(this), amount);
        _runLoan(start, length, at, amount);
        _payToManager(msg.sender, token, amount);
    }

    /// @dev unlock(bytes data)
    function _unlockManager(address manager, uint256 dataAt, uint256 dataEnd) private {
        unchecked {
            uint256 callAt = dataAt - _DATA_AT;
            Memory.putSelector(callAt, IUniswapV4PoolManager.unlock.selector);
            Memory.put(callAt + 4, 0x20);
            _borrow(manager, IUniswapV4UnlockCallback.unlockCallback.selector, callAt, dataAt, dataEnd);
        }
    }
}
