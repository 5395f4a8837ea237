// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

/// @title A token whose balances grow, with the habit of Lido's: it moves shares, so a wei can be lost on the way
/// @notice Balances are shares of a pool of ether that only `reward` enlarges. A transfer of an amount moves the shares
/// that it is worth, rounded down; what arrives is what those shares are worth, rounded down again.
contract StakedEtherLike {
    string public constant name = "Liquid staked Ether 2.0";
    string public constant symbol = "stETH";
    uint8 public constant decimals = 18;

    uint256 public totalSupply;
    uint256 public totalShares;
    mapping(address holder => uint256 shares) public sharesOf;
    mapping(address holder => mapping(address spender => uint256 amount)) public allowance;

    event Transfer(address indexed from, address indexed to, uint256 value);
    event Approval(address indexed owner, address indexed spender, uint256 value);

    constructor(uint256 supply, uint256 shares) {
        (totalSupply, totalShares, sharesOf[msg.sender]) = (supply, shares, shares);
    }

    /// @notice Everybody's balance grows in proportion. For local chains only: anybody may call it.
    function reward(uint256 amount) external {
        totalSupply += amount;
    }

    function approve(address spender, uint256 amount) external returns (bool) {
        allowance[msg.sender][spender] = amount;
        emit Approval(msg.sender, spender, amount);
        return true;
    }

    function transfer(address to, uint256 amount) external returns (bool) {
        return _move(msg.sender, to, amount);
    }

    function transferFrom(address from, address to, uint256 amount) external returns (bool) {
        uint256 allowed = allowance[from][msg.sender];
        if (allowed != type(uint256).max) allowance[from][msg.sender] = allowed - amount;
        return _move(from, to, amount);
    }

    function balanceOf(address holder) external view returns (uint256) {
        return (sharesOf[holder] * totalSupply) / totalShares;
    }

    function _move(address from, address to, uint256 amount) private returns (bool) {
        uint256 shares = (amount * totalShares) / totalSupply;
        sharesOf[from] -= shares;
        sharesOf[to] += shares;
        emit Transfer(from, to, amount);
        return true;
    }
}
