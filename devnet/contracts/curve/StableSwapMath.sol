// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

/// @dev How a pool amplifies and rounds. `amp` is A * n^(n-1) times `precision`; `roundsOnce` divides the product term
/// of the invariant by n^n at the end, as the newer pools do, instead of by n at each coin.
struct Amplification {
    uint256 amp;
    uint256 precision;
    bool roundsOnce;
}

/// @title The StableSwap invariant of the published paper, in whole numbers
/// @notice A n^n sum(x) + D = A D n^n + D^(n+1) / (n^n prod(x)), solved by Newton's method. Balances are scaled to 18
/// decimals by the caller. The order of the divisions is a published fact of the pools and decides the last digit.
library StableSwapMath {
    uint256 private constant ROUNDS = 255;

    /// @notice The D that belongs to the balances `xp`; zero for an empty pool.
    function invariant(uint256[] memory xp, Amplification memory a) internal pure returns (uint256 d) {
        uint256 n = xp.length;
        uint256 sum;
        for (uint256 k; k < n; ++k) sum += xp[k];
        if (sum == 0) return 0;
        uint256 ann = a.amp * n;
        d = sum;
        for (uint256 round; round < ROUNDS; ++round) {
            uint256 product = _productTerm(xp, d, a.roundsOnce);
            uint256 previous = d;
            d = ((ann * sum) / a.precision + product * n) * d
                / (((ann - a.precision) * d) / a.precision + (n + 1) * product);
            if (_near(d, previous)) return d;
        }
        revert("no invariant");
    }

    /// @notice The balance of coin `j` that keeps the invariant of `xp` once coin `i` stands at `x`.
    function balanceFor(uint256 i, uint256 j, uint256 x, uint256[] memory xp, Amplification memory a)
        internal
        pure
        returns (uint256 y)
    {
        uint256 n = xp.length;
        uint256 ann = a.amp * n;
        uint256 d = invariant(xp, a);
        uint256 c = d;
        uint256 sum;
        for (uint256 k; k < n; ++k) {
            if (k == j) continue;
            uint256 balance = k == i ? x : xp[k];
            sum += balance;
            c = (c * d) / (balance * n);
        }
        c = (c * d * a.precision) / (ann * n);
        uint256 b = sum + (d * a.precision) / ann;
        y = d;
        for (uint256 round; round < ROUNDS; ++round) {
            uint256 previous = y;
            y = (y * y + c) / (2 * y + b - d);
            if (_near(y, previous)) return y;
        }
        revert("no balance");
    }

    /// @dev D^(n+1) / (n^n prod(x)).
    function _productTerm(uint256[] memory xp, uint256 d, bool roundsOnce) private pure returns (uint256 product) {
        uint256 n = xp.length;
        product = d;
        for (uint256 k; k < n; ++k) product = (product * d) / (roundsOnce ? xp[k] : xp[k] * n);
        if (roundsOnce) product /= n ** n;
    }

    function _near(uint256 a, uint256 b) private pure returns (bool) {
        return (a > b ? a - b : b - a) <= 1;
    }
}
