// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

/// @dev One call of many that a thief makes when he gets a turn.
struct Act {
    address target;
    uint256 value;
    bytes data;
    /// Send on the very bytes with which the thief was called, instead of `data`.
    bool forwards;
    /// Whether its failure is the thief's own.
    bool must;
}

/// @dev Whoever calls it, by whatever name, gives it a turn: it does what was plotted, and answers what it was told to.
contract Accomplice {
    Act[] private _acts;
    bytes private _answer;
    bool private _busy;
    mapping(bytes4 selector => bytes) private _views;
    /// How many turns it had, and how many of its acts came through.
    uint256 public turns;
    uint256 public done;
    /// What the last act that failed was told.
    bytes public refusal;

    function plot(Act[] calldata acts, bytes calldata answer) external {
        delete _acts;
        for (uint256 i; i < acts.length; i++) _acts.push(acts[i]);
        _answer = answer;
    }

    /// @dev Answers `selector` with these bytes and does nothing else.
    function pretend(bytes4 selector, bytes calldata answer) external {
        _views[selector] = answer;
    }

    function act(address target, bytes calldata data) external payable returns (bytes memory) {
        (bool ok, bytes memory answer) = target.call{value: msg.value}(data);
        if (!ok) _rethrow(answer);
        return answer;
    }

    receive() external payable {
        _turn();
    }

    fallback() external payable {
        bytes memory answer = _views[msg.sig];
        if (answer.length == 0) {
            _turn();
            answer = _answer;
        }
        assembly {
            return(add(answer, 0x20), mload(answer))
        }
    }

    function _turn() private {
        if (_busy) return;
        _busy = true;
        turns++;
        for (uint256 i; i < _acts.length; i++) _do(_acts[i]);
        _busy = false;
    }

    function _do(Act storage planned) private {
        bytes memory data = planned.data;
        if (planned.forwards) data = msg.data;
        (bool ok, bytes memory answer) = planned.target.call{value: planned.value}(data);
        if (ok) done++;
        else if (planned.must) _rethrow(answer);
        else refusal = answer;
    }

    function _rethrow(bytes memory reason) private pure {
        assembly {
            revert(add(reason, 0x20), mload(reason))
        }
    }
}

interface ITurn {
    function turn() external;
}

/// @dev A token that gives somebody a turn whenever it moves, before and after.
contract HookToken {
    string public constant name = "Hook";
    string public constant symbol = "HOOK";
    uint8 public constant decimals = 18;
    mapping(address account => uint256) public balanceOf;
    mapping(address owner => mapping(address spender => uint256)) public allowance;
    address public listener;
    /// What every transfer costs its receiver, in basis points.
    uint256 public tax;
    /// Nobody but its maker can move it.
    bool public trapped;
    address private immutable _maker = msg.sender;

    function give(address to, uint256 amount) external {
        balanceOf[to] += amount;
    }

    function listen(address by) external {
        listener = by;
    }

    function spring(uint256 basisPoints, bool trap) external {
        (tax, trapped) = (basisPoints, trap);
    }

    function approve(address spender, uint256 amount) external returns (bool) {
        allowance[msg.sender][spender] = amount;
        return true;
    }

    function transfer(address to, uint256 amount) external returns (bool) {
        return _move(msg.sender, to, amount);
    }

    function transferFrom(address from, address to, uint256 amount) external returns (bool) {
        allowance[from][msg.sender] -= amount;
        return _move(from, to, amount);
    }

    function _move(address from, address to, uint256 amount) private returns (bool) {
        require(!trapped || from == _maker, "trapped");
        if (listener != address(0)) ITurn(listener).turn();
        balanceOf[from] -= amount;
        balanceOf[to] += amount - amount * tax / 10_000;
        if (listener != address(0)) ITurn(listener).turn();
        return true;
    }
}

interface IBorrowable {
    function transfer(address to, uint256 amount) external returns (bool);
    function transferFrom(address from, address to, uint256 amount) external returns (bool);
}

/// @dev A lender without any lock, of three shapes, that lends to whomever anybody names, and gives a stranger a turn after it has lent
/// and before it calls back.
contract PorousLender {
    address public stranger;

    function invite(address whom) external {
        stranger = whom;
    }

    function flashLoanSimple(address receiver, address asset, uint256 amount, bytes calldata params, uint16) external {
        _lend(asset, receiver, amount);
        _call(receiver, abi.encodeWithSelector(0x1b11d0ff, asset, amount, 0, msg.sender, params));
        IBorrowable(asset).transferFrom(receiver, address(this), amount);
    }

    function flashLoan(address receiver, address asset, uint256 amount, bytes calldata data) external returns (bool) {
        _lend(asset, receiver, amount);
        _call(receiver, abi.encodeWithSelector(0x23e30c8b, msg.sender, asset, amount, 0, data));
        IBorrowable(asset).transferFrom(receiver, address(this), amount);
        return true;
    }

    function flashLoan(address receiver, address[] calldata assets, uint256[] calldata amounts, bytes calldata data) external {
        _lend(assets[0], receiver, amounts[0]);
        _call(receiver, abi.encodeWithSelector(0xf04f2707, assets, amounts, new uint256[](1), data));
    }

    function _lend(address asset, address receiver, uint256 amount) private {
        IBorrowable(asset).transfer(receiver, amount);
        if (stranger != address(0)) ITurn(stranger).turn();
    }

    function _call(address target, bytes memory data) private {
        (bool ok, bytes memory reason) = target.call(data);
        if (ok) return;
        assembly {
            revert(add(reason, 0x20), mload(reason))
        }
    }
}

/// @dev A token that says that no allowance is left, and remembers every one.
contract HidingToken {
    mapping(address account => uint256) public balanceOf;
    mapping(address owner => mapping(address spender => uint256)) private _allowed;

    function give(address to, uint256 amount) external {
        balanceOf[to] += amount;
    }

    function approve(address spender, uint256 amount) external returns (bool) {
        _allowed[msg.sender][spender] = amount;
        return true;
    }

    function allowance(address, address) external pure returns (uint256) {
        return 0;
    }

    function transfer(address to, uint256 amount) external returns (bool) {
        balanceOf[msg.sender] -= amount;
        balanceOf[to] += amount;
        return true;
    }

    function transferFrom(address from, address to, uint256 amount) external returns (bool) {
        _allowed[from][msg.sender] -= amount;
        balanceOf[from] -= amount;
        balanceOf[to] += amount;
        return true;
    }
}

/// @dev Leaves all that it has to somebody who did not ask for it.
contract Martyr {
    function die(address heir) external {
        selfdestruct(payable(heir));
    }
}

/// @dev Takes nothing.
contract Refuser {
    fallback() external payable {
        revert("not wanted");
    }
}

/// @dev Uses all the gas that it gets.
contract Burner {
    fallback() external payable {
        while (true) {}
    }
}

/// @dev Answers with more bytes than its caller would like to copy.
contract Flooder {
    fallback() external payable {
        assembly {
            revert(0, 10000)
        }
    }
}

/// @dev Gives as much of a token as it gets of the chain's own coin to whoever sent that.
contract Returner {
    address private immutable _token;

    constructor(address token) {
        _token = token;
    }

    receive() external payable {
        IBorrowable(_token).transfer(msg.sender, msg.value);
    }
}
