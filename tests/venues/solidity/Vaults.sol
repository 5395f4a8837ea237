// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

import {ERC20 as OpenZeppelinERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC4626 as OpenZeppelinERC4626} from "@openzeppelin/contracts/token/ERC20/extensions/ERC4626.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {ERC20 as SolmateERC20} from "solmate/src/tokens/ERC20.sol";
import {ERC4626 as SolmateERC4626} from "solmate/src/mixins/ERC4626.sol";

/// @dev An asset whose balances are its first slot, and which anybody may move.
contract Asset {
    mapping(address account => uint256) public balanceOf;
    uint8 public constant decimals = 18;
    string public constant name = "Asset";
    string public constant symbol = "ASSET";

    function transfer(address to, uint256 amount) external returns (bool) {
        return transferFrom(msg.sender, to, amount);
    }

    function transferFrom(address from, address to, uint256 amount) public returns (bool) {
        balanceOf[from] -= amount;
        balanceOf[to] += amount;
        return true;
    }
}

/// @dev OpenZeppelin's vault, whose shares are finer by some decimals.
contract OffsetVault is OpenZeppelinERC4626 {
    uint8 private immutable _offset;

    constructor(IERC20 asset_, uint8 offset) OpenZeppelinERC20("Offset vault", "OFF") OpenZeppelinERC4626(asset_) {
        _offset = offset;
    }

    function _decimalsOffset() internal view override returns (uint8) {
        return _offset;
    }
}

/// @dev The same with a fee of a thousandth on what is put in: its previews are not what it converts.
contract FeeVault is OffsetVault {
    constructor(IERC20 asset_) OffsetVault(asset_, 0) {}

    function previewDeposit(uint256 assets) public view override returns (uint256) {
        return super.previewDeposit(assets - assets / 1000);
    }
}

/// @dev Solmate's vault, which takes no more than it is told to.
contract SolmateVault is SolmateERC4626 {
    uint256 public immutable most;

    constructor(SolmateERC20 asset_, uint256 most_) SolmateERC4626(asset_, "Solmate vault", "SOL") {
        most = most_;
    }

    function totalAssets() public view override returns (uint256) {
        return asset.balanceOf(address(this));
    }

    function maxDeposit(address) public view override returns (uint256) {
        return most;
    }
}

/// @dev A vault of the kind of Maker's savings tokens: a rate of 27 decimals, whatever it holds.
contract RateVault is OpenZeppelinERC4626 {
    uint256 private constant RAY = 1e27;
    uint256 public immutable rate;

    constructor(IERC20 asset_, uint256 rate_) OpenZeppelinERC20("Rate vault", "RATE") OpenZeppelinERC4626(asset_) {
        rate = rate_;
    }

    function previewDeposit(uint256 assets) public view override returns (uint256) {
        return convertToShares(assets);
    }

    function previewRedeem(uint256 shares) public view override returns (uint256) {
        return convertToAssets(shares);
    }

    function convertToShares(uint256 assets) public view override returns (uint256) {
        return assets * RAY / rate;
    }

    function convertToAssets(uint256 shares) public view override returns (uint256) {
        return shares * rate / RAY;
    }
}
