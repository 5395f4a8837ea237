// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

struct Key {
    address currency0;
    address currency1;
    uint24 fee;
    int24 tickSpacing;
    address hooks;
}

struct Swap {
    bool zeroForOne;
    int256 amountSpecified;
    uint160 sqrtPriceLimitX96;
}

interface IManager {
    function take(address currency, address to, uint256 amount) external;
    function sync(address currency) external;
}

/// @dev A hook that takes a share of every output of its pool, and may call somebody meanwhile.
contract TakingHook {
    IManager private immutable _manager;
    uint256 private immutable _percent;
    address private _target;
    bytes private _deed;

    constructor(IManager manager, uint256 percent) {
        (_manager, _percent) = (manager, percent);
    }

    function scheme(address target, bytes calldata deed) external {
        (_target, _deed) = (target, deed);
    }

    function afterSwap(address, Key calldata key, Swap calldata params, int256 delta, bytes calldata)
        external
        returns (bytes4, int128)
    {
        if (_target != address(0)) {
            (bool ok, bytes memory reason) = _target.call(_deed);
            if (!ok) {
                assembly {
                    revert(add(reason, 0x20), mload(reason))
                }
            }
        }
        int256 output = params.zeroForOne ? int256(int128(delta)) : delta >> 128;
        uint256 taken = uint256(output) * _percent / 100;
        _manager.take(params.zeroForOne ? key.currency1 : key.currency0, address(this), taken);
        return (this.afterSwap.selector, int128(int256(taken)));
    }
}

/// @dev An operator that is a contract, and leaves a currency synced at the PoolManager before it runs a plan.
contract CarelessOperator {
    function run(IManager manager, address synced, address router, bytes calldata plan) external {
        manager.sync(synced);
        (bool ok, bytes memory reason) = router.call(plan);
        if (ok) return;
        assembly {
            revert(add(reason, 0x20), mload(reason))
        }
    }
}
