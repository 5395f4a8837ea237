// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

import {IBalancerV3Vault} from "../../interfaces/IBalancerV3Vault.sol";
import {Lending} from "../base/Lending.sol";
import {Memory} from "../base/Memory.sol";
import {PlanFormat as Plan} from "../base/PlanFormat.sol";
import {PlanReader as Read} from "../base/PlanReader.sol";
import {BalancerV3Lock} from "../venues/BalancerV3Lock.sol";

/// @notice The two functions that the Balancer V3 Vault is asked to call back: it calls its caller with whatever bytes it was given.
/// @dev What follows the selector is the data itself, without offset and length.
interface IBalancerV3Borrower {
    function onBalancerV3Loan() external;
    function onBalancerV3Unlock() external;
}

/// @notice Unlocks the Balancer V3 Vault: to borrow what it holds for nothing, or to run steps that swap in its pools.
/// @dev The Vault may be unlocked already, by this router or by someone else. The unlock of another then hides what this one leaves
/// open; that it leaves nothing open to the router's loss follows from the profit rule and the tracked tokens alone.
abstract contract BalancerV3Lender is Lending, BalancerV3Lock {
    /// Selector, one word, the length, and the selector of the callback.
    uint256 private constant _DATA_AT = 0x48;

    function _balancerV3Loan(uint256 cursor, address settlement) internal returns (uint256 next) {
        address vault = _available(_balancerV3Vault, Plan.BALANCER_V3_LOAN);
        uint256 dataAt = Read.skip(Memory.free(), _DATA_AT);
        uint256 dataEnd;
        (,,, dataEnd, next) = _readLoan(cursor, settlement, _PLAIN_FLAGS, dataAt);
        _unlockVault(vault, IBalancerV3Borrower.onBalancerV3Loan.selector, dataAt, dataEnd);
    }

    function _balancerV3Unlock(uint256 cursor, address settlement) internal returns (uint256 next) {
        address vault = _available(_balancerV3Vault, Plan.BALANCER_V3_UNLOCK);
        uint256 dataAt = Read.skip(Memory.free(), _DATA_AT);
        uint256 dataEnd;
        (dataEnd, next) = _writeData(Read.skip(cursor, 1), settlement, dataAt);
        _unlockVault(vault, IBalancerV3Borrower.onBalancerV3Unlock.selector, dataAt, dataEnd);
    }

    /// @dev onBalancerV3Loan(), the data behind the selector
    function _onBalancerV3Loan() internal {
        (uint256 start, uint256 length) = _acceptFromVault();
        (address token, uint256 amount, uint256 cap, uint256 at) = _borrowed(start);
        _requireUnderCap(token, amount, cap);
        _sendFromVault(msg.sender, token, address(this), amount);
        _runLoan(start, length, at, amount);
        _payToVault(msg.sender, token, amount);
    }

    /// @dev onBalancerV3Unlock(), the data behind the selector
    function _onBalancerV3Unlock() internal {
        (uint256 start, uint256 length) = _acceptFromVault();
        _runContinuation(start, length, 0);
    }

    function _acceptFromVault() private returns (uint256 start, uint256 length) {
        unchecked {
            (start, length) = (4, msg.data.length - 4);
        }
        _consume(start, length);
    }

    /// @dev unlock(abi.encodePacked(callback, data))
    function _unlockVault(address vault, bytes4 callback, uint256 dataAt, uint256 dataEnd) private {
        unchecked {
            _register(vault, callback, dataAt - 0x20);
            uint256 callAt = dataAt - _DATA_AT;
            Memory.putSelector(callAt, IBalancerV3Vault.unlock.selector);
            Memory.put(callAt + 4, 0x20);
            // The word in front of the data ends with the callback's selector; before that stands the lower part of the length, of
            // which the upper four bytes are zero.
            Memory.put(callAt + 0x24, 0);
            Memory.put(dataAt - 0x20, ((dataEnd - dataAt + 4) << 32) | uint32(callback));
            _callLender(vault, callAt, dataEnd);
        }
    }
}
