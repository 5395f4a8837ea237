// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// A stand-in for Chainlink's OffchainAggregator, which no package holds: as there, answers never leave the
/// bounds that it tells.
contract BoundedAggregator {
    int192 public constant minAnswer = 100e8;
    int192 public constant maxAnswer = 10_000e8;
    uint8 public constant decimals = 8;

    int256 private answer;
    uint256 private updatedAt;
    uint80 private round;

    function updateAnswer(int256 told) external {
        answer = told < minAnswer ? int256(minAnswer) : told > maxAnswer ? int256(maxAnswer) : told;
        updatedAt = block.timestamp;
        round++;
    }

    function latestRoundData() external view returns (uint80, int256, uint256, uint256, uint80) {
        return (round, answer, updatedAt, updatedAt, round);
    }
}
