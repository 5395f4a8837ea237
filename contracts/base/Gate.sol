// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

/// @notice Who may do what: the storage of the roles, and the checks against it.
/// @dev All of the router's storage is declared here and in SettlementTokens, which the router and the parts that it reaches by
/// delegatecall inherit in the same order: they read the same slots. The primary operator and the pause flag share one slot, the only
/// cold one that a plan of the primary operator reads.
abstract contract Gate {
    /// @notice The caller lacks the role that this function needs.
    error NotOwner(address caller);
    error NotPendingOwner(address caller);
    error NotOperator(address caller);
    error NotPauser(address caller);
    /// @notice The router is paused; only the owner can lift it.
    error Paused();

    event OwnershipTransferred(address indexed previousOwner, address indexed owner);

    uint256 internal constant _PAUSED = 1 << 160;
    /// @dev Set while there is no primary operator, so that the comparison fails for the zero address too.
    uint256 internal constant _VACANT = 1 << 161;

    /// @dev Low 160 bits: the primary operator. Bit 160: paused. Bit 161: vacant.
    uint256 internal _gate;
    address internal _owner;
    address internal _pendingOwner;
    address internal _pauser;
    mapping(address account => bool) internal _allowed;

    modifier onlyOwner() {
        if (msg.sender != _owner) revert NotOwner(msg.sender);
        _;
    }

    /// @dev One comparison passes the primary operator of an unpaused router.
    modifier onlyOperator() {
        uint256 gate = _gate;
        if (gate != uint160(msg.sender)) _requireOperator(gate);
        _;
    }

    function _openGate(address initialOwner) internal {
        if (initialOwner == address(0)) revert NotOwner(address(0));
        _owner = initialOwner;
        _gate = _VACANT;
        emit OwnershipTransferred(address(0), initialOwner);
    }

    function _isOperator(address account) internal view returns (bool) {
        return account != address(0) && (_allowed[account] || account == address(uint160(_gate)));
    }

    function _requireOperator(uint256 gate) private view {
        if (!_isOperator(msg.sender)) revert NotOperator(msg.sender);
        if (gate & _PAUSED != 0) revert Paused();
    }
}
