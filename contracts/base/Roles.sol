// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

/// @notice Owner (two-step), operators, pauser.
/// @dev The owner sets roles, unpauses and takes tokens home. Operators run plans. The pauser, or the owner, stops them.
/// The primary operator and the pause flag share one slot, the only cold one that a plan of the primary operator reads.
abstract contract Roles {
    /// @notice The caller lacks the role that this function needs.
    error NotOwner(address caller);
    error NotPendingOwner(address caller);
    error NotOperator(address caller);
    error NotPauser(address caller);
    /// @notice The router is paused; only the owner can lift it.
    error Paused();

    event OwnershipTransferStarted(address indexed owner, address indexed pendingOwner);
    event OwnershipTransferred(address indexed previousOwner, address indexed owner);
    event PrimaryOperatorSet(address indexed operator);
    event OperatorAllowed(address indexed operator, bool allowed);
    event PauserSet(address indexed pauser);
    event PauseSet(bool paused, address indexed by);

    uint256 private constant _PAUSED = 1 << 160;
    /// @dev Set while there is no primary operator, so that the comparison fails for the zero address too.
    uint256 private constant _VACANT = 1 << 161;

    /// @dev Low 160 bits: the primary operator. Bit 160: paused. Bit 161: vacant.
    uint256 private _gate;
    address private _owner;
    address private _pendingOwner;
    address private _pauser;
    mapping(address account => bool) private _allowed;

    constructor(address initialOwner) {
        if (initialOwner == address(0)) revert NotOwner(address(0));
        _owner = initialOwner;
        _gate = _VACANT;
        emit OwnershipTransferred(address(0), initialOwner);
    }

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

    function isOperator(address account) public view returns (bool) {
        return account != address(0) && (_allowed[account] || account == address(uint160(_gate)));
    }

    function pauser() external view returns (address) {
        return _pauser;
    }

    function paused() public view returns (bool) {
        return _gate & _PAUSED != 0;
    }

    /// @notice Offers ownership to `newOwner`, who must accept; the zero address withdraws an open offer.
    function transferOwnership(address newOwner) external onlyOwner {
        _pendingOwner = newOwner;
        emit OwnershipTransferStarted(msg.sender, newOwner);
    }

    function acceptOwnership() external {
        if (msg.sender != _pendingOwner) revert NotPendingOwner(msg.sender);
        emit OwnershipTransferred(_owner, msg.sender);
        _owner = msg.sender;
        _pendingOwner = address(0);
    }

    /// @notice Sets the primary operator, whose calls are the cheapest; the zero address leaves the place empty.
    function setPrimaryOperator(address account) external onlyOwner {
        _gate = (_gate & _PAUSED) | (account == address(0) ? _VACANT : uint160(account));
        emit PrimaryOperatorSet(account);
    }

    /// @notice Allows or disallows a further operator. Does not touch the primary one.
    function allowOperator(address account, bool allowed) external onlyOwner {
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

    function _requireOperator(uint256 gate) private view {
        if (!isOperator(msg.sender)) revert NotOperator(msg.sender);
        if (gate & _PAUSED != 0) revert Paused();
    }
}
