// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

import {Gate} from "./Gate.sol";

/// @notice The tokens that profit may be measured in: up to four fixed at deployment, and one that the owner sets.
/// @dev A plan names one by index. A counterfeit token cannot stand in for a real one, since the list is not the operator's.
abstract contract SettlementTokens is Gate {
    /// @notice The list holds no token at this index.
    error NoSettlementToken(uint256 index);

    /// @notice The place in the list that the owner sets.
    uint256 internal constant OWNER_SET_INDEX = 4;

    address internal immutable _token0;
    address private immutable _token1;
    address private immutable _token2;
    address private immutable _token3;
    address internal _ownerSetToken;

    constructor(address[4] memory tokens) {
        (_token0, _token1, _token2, _token3) = (tokens[0], tokens[1], tokens[2], tokens[3]);
    }

    function _settlementToken(uint256 index) internal view returns (address token) {
        if (index == 0) token = _token0;
        else if (index == 1) token = _token1;
        else if (index == 2) token = _token2;
        else if (index == 3) token = _token3;
        else if (index == OWNER_SET_INDEX) token = _ownerSetToken;
        if (token == address(0)) revert NoSettlementToken(index);
    }
}
