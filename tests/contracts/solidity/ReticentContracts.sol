// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

/// @dev A token whose views answer as they are told: with so many bytes, by a return or by a revert, or with nothing to calls of another
/// length than the ABI's.
contract ReticentToken {
    uint256 public bytesOfAnswer = 0x20;
    bool public reverts;
    mapping(address account => uint256) private _balances;
    mapping(address owner => mapping(address spender => uint256)) private _allowances;

    function behave(uint256 length, bool byRevert) external {
        (bytesOfAnswer, reverts) = (length, byRevert);
    }

    function issue(address to, uint256 amount) external {
        _balances[to] += amount;
    }

    function transfer(address to, uint256 amount) external returns (bool) {
        require(msg.data.length == 0x44, "length");
        _balances[msg.sender] -= amount;
        _balances[to] += amount;
        return true;
    }

    function transferFrom(address from, address to, uint256 amount) external returns (bool) {
        _allowances[from][msg.sender] -= amount;
        _balances[from] -= amount;
        _balances[to] += amount;
        return true;
    }

    function approve(address spender, uint256 amount) external returns (bool) {
        require(msg.data.length == 0x44, "length");
        _allowances[msg.sender][spender] = amount;
        return true;
    }

    function balanceOf(address account) external view {
        require(msg.data.length == 0x24, "length");
        _answer(_balances[account]);
    }

    function allowance(address owner, address spender) external view {
        require(msg.data.length == 0x44, "length");
        _answer(_allowances[owner][spender]);
    }

    function _answer(uint256 word) private view {
        (uint256 length, bool byRevert) = (bytesOfAnswer, reverts);
        assembly {
            let free := mload(0x40)
            calldatacopy(free, calldatasize(), length)
            mstore(free, word)
            if byRevert { revert(free, length) }
            return(free, length)
        }
    }
}

/// @dev A pool that reverts with what it was told to say.
contract OutspokenPool {
    bytes private _said;

    function say(bytes calldata words) external {
        _said = words;
    }

    function swap(address, bool, int256, uint160, bytes calldata) external view returns (int256, int256) {
        bytes memory said = _said;
        assembly {
            revert(add(said, 0x20), mload(said))
        }
    }
}

/// @dev A chain's own coin, wrapped, that keeps some more of itself from whoever unwraps.
contract LeakyWrappedCoin {
    uint256 public immutable leak;
    mapping(address account => uint256) public balanceOf;

    constructor(uint256 leaks) {
        leak = leaks;
    }

    function issue(address to, uint256 amount) external payable {
        balanceOf[to] += amount;
    }

    function transfer(address to, uint256 amount) external returns (bool) {
        balanceOf[msg.sender] -= amount;
        balanceOf[to] += amount;
        return true;
    }

    function withdraw(uint256 amount) external {
        balanceOf[msg.sender] -= amount + leak;
        (bool ok,) = msg.sender.call{value: amount}("");
        require(ok, "not taken");
    }
}
