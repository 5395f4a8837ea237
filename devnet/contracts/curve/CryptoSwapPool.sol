// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

import {CryptoSwapMath} from "./CryptoSwapMath.sol";

/// @dev The numbers that make a crypto pool; fees in units of 1e-10, `amp` is A n^n times 1e4, the rest times 1e18.
struct CryptoTerms {
    uint256 amp;
    uint256 gamma;
    uint256 midFee;
    uint256 outFee;
    uint256 feeGamma;
}

/// @title What the two- and three-coin crypto pools of the local chain have in common
/// @notice Written from the published invariant and ABI: no package holds the real bytecode. Outputs, the dynamic fee and
/// D after each swap are exact as long as the price scale stands still. Not there: the price oracle and the movement of
/// the price scale, pool shares (deposits are gifts), ramping, the admin's fees, and swaps that wrap ether.
abstract contract CryptoSwapPool {
    using SafeERC20 for IERC20;

    uint256 private constant FEE_DENOMINATOR = 1e10;
    uint256 private constant PRECISION = 1e18;

    /// @notice A n^n times 1e4, as the real pools answer it.
    uint256 public immutable A;
    uint256 public immutable gamma;
    uint256 public immutable mid_fee;
    uint256 public immutable out_fee;
    uint256 public immutable fee_gamma;

    address[] public coins;
    uint256[] public balances;
    /// @notice The invariant after the last swap, in 18 decimals of coin 0.
    uint256 public D;
    /// @dev 10^(18 - decimals) for each coin.
    uint256[] internal precisions_;
    /// @dev Price of coins 1, 2 .. in coin 0, times 1e18, around which liquidity is concentrated.
    uint256[] internal scale;
    bool private locked;

    event TokenExchange(
        address indexed buyer, uint256 sold_id, uint256 tokens_sold, uint256 bought_id, uint256 tokens_bought
    );

    modifier nonReentrant() {
        require(!locked);
        locked = true;
        _;
        locked = false;
    }

    constructor(
        address[] memory coins__,
        uint256[] memory precisions__,
        CryptoTerms memory terms,
        uint256[] memory scale_
    ) {
        require(coins__.length == precisions__.length && coins__.length == scale_.length + 1);
        (A, gamma) = (terms.amp, terms.gamma);
        (mid_fee, out_fee, fee_gamma) = (terms.midFee, terms.outFee, terms.feeGamma);
        coins = coins__;
        precisions_ = precisions__;
        scale = scale_;
        balances = new uint256[](coins__.length);
    }

    /// @notice Adds to the pool's balances without any share in return; each balance must be above zero afterwards.
    function fund(uint256[] calldata amounts) external nonReentrant {
        for (uint256 k; k < amounts.length; ++k) {
            IERC20(coins[k]).safeTransferFrom(msg.sender, address(this), amounts[k]);
            balances[k] += amounts[k];
        }
        D = CryptoSwapMath.invariant(A, gamma, _scaled(balances));
    }

    /// @notice The fee in units of 1e-10 at the present balances.
    function fee() external view returns (uint256) {
        return CryptoSwapMath.feeAt(_scaled(balances), mid_fee, out_fee, fee_gamma);
    }

    function get_dy(uint256 i, uint256 j, uint256 dx) external view returns (uint256 dy) {
        (dy,) = _output(i, j, dx);
    }

    function _swap(uint256 i, uint256 j, uint256 dx, uint256 minDy, address receiver)
        internal
        nonReentrant
        returns (uint256 dy)
    {
        require(dx > 0);
        uint256[] memory held;
        (dy, held) = _output(i, j, dx);
        require(dy >= minDy, "Slippage");
        IERC20(coins[i]).safeTransferFrom(msg.sender, address(this), dx);
        IERC20(coins[j]).safeTransfer(receiver, dy);
        (balances[i], balances[j]) = (held[i], held[j]);
        D = CryptoSwapMath.invariant(A, gamma, _scaled(held));
        emit TokenExchange(msg.sender, i, dx, j, dy);
    }

    /// @dev Output after the fee, and the balances that a swap leaves.
    function _output(uint256 i, uint256 j, uint256 dx) private view returns (uint256 dy, uint256[] memory held) {
        require(i != j);
        held = balances;
        held[i] += dx;
        uint256[] memory x = _scaled(held);
        uint256 y = CryptoSwapMath.balanceFor(A, gamma, x, D, j);
        dy = x[j] - y - 1;
        x[j] = y;
        if (j > 0) dy = (dy * PRECISION) / scale[j - 1];
        dy /= precisions_[j];
        dy -= (CryptoSwapMath.feeAt(x, mid_fee, out_fee, fee_gamma) * dy) / FEE_DENOMINATOR;
        held[j] -= dy;
    }

    function _scaled(uint256[] memory held) internal view returns (uint256[] memory x) {
        x = new uint256[](held.length);
        x[0] = held[0] * precisions_[0];
        for (uint256 k = 1; k < held.length; ++k) {
            x[k] = (held[k] * scale[k - 1] * precisions_[k]) / PRECISION;
        }
    }
}
