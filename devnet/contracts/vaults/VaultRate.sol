// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

import {IERC4626} from "@openzeppelin/contracts/interfaces/IERC4626.sol";

/// @title What a share of a vault redeems to, as Balancer asks for it
contract VaultRate {
    IERC4626 public immutable vault;
    uint256 private immutable share;

    constructor(IERC4626 vault_) {
        vault = vault_;
        share = 10 ** vault_.decimals();
    }

    /// @return The worth of one share with 18 decimals, for a vault whose token has 18.
    function getRate() external view returns (uint256) {
        return vault.convertToAssets(share);
    }
}
