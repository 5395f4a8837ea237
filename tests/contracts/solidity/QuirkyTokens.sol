// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

/// @dev A token with the habits that it is told to have.
contract QuirkyToken {
    enum Answer {
        TRUE,
        NOTHING,
        FALSE
    }

    string public constant name = "Quirky token";
    string public constant symbol = "QUIRK";
    uint8 public immutable decimals;
    /// How `transfer`, `transferFrom` and `approve` answer; with FALSE they do nothing else.
    Answer public answer;
    /// What a transfer costs its receiver, in basis points.
    uint256 public feeBps;
    /// Whether an allowance must go through zero to change.
    bool public zeroFirst;

    mapping(address account => uint256) public balanceOf;
    mapping(address owner => mapping(address spender => uint256)) public allowance;

    constructor(uint8 decimals_) {
        decimals = decimals_;
    }

    function behave(Answer answer_, uint256 feeBps_, bool zeroFirst_) external {
        (answer, feeBps, zeroFirst) = (answer_, feeBps_, zeroFirst_);
    }

    function issue(address to, uint256 amount) external {
        balanceOf[to] += amount;
    }

    function transfer(address to, uint256 amount) external {
        if (answer != Answer.FALSE) _move(msg.sender, to, amount);
        _answer();
    }

    function transferFrom(address from, address to, uint256 amount) external {
        if (answer != Answer.FALSE) {
            allowance[from][msg.sender] -= amount;
            _move(from, to, amount);
        }
        _answer();
    }

    function approve(address spender, uint256 amount) external {
        require(!zeroFirst || amount == 0 || allowance[msg.sender][spender] == 0, "zero first");
        if (answer != Answer.FALSE) allowance[msg.sender][spender] = amount;
        _answer();
    }

    function _move(address from, address to, uint256 amount) private {
        balanceOf[from] -= amount;
        balanceOf[to] += amount - (amount * feeBps) / 10_000;
    }

    function _answer() private view {
        if (answer == Answer.NOTHING) return;
        uint256 word = answer == Answer.TRUE ? 1 : 0;
        // return abi.encode(word)
        assembly ("memory-safe") {
            mstore(0x00, word)
            return(0x00, 0x20)
        }
    }
}
