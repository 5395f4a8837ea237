// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

interface IDodoV2Pool {
    function sellBase(address to) external returns (uint256 receiveQuoteAmount);
    function sellQuote(address to) external returns (uint256 receiveBaseAmount);
}
