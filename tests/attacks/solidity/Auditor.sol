// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

interface IAudited {
    function balanceOf(address account) external view returns (uint256);
    function allowance(address owner, address spender) external view returns (uint256);
}

interface IPermit2 {
    function allowance(address owner, address token, address spender)
        external
        view
        returns (uint160 amount, uint48 expiration, uint48 nonce);
}

/// @dev Asks many tokens about many people in one call, and tells of allowances those alone that are not zero.
contract Auditor {
    struct Allowance {
        address token;
        address spender;
        uint256 amount;
        bool throughPermit2;
    }

    /// @return found The balances of the first owner, token by token, then those of the second, and so on; in wei where the token is zero.
    function holdings(address[] calldata owners, address[] calldata tokens) external view returns (uint256[] memory found) {
        found = new uint256[](owners.length * tokens.length);
        for (uint256 i; i < found.length; i++) {
            (address owner, address token) = (owners[i / tokens.length], tokens[i % tokens.length]);
            found[i] = token == address(0) ? owner.balance : IAudited(token).balanceOf(owner);
        }
    }

    function codes(address[] calldata accounts) external view returns (bytes32[] memory found) {
        found = new bytes32[](accounts.length);
        for (uint256 i; i < found.length; i++) found[i] = accounts[i].codehash;
    }

    function allowances(address owner, IPermit2 permit2, address[] calldata tokens, address[] calldata spenders)
        external
        view
        returns (Allowance[] memory found)
    {
        found = new Allowance[](2 * tokens.length * spenders.length);
        uint256 count;
        for (uint256 i; i < tokens.length; i++) {
            for (uint256 j; j < spenders.length; j++) {
                (address token, address spender) = (tokens[i], spenders[j]);
                uint256 amount = IAudited(token).allowance(owner, spender);
                if (amount != 0) found[count++] = Allowance(token, spender, amount, false);
                (amount,,) = permit2.allowance(owner, token, spender);
                if (amount != 0) found[count++] = Allowance(token, spender, amount, true);
            }
        }
        assembly {
            mstore(found, count)
        }
    }
}
