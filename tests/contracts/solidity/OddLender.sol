// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

interface ILendable {
    function transfer(address to, uint256 amount) external returns (bool);
    function transferFrom(address from, address to, uint256 amount) external returns (bool);
}

/// @dev A lender, pool and singleton of every shape, named at deployment or in a plan, that behaves as it is told.
contract OddLender {
    enum Trick {
        None,
        CallBackTwice,
        ChangeData,
        NeverCallBack,
        WrongSelector,
        WrongInitiator,
        OtherToken,
        LendLess,
        LendNothing,
        AskMore,
        NeverPull,
        Revert,
        NameMore
    }

    Trick public trick;
    address public token;
    address public otherToken;
    bytes private _answer;

    function set(Trick chosen, address lent, address other) external {
        (trick, token, otherToken) = (chosen, lent, other);
    }

    // Shapes: each lends, calls back with its own selector, and takes back what it lent.

    function flashLoanSimple(address receiver, address asset, uint256 amount, bytes calldata params, uint16) external {
        _lend(receiver, amount);
        _callBack(receiver, 0x1b11d0ff, abi.encode(_assetOf(asset), _named(amount), _fee(), _initiator(), _data(params)));
        _pull(receiver, _named(amount) + _fee());
    }

    function flashLoan(address receiver, address asset, uint256 amount, bytes calldata data) external returns (bool) {
        _lend(receiver, amount);
        _callBack(receiver, 0x23e30c8b, abi.encode(_initiator(), _assetOf(asset), amount, _fee(), _data(data)));
        _pull(receiver, amount + _fee());
        return true;
    }

    function flashLoan(address, uint256 assets, bytes calldata data) external {
        _lend(msg.sender, assets);
        _callBack(msg.sender, 0x31f57072, abi.encode(assets, _data(data)));
        _pull(msg.sender, assets);
    }

    function flashLoan(address recipient, address[] calldata tokens, uint256[] calldata amounts, bytes calldata data)
        external
    {
        _lend(recipient, amounts[0]);
        uint256[] memory fees = new uint256[](1);
        fees[0] = _fee();
        _callBack(recipient, 0xf04f2707, abi.encode(tokens, amounts, fees, _data(data)));
    }

    function unlock(bytes calldata data) external returns (bytes memory) {
        if (_isBalancerV3(bytes4(data))) {
            bytes4 selector = trick == Trick.WrongSelector ? bytes4(0x91dd7346) : bytes4(data);
            bytes memory rest = _data(data[4:]);
            _callRaw(msg.sender, abi.encodePacked(selector, rest));
            if (trick == Trick.CallBackTwice) _callRaw(msg.sender, abi.encodePacked(selector, rest));
        } else {
            _callBack(msg.sender, 0x91dd7346, abi.encode(_data(data)));
        }
        return "";
    }

    function take(address, address to, uint256 amount) external {
        _lend(to, amount);
    }

    function sendTo(address, address to, uint256 amount) external {
        _lend(to, amount);
    }

    function sync(address) external {}

    function settle() external payable returns (uint256) {
        return 0;
    }

    function settle(address, uint256 amount) external view returns (uint256) {
        return trick == Trick.AskMore ? amount - 1 : amount;
    }

    function flash(address recipient, uint256 amount0, uint256 amount1, bytes calldata data) external {
        _lend(recipient, amount0 + amount1);
        _callBack(msg.sender, 0xe9cbafb0, abi.encode(_fee(), _fee(), _data(data)));
    }

    function swap(uint256 amount0, uint256 amount1, address to, bytes calldata data) external {
        _lend(to, amount0 + amount1);
        _callBack(to, 0x10d1e85c, abi.encode(_initiator(), amount0, amount1, _data(data)));
    }

    function _isBalancerV3(bytes4 selector) private pure returns (bool) {
        return selector == bytes4(keccak256("onBalancerV3Loan()")) || selector == bytes4(keccak256("onBalancerV3Unlock()"));
    }

    function _callBack(address receiver, bytes4 selector, bytes memory arguments) private {
        if (trick == Trick.NeverCallBack) return;
        if (trick == Trick.Revert) revert("closed");
        if (trick == Trick.WrongSelector) selector = _anotherOf(selector);
        _callRaw(receiver, abi.encodePacked(selector, arguments));
        if (trick == Trick.CallBackTwice) _callRaw(receiver, abi.encodePacked(selector, arguments));
    }

    /// @dev Another callback that the router knows.
    function _anotherOf(bytes4 selector) private pure returns (bytes4) {
        bool isMorphosOrUniswapV4s = selector == 0x31f57072 || selector == 0x91dd7346;
        return isMorphosOrUniswapV4s ? bytes4(keccak256("onBalancerV3Loan()")) : bytes4(0x31f57072);
    }

    function _callRaw(address receiver, bytes memory data) private {
        if (trick == Trick.NeverCallBack) return;
        if (trick == Trick.Revert) revert("closed");
        (bool ok, bytes memory reason) = receiver.call(data);
        if (ok) return;
        assembly {
            revert(add(reason, 0x20), mload(reason))
        }
    }

    function _lend(address to, uint256 amount) private {
        if (trick == Trick.LendNothing) return;
        ILendable(token).transfer(to, trick == Trick.LendLess ? amount - 1 : amount);
    }

    function _pull(address from, uint256 amount) private {
        if (trick == Trick.NeverPull || trick == Trick.NeverCallBack) return;
        ILendable(token).transferFrom(from, address(this), amount);
    }

    function _fee() private view returns (uint256) {
        return trick == Trick.AskMore ? 1 : 0;
    }

    /// @dev How much it says that it lent.
    function _named(uint256 amount) private view returns (uint256) {
        return trick == Trick.NameMore ? amount + 1 : amount;
    }

    function _initiator() private view returns (address) {
        return trick == Trick.WrongInitiator ? address(this) : msg.sender;
    }

    function _assetOf(address asset) private view returns (address) {
        return trick == Trick.OtherToken ? otherToken : asset;
    }

    function _data(bytes calldata data) private view returns (bytes memory) {
        return trick == Trick.ChangeData ? abi.encodePacked(data, uint8(0)) : bytes(data);
    }
}

interface IUnlockable {
    function unlock(bytes calldata data) external returns (bytes memory);
    function settle(address token, uint256 amountHint) external returns (uint256 credit);
    function sendTo(address token, address to, uint256 amount) external;
}

/// @dev An operator that is a contract and holds the lock of a singleton while it runs a plan.
contract LockHolder {
    address private _router;
    bytes private _plan;

    function runInside(address singleton, address router, bytes calldata plan, bool balancer) external {
        (_router, _plan) = (router, plan);
        IUnlockable(singleton).unlock(balancer ? abi.encodeCall(this.inside, ()) : bytes(""));
    }

    function inside() external {
        _run();
    }

    function unlockCallback(bytes calldata) external returns (bytes memory) {
        _run();
        return "";
    }

    function _run() private {
        (bool ok, bytes memory reason) = _router.call(_plan);
        if (ok) return;
        assembly {
            revert(add(reason, 0x20), mload(reason))
        }
    }
}

/// @dev A token that lets its accomplice act whenever it moves: the accomplice claims at the Vault what was just paid there.
contract GossipingToken {
    mapping(address account => uint256) public balanceOf;
    mapping(address owner => mapping(address spender => uint256)) public allowance;
    address public vault;

    function give(address to, uint256 amount) external {
        balanceOf[to] += amount;
    }

    function watch(address watched) external {
        vault = watched;
    }

    function transfer(address to, uint256 amount) external returns (bool) {
        balanceOf[msg.sender] -= amount;
        balanceOf[to] += amount;
        if (to == vault && amount > 0) {
            uint256 claimed = IUnlockable(vault).settle(address(this), amount);
            IUnlockable(vault).sendTo(address(this), address(this), claimed);
        }
        return true;
    }
}

/// @dev A lender of the ERC-3156 shape whose fee is no share of the amount: a base price, or a refusal to tell.
contract CraftyLender {
    uint8 private immutable _habit;

    constructor(uint8 habit) {
        _habit = habit;
    }

    function maxFlashLoan(address) external pure returns (uint256) {
        return type(uint128).max;
    }

    function flashFee(address, uint256 amount) external view returns (uint256) {
        require(_habit == 0, "not today");
        return 10 ** 15 + amount / 1000;
    }
}
