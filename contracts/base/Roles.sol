// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

import {CallbackGuard} from "./CallbackGuard.sol";
import {Gate} from "./Gate.sol";

/// @notice Owner (two-step), operators, pauser.
/// @dev The owner sets roles, unpauses and takes tokens home. Operators run plans. The pauser, or the owner, stops them. An operator
/// without code runs its plan without the lock, because others are kept out of its transaction for being who sent it. So whatever may
/// end that takes the lock, to the end of the transaction.
abstract contract Roles is Gate, CallbackGuard {
    event OwnershipTransferStarted(address indexed owner, address indexed pendingOwner);
    event PrimaryOperatorSet(address indexed operator);
    event OperatorAllowed(address indexed operator, bool allowed);
    event PauserSet(address indexed pauser);
    event PauseSet(bool paused, address indexed by);

    function owner() external view returns (address) {
        return _owner;
    }

    function pendingOwner() external view returns (address) {
        return _pendingOwner;
    }

    /// @notice The primary operator.
    function operator() external view returns (address) {
        return address(uint160(_gate));
    }

    function isOperator(address account) external view returns (bool) {
        return _isOperator(account);
    }

    function pauser() external view returns (address) {
        return _pauser;
    }

    function paused() external view returns (bool) {
        return _gate & _PAUSED != 0;
    }

    /// @notice Offers ownership to `newOwner`, who must accept; the zero address withdraws an open offer.
    function transferOwnership(address newOwner) external onlyOwner {
        _pendingOwner = newOwner;
        emit OwnershipTransferStarted(msg.sender, newOwner);
    }

    function acceptOwnership() external {
        if (msg.sender != _pendingOwner || msg.sender == address(0)) revert NotPendingOwner(msg.sender);
        emit OwnershipTransferred(_owner, msg.sender);
        _owner = msg.sender;
        _pendingOwner = address(0);
    }

    /// @notice Sets the primary operator, whose calls are the cheapest; the zero address leaves the place empty. No plan starts behind it
    /// in the same transaction.
    function setPrimaryOperator(address account) external onlyOwner {
        _markRunning();
        _gate = (_gate & _PAUSED) | (account == address(0) ? _VACANT : uint160(account));
        emit PrimaryOperatorSet(account);
    }

    /// @notice Allows or disallows a further operator. Does not touch the primary one. No plan starts behind a disallowing in the same
    /// transaction.
    function allowOperator(address account, bool allowed) external onlyOwner {
        if (!allowed) _markRunning();
        _allowed[account] = allowed;
        emit OperatorAllowed(account, allowed);
    }

    function setPauser(address account) external onlyOwner {
        _pauser = account;
        emit PauserSet(account);
    }

    function pause() external {
        if (msg.sender != _pauser && msg.sender != _owner) revert NotPauser(msg.sender);
        _gate |= _PAUSED;
        emit PauseSet(true, msg.sender);
    }

    function unpause() external onlyOwner {
        _gate &= ~_PAUSED;
        emit PauseSet(false, msg.sender);
    }
}
