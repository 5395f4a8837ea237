// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

import {IUniswapV4PoolManager} from "../../interfaces/IUniswapV4PoolManager.sol";
import {Calls} from "../base/Calls.sol";
import {Constants} from "../base/Constants.sol";
import {Payments} from "../base/Payments.sol";

/// @notice The V4 PoolManager named at deployment: it keeps accounts while it is unlocked, and locks only when all of them are even.
/// @dev The zero address is the chain's own coin, here as there.
abstract contract UniswapV4Lock {
    address internal immutable _poolManager;

    constructor(Constants memory constants) {
        _poolManager = constants.uniswapV4PoolManager;
    }

    /// @dev Has the manager pay `amount` to `to`, on the router's account.
    function _takeFromManager(address manager, address currency, address to, uint256 amount) internal {
        Calls.send(manager, IUniswapV4PoolManager.take.selector, currency, to, amount);
    }

    /// @dev Pays `amount` onto the router's account. `sync` is for the own coin too: someone may have left another currency synced.
    function _payToManager(address manager, address currency, uint256 amount) internal {
        Calls.send(manager, IUniswapV4PoolManager.sync.selector, currency);
        uint256 value;
        if (currency == address(0)) value = amount;
        else Payments.transfer(currency, manager, amount);
        Calls.send(manager, value, IUniswapV4PoolManager.settle.selector, 0, 0, 0, 0);
    }
}
