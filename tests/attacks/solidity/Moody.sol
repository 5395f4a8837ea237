// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

/// @dev A token that its maker can change at any time: taxed, paused, blocking an account, answering otherwise, shrinking.
contract MoodyToken {
    string public constant name = "Moody";
    string public constant symbol = "MOOD";
    uint8 public constant decimals = 18;
    /// What a transfer costs its receiver, in basis points.
    uint256 public tax;
    bool public paused;
    address public blocked;
    /// 0: true, 1: nothing, 2: false and nothing moves.
    uint256 public answer;
    /// All balances are this many thousandths of what was issued.
    uint256 public scale = 1000;
    mapping(address account => uint256) private _issued;
    mapping(address owner => mapping(address spender => uint256)) public allowance;

    function give(address to, uint256 amount) external {
        _issued[to] += amount;
    }

    function turn(uint256 newTax, bool newPaused, address newBlocked, uint256 newAnswer) external {
        (tax, paused, blocked, answer) = (newTax, newPaused, newBlocked, newAnswer);
    }

    function shrink(uint256 thousandths) external {
        scale = thousandths;
    }

    function balanceOf(address account) public view returns (uint256) {
        return _issued[account] * scale / 1000;
    }

    function approve(address spender, uint256 amount) external returns (bool) {
        allowance[msg.sender][spender] = amount;
        return true;
    }

    function transfer(address to, uint256 amount) external {
        _move(msg.sender, to, amount);
    }

    function transferFrom(address from, address to, uint256 amount) external {
        allowance[from][msg.sender] -= amount;
        _move(from, to, amount);
    }

    function _move(address from, address to, uint256 amount) private {
        require(!paused, "paused");
        require(from != blocked && to != blocked, "blocked");
        if (answer != 2) {
            uint256 parts = amount * 1000 / scale;
            _issued[from] -= parts;
            _issued[to] += parts - parts * tax / 10_000;
        }
        uint256 word = answer == 2 ? 0 : 1;
        uint256 length = answer == 1 ? 0 : 0x20;
        assembly {
            mstore(0x00, word)
            return(0x00, length)
        }
    }
}
