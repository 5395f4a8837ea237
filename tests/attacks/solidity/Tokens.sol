// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

/// @dev A token whose transfers cost the sender something on top of what the receiver gets.
contract SenderTaxedToken {
    mapping(address account => uint256) public balanceOf;
    mapping(address owner => mapping(address spender => uint256)) public allowance;
    /// Who gets it, and how much it is, in basis points of what is sent.
    address public collector;
    uint256 public tax;

    function levy(address by, uint256 basisPoints) external {
        (collector, tax) = (by, basisPoints);
    }

    function give(address to, uint256 amount) external {
        balanceOf[to] += amount;
    }

    function approve(address spender, uint256 amount) external returns (bool) {
        allowance[msg.sender][spender] = amount;
        return true;
    }

    function transfer(address to, uint256 amount) external returns (bool) {
        uint256 levied = amount * tax / 10_000;
        balanceOf[msg.sender] -= amount + levied;
        balanceOf[to] += amount;
        balanceOf[collector] += levied;
        return true;
    }
}

/// @dev A token that lets one contract move what anybody holds, without an allowance.
contract BridgedToken {
    mapping(address account => uint256) public balanceOf;
    address public bridge;

    function trust(address mover) external {
        bridge = mover;
    }

    function give(address to, uint256 amount) external {
        balanceOf[to] += amount;
    }

    function move(address from, address to, uint256 amount) external {
        require(msg.sender == bridge, "not the bridge");
        balanceOf[from] -= amount;
        balanceOf[to] += amount;
    }
}

/// @dev An honest contract that takes its token from whoever calls it, at a selector that vaults have, too.
contract Bridge {
    BridgedToken private immutable _token;

    constructor(BridgedToken token) {
        _token = token;
    }

    function balanceOf(address) external pure returns (uint256) {
        return 0;
    }

    function deposit(uint256 amount, address receiver) external returns (uint256) {
        _token.move(msg.sender, receiver, amount);
        return amount;
    }
}

/// @dev Says whatever the router wants to hear.
contract LyingToken {
    function balanceOf(address) external pure returns (uint256) {
        return 1;
    }

    function allowance(address, address) external pure returns (uint256) {
        return 0;
    }

    function approve(address, uint256) external pure returns (bool) {
        return true;
    }
}

/// @dev A token of which everybody holds shares, worth as much as anybody says.
contract ElasticToken {
    uint256 private constant _ONE = 1_000;

    mapping(address account => uint256) private _shares;
    mapping(address owner => mapping(address spender => uint256)) public allowance;
    /// What a share is worth, in thousandths.
    uint256 public rate = _ONE;

    function rebase(uint256 thousandths) external {
        rate = thousandths;
    }

    function balanceOf(address account) external view returns (uint256) {
        return _shares[account] * rate / _ONE;
    }

    function give(address to, uint256 amount) external {
        _shares[to] += amount * _ONE / rate;
    }

    function approve(address spender, uint256 amount) external returns (bool) {
        allowance[msg.sender][spender] = amount;
        return true;
    }

    function transfer(address to, uint256 amount) external returns (bool) {
        uint256 shares = amount * _ONE / rate;
        _shares[msg.sender] -= shares;
        _shares[to] += shares;
        return true;
    }
}
