// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

import {Amplification, StableSwapMath} from "./StableSwapMath.sol";

/// @title What the StableSwap pools of the local chain have in common
/// @notice Written from the published invariant and ABI: no package holds the real bytecode. Swaps are exact. Not
/// there: pool shares (deposits are gifts), ramping of A, withdrawal of the admin's fees, killing.
abstract contract StableSwapPool {
    using SafeERC20 for IERC20;

    uint256 internal constant FEE_DENOMINATOR = 1e10;
    uint256 internal constant PRECISION = 1e18;
    uint256 internal constant A_PRECISION = 100;

    /// @notice The swap fee and the admin's share of it, both in units of 1e-10.
    uint256 public immutable fee;
    uint256 public immutable admin_fee;

    uint256 internal immutable amp;
    uint256 internal immutable ampPrecision;
    bool internal immutable roundsOnce;

    address[] public coins;
    uint256[] internal stored;
    /// @dev 10^(36 - decimals) for each coin, so that balance * rate / 1e18 has 18 decimals.
    uint256[] internal rates;
    uint256[] public admin_balances;
    bool private locked;

    event TokenExchange(
        address indexed buyer, int128 sold_id, uint256 tokens_sold, int128 bought_id, uint256 tokens_bought
    );

    modifier nonReentrant() {
        require(!locked);
        locked = true;
        _;
        locked = false;
    }

    constructor(
        address[] memory coins_,
        uint256[] memory rates_,
        Amplification memory a,
        uint256 fee_,
        uint256 adminFee_
    ) {
        require(coins_.length == rates_.length && coins_.length > 1);
        (amp, ampPrecision, roundsOnce) = (a.amp, a.precision, a.roundsOnce);
        (fee, admin_fee) = (fee_, adminFee_);
        coins = coins_;
        rates = rates_;
        stored = new uint256[](coins_.length);
        admin_balances = new uint256[](coins_.length);
    }

    /// @notice Adds to the pool's balances without any share in return.
    function fund(uint256[] calldata amounts) external payable nonReentrant {
        _requireValue(0, amounts[0]);
        for (uint256 k; k < amounts.length; ++k) _record(k, stored[k] + _take(k, amounts[k]));
    }

    function A() external view returns (uint256) {
        return amp / ampPrecision;
    }

    function balances(uint256 i) external view returns (uint256) {
        return _balances(0)[i];
    }

    /// @notice D * 1e18 / shares would be the virtual price; without shares, D itself, in 18 decimals.
    function invariant() external view returns (uint256) {
        return StableSwapMath.invariant(_scaled(_balances(0)), _amplification());
    }

    function _swap(int128 from, int128 to, uint256 dx, uint256 minDy, address receiver) internal returns (uint256 dy) {
        (uint256 i, uint256 j) = (_index(from), _index(to));
        dy = _swapIndexes(i, j, dx, minDy, receiver, _take);
        emit TokenExchange(msg.sender, from, dx, to, dy);
    }

    /// @dev `take` brings coin `i` in and answers how much of it there is.
    function _swapIndexes(
        uint256 i,
        uint256 j,
        uint256 dx,
        uint256 minDy,
        address receiver,
        function(uint256, uint256) internal returns (uint256) take
    ) internal nonReentrant returns (uint256 dy) {
        require(i != j);
        _requireValue(i, dx);
        uint256[] memory before = _balances(msg.value);
        uint256 received = take(i, dx);
        uint256 charged;
        (dy, charged) = _output(before, i, j, received);
        dy = ((dy - charged) * PRECISION) / rates[j];
        require(dy >= minDy, "Exchange resulted in fewer coins than expected");
        uint256 adminShare = ((charged * admin_fee) / FEE_DENOMINATOR * PRECISION) / rates[j];
        admin_balances[j] += adminShare;
        _record(i, before[i] + received);
        _record(j, before[j] - dy - adminShare);
        _give(j, receiver, dy);
    }

    /// @dev Output before the fee and the fee, both in 18 decimals, for balances in the coins' own units.
    function _output(uint256[] memory held, uint256 i, uint256 j, uint256 dx)
        internal
        view
        returns (uint256 dy, uint256 charged)
    {
        uint256[] memory xp = _scaled(held);
        uint256 x = xp[i] + (dx * rates[i]) / PRECISION;
        uint256 y = StableSwapMath.balanceFor(i, j, x, xp, _amplification());
        dy = xp[j] - y - 1;
        charged = (dy * _feeAt((xp[i] + x) / 2, (xp[j] + y) / 2)) / FEE_DENOMINATOR;
    }

    function _feeAt(uint256, uint256) internal view virtual returns (uint256) {
        return fee;
    }

    /// @dev Balances before the call, of whose ether `value` just arrived.
    function _balances(uint256) internal view virtual returns (uint256[] memory) {
        return stored;
    }

    /// @dev Ether that comes along must be the amount of the coin that it is.
    function _requireValue(uint256, uint256) internal virtual {
        require(msg.value == 0);
    }

    function _record(uint256 i, uint256 balance) internal virtual {
        stored[i] = balance;
    }

    /// @dev Takes coin `i` from the caller; what arrived.
    function _take(uint256 i, uint256 amount) internal virtual returns (uint256 received) {
        IERC20 coin = IERC20(coins[i]);
        received = coin.balanceOf(address(this));
        coin.safeTransferFrom(msg.sender, address(this), amount);
        received = coin.balanceOf(address(this)) - received;
    }

    function _give(uint256 j, address receiver, uint256 amount) internal virtual {
        IERC20(coins[j]).safeTransfer(receiver, amount);
    }

    function _amplification() internal view returns (Amplification memory) {
        return Amplification(amp, ampPrecision, roundsOnce);
    }

    function _index(int128 i) internal pure returns (uint256) {
        require(i >= 0);
        return uint256(uint128(i));
    }

    function _scaled(uint256[] memory held) private view returns (uint256[] memory xp) {
        xp = new uint256[](held.length);
        for (uint256 k; k < held.length; ++k) xp[k] = (held[k] * rates[k]) / PRECISION;
    }
}
