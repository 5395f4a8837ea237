// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC4626} from "@openzeppelin/contracts/token/ERC20/extensions/ERC4626.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

/// @title OpenZeppelin's tokenized vault with a name and a number of decimals
/// @notice Whoever sends it tokens raises the worth of every share: that is how it earns.
contract SavingsVault is ERC4626 {
    uint8 private immutable offset;

    constructor(IERC20 asset, string memory name, string memory symbol, uint8 offset_)
        ERC20(name, symbol)
        ERC4626(asset)
    {
        offset = offset_;
    }

    /// @dev By how many decimals shares are finer than the token; also what an inflation attack costs.
    function _decimalsOffset() internal view override returns (uint8) {
        return offset;
    }
}
