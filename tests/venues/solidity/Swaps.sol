// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

import {IERC20} from "../../../interfaces/IERC20.sol";
import {ISolidlyPool} from "../../../interfaces/ISolidlyPool.sol";

/// @dev A token whose balances are its first slot; lent to a pool's tokens, so that a call may set what anybody holds.
contract OpenToken {
    mapping(address account => uint256) public balanceOf;

    function transfer(address to, uint256 amount) external returns (bool) {
        balanceOf[msg.sender] -= amount;
        balanceOf[to] += amount;
        return true;
    }
}

/// @dev Trades at a pool as the router does: pays, asks for the quote, takes it.
contract SolidlyTrader {
    struct Outcome {
        bool quoted;
        uint256 quote;
        bool traded;
        uint256 received;
        uint256 reserve0;
        uint256 reserve1;
    }

    function trade(ISolidlyPool pool, IERC20 tokenIn, IERC20 tokenOut, bool first, uint256 amount)
        external
        returns (Outcome memory outcome)
    {
        require(tokenIn.transfer(address(pool), amount));
        try pool.getAmountOut(amount, address(tokenIn)) returns (uint256 quote) {
            (outcome.quoted, outcome.quote) = (true, quote);
            try pool.swap(first ? 0 : quote, first ? quote : 0, address(this), "") {
                outcome.traded = true;
            } catch {}
        } catch {}
        outcome.received = tokenOut.balanceOf(address(this));
        (outcome.reserve0, outcome.reserve1,) = pool.getReserves();
    }
}
