// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

import {IUniswapV4PoolManager} from "../../interfaces/IUniswapV4PoolManager.sol";
import {Accounts} from "../base/Accounts.sol";
import {Frame} from "../base/Frame.sol";
import {PlanFormat as Plan} from "../base/PlanFormat.sol";
import {PlanReader as Read} from "../base/PlanReader.sol";
import {UniswapV4Lock} from "./UniswapV4Lock.sol";

/// @notice Steps inside an unlock of the V4 PoolManager: swap on account, take what is due, pay what is owed.
/// @dev Hops net out on the account, so that only the first input and the last output move. What a swap gave is the delta that the
/// manager returns, hooks included. Whatever is left open makes the unlock revert.
abstract contract UniswapV4Venue is Accounts, UniswapV4Lock {
    uint160 private constant _LOWEST_LIMIT = 4295128740;
    uint160 private constant _HIGHEST_LIMIT = 1461446703485210103287273052203988822378723970341;

    /// @dev opcode, flags, currency0, currency1, fee, tick spacing, hooks, [amount]: exact input, on account.
    function _uniswapV4Swap(Frame frame) internal {
        uint256 at = frame.cursor();
        bool zeroForOne = Read.u8(at) & Plan.ZERO_FOR_ONE != 0;
        uint256 flags = _readFlags(at, Plan.AMOUNT_LAST);
        IUniswapV4PoolManager.PoolKey memory key;
        (key, at) = _readKey(Read.skip(at, 2));
        uint256 amount;
        (amount, at) = _readAmount(frame, flags, at);
        Read.requireWithin(at, frame.end());
        frame.setCursor(at);
        if (amount > type(uint128).max) revert AmountTooLarge(amount);
        frame.setLast(_swapInManager(_venue(_poolManager, Plan.UNISWAP_V4_SWAP), key, zeroForOne, amount));
    }

    function _uniswapV4Take(Frame frame) internal {
        (address currency, uint256 amount, address to) = _readTaking(frame);
        _takeFromManager(_venue(_poolManager, Plan.UNISWAP_V4_TAKE), currency, to, amount);
        frame.setLast(amount);
    }

    /// @dev `last` stays what it was: a payment gives nothing.
    function _uniswapV4Settle(Frame frame) internal {
        (address currency, uint256 amount) = _readPaying(frame);
        _payToManager(_venue(_poolManager, Plan.UNISWAP_V4_SETTLE), currency, amount);
    }

    function _readKey(uint256 at) private pure returns (IUniswapV4PoolManager.PoolKey memory key, uint256 end) {
        key.currency0 = Read.addr(at);
        at = Read.skip(at, Plan.ADDRESS_BYTES);
        key.currency1 = Read.addr(at);
        at = Read.skip(at, Plan.ADDRESS_BYTES);
        key.fee = uint24(Read.word(at) >> 232);
        at = Read.skip(at, Plan.FEE_BYTES);
        key.tickSpacing = int24(uint24(Read.word(at) >> 232));
        at = Read.skip(at, Plan.FEE_BYTES);
        key.hooks = Read.addr(at);
        return (key, Read.skip(at, Plan.ADDRESS_BYTES));
    }

    function _swapInManager(address manager, IUniswapV4PoolManager.PoolKey memory key, bool zeroForOne, uint256 amount)
        private
        returns (uint256)
    {
        // A negative amount is an exact input.
        IUniswapV4PoolManager.SwapParams memory params =
            IUniswapV4PoolManager.SwapParams(zeroForOne, -int256(amount), zeroForOne ? _LOWEST_LIMIT : _HIGHEST_LIMIT);
        int256 delta = int256(_call(manager, 0, abi.encodeCall(IUniswapV4PoolManager.swap, (key, params, ""))));
        int256 output = zeroForOne ? int256(int128(delta)) : delta >> 128;
        return output > 0 ? uint256(output) : 0;
    }
}
