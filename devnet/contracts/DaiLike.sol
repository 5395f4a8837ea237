// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20FlashMint} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20FlashMint.sol";

/// @title An eighteen-decimal dollar with Dai's wards and an ERC-3156 flash mint
/// @notice Stands where Dai stands. It lends itself, where on mainnet a separate contract does that for Dai.
contract DaiLike is ERC20FlashMint {
    mapping(address account => uint256 authorised) public wards;

    constructor(address ward) ERC20("Dai Stablecoin", "DAI") {
        wards[ward] = 1;
    }

    modifier auth() {
        require(wards[msg.sender] == 1, "Dai/not-authorized");
        _;
    }

    function rely(address account) external auth {
        wards[account] = 1;
    }

    function mint(address to, uint256 amount) external auth {
        _mint(to, amount);
    }
}
