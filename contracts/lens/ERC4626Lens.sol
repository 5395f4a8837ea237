// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

import {Asking} from "./Asking.sol";

interface IVaultRules {
    function totalAssets() external view returns (uint256);
    function totalSupply() external view returns (uint256);
    function maxDeposit(address receiver) external view returns (uint256);
    function convertToAssets(uint256 shares) external view returns (uint256);
    function convertToShares(uint256 assets) external view returns (uint256);
    function previewDeposit(uint256 assets) external view returns (uint256);
    function previewRedeem(uint256 shares) external view returns (uint256);
}

/// @notice Reads vaults of ERC-4626: what they hold, and by which rule they count.
library ERC4626Lens {
    uint256 private constant _NO_ANSWER = type(uint256).max;
    uint256 private constant _SOMEBODY = 0xdEaD;
    uint256 private constant _RAY = 1e27;

    /// @param request The vault.
    /// @return answer Twelve words: assets, shares, what is taken of anybody, the worth of 1e27 shares, the shares for all assets and one
    /// more, for all assets, then previews of three deposits and three redemptions. All bits are set where nothing is answered.
    function read(bytes calldata request) internal view returns (bytes memory answer) {
        address vault = address(bytes20(request[:20]));
        uint256 assets = Asking.one(vault, IVaultRules.totalAssets.selector, 0);
        uint256 supply = Asking.one(vault, IVaultRules.totalSupply.selector, 0);
        bytes4 deposit = IVaultRules.previewDeposit.selector;
        bytes4 redeem = IVaultRules.previewRedeem.selector;
        answer = abi.encode(
            assets,
            supply,
            _mostDeposited(vault),
            _asked(vault, IVaultRules.convertToAssets.selector, _RAY),
            _asked(vault, IVaultRules.convertToShares.selector, assets + 1),
            _asked(vault, IVaultRules.convertToShares.selector, assets)
        );
        bytes memory deposits =
            abi.encode(_asked(vault, deposit, 1), _asked(vault, deposit, assets / 7 + 3), _asked(vault, deposit, 10 ** 6 * assets + 11));
        bytes memory redemptions =
            abi.encode(_asked(vault, redeem, 1), _asked(vault, redeem, supply / 7 + 3), _asked(vault, redeem, 10 ** 6 * supply + 11));
        return bytes.concat(answer, deposits, redemptions);
    }

    function _mostDeposited(address vault) private view returns (uint256) {
        (bool answered, uint256 most) = Asking.tryOne(vault, IVaultRules.maxDeposit.selector, _SOMEBODY);
        return answered ? most : 0;
    }

    function _asked(address vault, bytes4 selector, uint256 argument) private view returns (uint256) {
        (bool answered, uint256 value) = Asking.tryOne(vault, selector, argument);
        return answered ? value : _NO_ANSWER;
    }
}
