// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

interface ICallbacks {
    function uniswapV3SwapCallback(int256 amount0Delta, int256 amount1Delta, bytes calldata data) external;
    function uniswapV2Call(address sender, uint256 amount0, uint256 amount1, bytes calldata data) external;
    function executeOperation(address asset, uint256 amount, uint256 premium, address initiator, bytes calldata params)
        external
        returns (bool);
}

interface IHolder {
    function transfer(address to, uint256 amount) external returns (bool);
    function transferFrom(address from, address to, uint256 amount) external returns (bool);
    function balanceOf(address account) external view returns (uint256);
    function allowance(address owner, address spender) external view returns (uint256);
}

interface IHooked {
    function tokensMoved() external;
}

/// @dev One call of many that an attacker makes in the middle of a plan.
struct Deed {
    address target;
    bytes data;
    /// Whether its failure is the attacker's own.
    bool must;
}

/// @dev A pool of the V2 and of the V3 shape, and an operator, in one: does what it was told before and after it calls back.
contract Schemer is IHooked {
    Deed[] private _before;
    Deed[] private _after;
    int256 public asked0;
    int256 public asked1;
    /// How many of its deeds came through.
    uint256 public done;
    /// What it puts behind the end of the data that it hands back, out of step with the ABI's padding.
    bytes public tail;
    bool private _busy;

    function scheme(Deed[] calldata first, Deed[] calldata last, int256 amount0, int256 amount1) external {
        delete _before;
        delete _after;
        for (uint256 i; i < first.length; i++) _before.push(first[i]);
        for (uint256 i; i < last.length; i++) _after.push(last[i]);
        (asked0, asked1) = (amount0, amount1);
    }

    function append(bytes calldata bytesBehind) external {
        tail = bytesBehind;
    }

    function swap(address, bool, int256, uint160, bytes calldata data) external returns (int256, int256) {
        _do(_before);
        bytes4 selector = ICallbacks.uniswapV3SwapCallback.selector;
        bytes memory callback = abi.encodePacked(selector, asked0, asked1, uint256(0x60), data.length, data, tail);
        (bool ok, bytes memory reason) = msg.sender.call(callback);
        if (!ok) {
            assembly {
                revert(add(reason, 0x20), mload(reason))
            }
        }
        _do(_after);
        return (asked0, asked1);
    }

    function swap(uint256, uint256, address, bytes calldata data) external {
        _do(_before);
        if (data.length > 0) {
            ICallbacks(msg.sender).uniswapV2Call(msg.sender, uint256(asked0), uint256(asked1), data);
        }
        _do(_after);
    }

    function getReserves() external pure returns (uint112, uint112, uint32) {
        return (10 ** 24, 10 ** 24, 0);
    }

    /// @dev What a token with hooks calls on whoever sends or receives it.
    function tokensMoved() external {
        _do(_before);
    }

    function act(address target, bytes calldata data) external {
        _perform(target, data, true);
    }

    function _do(Deed[] storage deeds) private {
        if (_busy) return;
        _busy = true;
        for (uint256 i; i < deeds.length; i++) _perform(deeds[i].target, deeds[i].data, deeds[i].must);
        _busy = false;
    }

    function _perform(address target, bytes memory data, bool must) private {
        (bool ok, bytes memory reason) = target.call(data);
        if (ok) done++;
        if (ok || !must) return;
        assembly {
            revert(add(reason, 0x20), mload(reason))
        }
    }
}

/// @dev An account of several signers: what they have agreed to, anyone may carry out.
contract SignersAccount {
    Deed[] private _agreed;
    uint256 private _next;

    function agree(address target, bytes calldata data) external {
        _agreed.push(Deed(target, data, true));
    }

    /// @dev Carries out the oldest agreement that is left.
    function carryOut() external {
        Deed memory deed = _agreed[_next++];
        (bool ok, bytes memory reason) = deed.target.call(deed.data);
        if (ok) return;
        assembly {
            revert(add(reason, 0x20), mload(reason))
        }
    }
}

/// @dev An operator that looks at what the router holds before and after a plan, and whether it left anything behind.
contract Watcher {
    function run(
        address router,
        bytes calldata plan,
        bytes calldata emptyPlan,
        address[] calldata tokens,
        address spender
    ) external returns (bool ok, bytes memory answer, int256[] memory changes, bool clean) {
        changes = new int256[](tokens.length);
        for (uint256 i; i < tokens.length; i++) changes[i] = -int256(IHolder(tokens[i]).balanceOf(router));
        (ok, answer) = router.call(plan);
        for (uint256 i; i < tokens.length; i++) changes[i] += int256(IHolder(tokens[i]).balanceOf(router));
        // An empty plan fails while a callback is due.
        (clean,) = router.call(emptyPlan);
        for (uint256 i; i < tokens.length; i++) clean = clean && IHolder(tokens[i]).allowance(router, spender) == 0;
    }
}

/// @dev Called like an Aave pool: lends nothing, and leaves what it says that it is owed for later.
contract LazyLender {
    function flashLoanSimple(address receiver, address asset, uint256 amount, bytes calldata params, uint16) external {
        require(ICallbacks(receiver).executeOperation(asset, amount, 0, msg.sender, params), "not accepted");
    }

    function collect(address asset, address from, address to, uint256 amount) external {
        IHolder(asset).transferFrom(from, to, amount);
    }
}

/// @dev A token that tells sender and receiver that it moves, as ERC-777 tokens do.
contract HookedToken {
    mapping(address account => uint256) public balanceOf;
    mapping(address account => bool) public listens;

    function give(address to, uint256 amount) external {
        balanceOf[to] += amount;
    }

    function listen() external {
        listens[msg.sender] = true;
    }

    function transfer(address to, uint256 amount) external returns (bool) {
        if (listens[msg.sender]) IHooked(msg.sender).tokensMoved();
        balanceOf[msg.sender] -= amount;
        balanceOf[to] += amount;
        if (listens[to]) IHooked(to).tokensMoved();
        return true;
    }
}

/// @dev A token that moves, and answers with `answer` bytes: a false word when that is 32, a flood when it is many.
contract OddlyAnsweringToken {
    uint256 public immutable answer;
    mapping(address account => uint256) public balanceOf;

    constructor(uint256 bytesOfAnswer) {
        answer = bytesOfAnswer;
    }

    function give(address to, uint256 amount) external {
        balanceOf[to] += amount;
    }

    function transfer(address to, uint256 amount) external {
        balanceOf[msg.sender] -= amount;
        balanceOf[to] += amount;
        uint256 length = answer;
        assembly {
            // Zero words behind a first word that is one only where there is more than a word.
            let free := mload(0x40)
            mstore(free, gt(length, 0x20))
            return(free, length)
        }
    }
}

/// @dev A pool that reverts with a flood of bytes.
contract FloodingPool {
    function swap(address, bool, int256, uint160, bytes calldata) external pure returns (int256, int256) {
        assembly {
            revert(0, 20000)
        }
    }
}
