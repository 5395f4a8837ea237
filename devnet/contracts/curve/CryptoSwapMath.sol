// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

/// @title The CryptoSwap invariant of the published paper for two and three coins, in whole numbers
/// @notice K D^(n-1) sum(x) + prod(x) = K D^n + (D/n)^n with K = A K0 g^2 / (g + 1 - K0)^2, K0 = prod(x) n^n / D^n,
/// solved by Newton's method. `ann` is A n^n times 1e4, `gamma` is g times 1e18, balances are scaled to 18 decimals
/// and to the price of coin 0. First guesses, the order of divisions and the bounds are published facts of the pools
/// and decide the last digits.
library CryptoSwapMath {
    uint256 private constant WAD = 1e18;
    uint256 private constant A_MULTIPLIER = 10_000;
    uint256 private constant ROUNDS = 255;
    uint256 private constant MIN_SHARE = 1e16;
    uint256 private constant MAX_SHARE = 1e20;

    /// @dev What stays the same while a balance is searched for: `k0Others` is the part of K0 that the other balances give.
    struct Search {
        uint256 ann;
        uint256 gamma;
        uint256 d;
        uint256 k0Others;
        uint256 sumOthers;
        uint256 n;
    }

    /// @notice The balance of coin `i` that keeps the invariant `d`, given the other balances in `x`.
    function balanceFor(uint256 ann, uint256 gamma, uint256[] memory x, uint256 d, uint256 i)
        internal
        pure
        returns (uint256 y)
    {
        require(d >= 1e17 && d <= 1e33, "unsafe D");
        uint256[] memory others = _othersHighToLow(x, i);
        for (uint256 k; k < others.length; ++k) _requireShare(others[k], d);
        uint256 limit = _max(_max(others[0] / 1e14, d / 1e14), 100);
        Search memory search = Search(ann, gamma, d, 0, 0, x.length);
        y = _start(search, others);
        for (uint256 round; round < ROUNDS; ++round) {
            uint256 previous = y;
            bool settled;
            (y, settled) = _step(search, previous);
            if (settled && _distance(y, previous) < _max(limit, y / 1e14)) {
                _requireShare(y, d);
                return y;
            }
        }
        revert("no balance");
    }

    /// @notice The D that belongs to the scaled balances `unsorted`.
    function invariant(uint256 ann, uint256 gamma, uint256[] memory unsorted) internal pure returns (uint256 d) {
        uint256[] memory x = _highToLow(unsorted);
        uint256 n = x.length;
        require(x[0] >= 1e9 && x[0] <= 1e33, "unsafe balance");
        d = n * _geometricMean(x);
        uint256 sum;
        for (uint256 k; k < n; ++k) sum += x[k];
        for (uint256 round; round < ROUNDS; ++round) {
            uint256 previous = d;
            d = _stepD(ann, gamma, x, sum, previous);
            if (_distance(d, previous) * 1e14 < _max(1e16, d)) {
                for (uint256 k; k < n; ++k) _requireShare(x[k], d);
                return d;
            }
        }
        revert("no invariant");
    }

    /// @notice The fee in units of 1e-10 at the scaled balances `x`: `mid` in balance, towards `out` away from it.
    /// @dev f = g / (g + 1 - K) with K = prod(x) / (sum(x) / n)^n.
    function feeAt(uint256[] memory x, uint256 mid, uint256 out, uint256 feeGamma) internal pure returns (uint256) {
        uint256 n = x.length;
        uint256 sum;
        for (uint256 k; k < n; ++k) sum += x[k];
        uint256 balance = WAD;
        if (n == 2) {
            balance = (((WAD * 4) * x[0]) / sum * x[1]) / sum;
        } else {
            for (uint256 k; k < n; ++k) balance = (balance * n * x[k]) / sum;
        }
        uint256 f = (feeGamma * WAD) / (feeGamma + WAD - balance);
        return (mid * f + out * (WAD - f)) / WAD;
    }

    /// @dev First guess of the balance; fills in what the other balances contribute.
    function _start(Search memory search, uint256[] memory others) private pure returns (uint256 y) {
        (uint256 n, uint256 d) = (search.n, search.d);
        if (n == 2) {
            (search.k0Others, search.sumOthers) = ((WAD * 2 * others[0]) / d, others[0]);
            return (d * d) / (others[0] * 4);
        }
        y = d / n;
        for (uint256 k = others.length; k > 0; --k) {
            y = (y * d) / (others[k - 1] * n);
            search.sumOthers += others[k - 1];
        }
        search.k0Others = WAD;
        for (uint256 k; k < others.length; ++k) search.k0Others = (search.k0Others * others[k] * n) / d;
    }

    /// @dev One Newton step for a balance; not `settled` when the slope was negative and the guess was only halved.
    function _step(Search memory search, uint256 y) private pure returns (uint256, bool settled) {
        uint256 d = search.d;
        uint256 k0 = (search.k0Others * y * search.n) / d;
        uint256 sum = search.sumOthers + y;
        uint256 g = _distance(search.gamma + WAD, k0) + 1;
        uint256 curve = _curve(search.ann, search.gamma, d, g);
        uint256 weight = WAD + (2 * WAD * k0) / g;
        uint256 slope = WAD * y + sum * weight + curve;
        if (slope < d * weight) return (y / 2, false);
        slope -= d * weight;
        uint256 slopeOverY = slope / y;
        uint256 down = curve / slopeOverY;
        uint256 up = (slope + WAD * d) / slopeOverY + (down * WAD) / k0;
        down += (WAD * sum) / slopeOverY;
        return (up < down ? y / 2 : up - down, true);
    }

    /// @dev D g^2 / (A n^n gamma^2).
    function _curve(uint256 ann, uint256 gamma, uint256 d, uint256 g) private pure returns (uint256) {
        return ((((((WAD * d) / gamma) * g) / gamma) * g) * A_MULTIPLIER) / ann;
    }

    /// @dev One Newton step for D.
    function _stepD(uint256 ann, uint256 gamma, uint256[] memory x, uint256 sum, uint256 d)
        private
        pure
        returns (uint256)
    {
        uint256 n = x.length;
        uint256 k0 = _k0(x, d);
        uint256 g = _distance(gamma + WAD, k0) + 1;
        uint256 curve = _curve(ann, gamma, d, g);
        uint256 weight = (2 * WAD * n * k0) / g;
        uint256 slope = (sum + (sum * weight) / WAD) + (curve * n) / k0 - (weight * d) / WAD;
        uint256 up = (d * (slope + sum)) / slope;
        uint256 down = (d * d) / slope;
        if (WAD > k0) down += ((d * (curve / slope)) / WAD * (WAD - k0)) / k0;
        else down -= ((d * (curve / slope)) / WAD * (k0 - WAD)) / k0;
        return up > down ? up - down : (down - up) / 2;
    }

    function _k0(uint256[] memory x, uint256 d) private pure returns (uint256 k0) {
        if (x.length == 2) return ((WAD * 4 * x[0]) / d * x[1]) / d;
        k0 = WAD;
        for (uint256 k; k < x.length; ++k) k0 = (k0 * x[k] * x.length) / d;
    }

    function _geometricMean(uint256[] memory x) private pure returns (uint256 mean) {
        uint256 n = x.length;
        mean = x[0];
        for (uint256 round; round < ROUNDS; ++round) {
            uint256 previous = mean;
            if (n == 2) {
                mean = (mean + (x[0] * x[1]) / mean) / 2;
            } else {
                uint256 ratio = WAD;
                for (uint256 k; k < n; ++k) ratio = (ratio * x[k]) / mean;
                mean = (mean * ((n - 1) * WAD + ratio)) / (n * WAD);
            }
            uint256 moved = _distance(mean, previous);
            if (moved <= 1 || moved * WAD < mean) return mean;
        }
        revert("no mean");
    }

    function _othersHighToLow(uint256[] memory x, uint256 i) private pure returns (uint256[] memory others) {
        others = new uint256[](x.length - 1);
        uint256 at;
        for (uint256 k; k < x.length; ++k) if (k != i) others[at++] = x[k];
        _sort(others);
    }

    function _highToLow(uint256[] memory x) private pure returns (uint256[] memory sorted) {
        sorted = new uint256[](x.length);
        for (uint256 k; k < x.length; ++k) sorted[k] = x[k];
        _sort(sorted);
    }

    function _sort(uint256[] memory x) private pure {
        for (uint256 k = 1; k < x.length; ++k) {
            for (uint256 m = k; m > 0 && x[m - 1] < x[m]; --m) (x[m - 1], x[m]) = (x[m], x[m - 1]);
        }
    }

    function _requireShare(uint256 balance, uint256 d) private pure {
        uint256 share = (balance * WAD) / d;
        require(share >= MIN_SHARE && share <= MAX_SHARE, "unsafe balance");
    }

    function _distance(uint256 a, uint256 b) private pure returns (uint256) {
        return a > b ? a - b : b - a;
    }

    function _max(uint256 a, uint256 b) private pure returns (uint256) {
        return a > b ? a : b;
    }
}
