// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

interface IToken {
    function transfer(address to, uint256 amount) external returns (bool);
    function balanceOf(address account) external view returns (uint256);
}

interface IV3Callback {
    function uniswapV3SwapCallback(int256 amount0Delta, int256 amount1Delta, bytes calldata data) external;
    function pancakeV3SwapCallback(int256 amount0Delta, int256 amount1Delta, bytes calldata data) external;
}

/// @dev A pool that a lured operator names in a genuine plan. What it does in its swap is set beforehand.
contract EvilPool {
    enum Trick {
        KeepAll,
        AskTooMuch,
        CallBackTwice,
        ChangeData,
        NeverCallBack,
        WrongSelector,
        Reenter,
        LieAboutOutput
    }

    Trick public trick;
    address public operatorContract;
    bytes public reentry;

    function set(Trick newTrick, address target, bytes calldata data) external {
        (trick, operatorContract, reentry) = (newTrick, target, data);
    }

    function swap(address, bool zeroForOne, int256 amount, uint160, bytes calldata data)
        external
        returns (int256, int256)
    {
        uint256 asked = amount > 0 ? uint256(amount) : uint256(-amount);
        if (trick == Trick.AskTooMuch) asked += 1;
        if (trick == Trick.Reenter) {
            (bool ok, bytes memory reason) = operatorContract.call(reentry);
            if (!ok) {
                assembly {
                    revert(add(reason, 0x20), mload(reason))
                }
            }
        }
        (int256 a0, int256 a1) = zeroForOne ? (int256(asked), -int256(asked)) : (-int256(asked), int256(asked));
        if (trick == Trick.WrongSelector) {
            IV3Callback(msg.sender).pancakeV3SwapCallback(a0, a1, data);
        } else if (trick == Trick.ChangeData) {
            IV3Callback(msg.sender).uniswapV3SwapCallback(a0, a1, abi.encodePacked(data, uint8(0)));
        } else if (trick != Trick.NeverCallBack) {
            IV3Callback(msg.sender).uniswapV3SwapCallback(a0, a1, data);
        }
        if (trick == Trick.CallBackTwice) IV3Callback(msg.sender).uniswapV3SwapCallback(a0, a1, data);
        return (a0, a1);
    }

    function getReserves() external pure returns (uint112, uint112, uint32) {
        return (10 ** 24, 10 ** 24, 0);
    }

    /// @dev The V2 shape: keeps what it was sent and gives nothing.
    function swap(uint256, uint256, address, bytes calldata) external {}
}

/// @dev An operator that is a contract: what a stolen or careless operator key can build.
contract OperatorContract {
    function call(address target, bytes calldata data) external returns (bytes memory) {
        (bool ok, bytes memory result) = target.call(data);
        if (!ok) {
            assembly {
                revert(add(result, 0x20), mload(result))
            }
        }
        return result;
    }

    /// @dev Two executions in one transaction: nothing may leak from the first into the second.
    function twice(address target, bytes calldata first, bytes calldata second) external {
        (bool ok,) = target.call(first);
        require(ok, "first failed");
        bytes memory reason;
        (ok, reason) = target.call(second);
        if (!ok) {
            assembly {
                revert(add(reason, 0x20), mload(reason))
            }
        }
    }
}

/// @dev Tokens with bad habits, one at a time.
contract OddToken {
    enum Habit {
        ReturnsFalse,
        ReturnsNothing,
        Reverts
    }

    Habit public habit;
    mapping(address account => uint256) public balanceOf;

    constructor(Habit chosen) {
        habit = chosen;
        balanceOf[msg.sender] = 10 ** 30;
    }

    function give(address to, uint256 amount) external {
        balanceOf[to] += amount;
    }

    function transfer(address to, uint256 amount) external {
        if (habit == Habit.Reverts) revert("blocked");
        if (habit != Habit.ReturnsFalse) {
            balanceOf[msg.sender] -= amount;
            balanceOf[to] += amount;
        }
        if (habit == Habit.ReturnsFalse) {
            assembly {
                mstore(0, 0)
                return(0, 32)
            }
        }
    }
}

/// @dev Takes ETH only if told so.
contract PickyReceiver {
    receive() external payable {
        revert("no ETH");
    }
}
