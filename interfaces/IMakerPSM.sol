// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice What LitePSM and its wrapper for USDS share. The gem is the other stablecoin.
interface IMakerPSM {
    function tout() external view returns (uint256);
    function sellGem(address usr, uint256 gemAmt) external returns (uint256 daiOutWad);
    function buyGem(address usr, uint256 gemAmt) external returns (uint256 daiInWad);
}
