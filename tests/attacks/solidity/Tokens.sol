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
