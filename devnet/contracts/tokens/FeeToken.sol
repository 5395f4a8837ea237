// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// @title A token that takes a fee in basis points out of every transfer and gives it to a collector
contract FeeToken is ERC20 {
    uint256 public immutable feeBasisPoints;
    address public immutable collector;

    constructor(uint256 supply, uint256 feeBasisPoints_, address collector_) ERC20("Fee", "FEE") {
        (feeBasisPoints, collector) = (feeBasisPoints_, collector_);
        _mint(msg.sender, supply);
    }

    /// @dev The fee is rounded up, so that no transfer is free.
    function _update(address from, address to, uint256 amount) internal override {
        uint256 fee = from == address(0) ? 0 : (amount * feeBasisPoints + 9_999) / 10_000;
        if (fee > 0) super._update(from, collector, fee);
        super._update(from, to, amount - fee);
    }
}
