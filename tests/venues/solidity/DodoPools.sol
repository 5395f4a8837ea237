// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

interface IToken {
    function balanceOf(address account) external view returns (uint256);
    function transfer(address to, uint256 amount) external returns (bool);
}

interface IBorrower {
    function DPPFlashLoanCall(address sender, uint256 baseAmount, uint256 quoteAmount, bytes calldata data) external;
}

/// @dev A token whose balances are its first slot, and which anybody may move.
contract Coin {
    mapping(address account => uint256) public balanceOf;
    uint8 public constant decimals = 18;
    string public constant symbol = "COIN";

    function transfer(address to, uint256 amount) external returns (bool) {
        balanceOf[msg.sender] -= amount;
        balanceOf[to] += amount;
        return true;
    }
}

/// @dev A model of DODO's market maker, written from its formulas and its published interface, not DODO's code. A side has a target
/// and what it holds; what goes in brings the pool back to its targets first and away from them afterwards.
library Maker {
    uint256 private constant ONE = 1e18;

    struct Side {
        uint256 rate;
        uint256 slope;
        uint256 heldIn;
        uint256 heldOut;
        uint256 targetIn;
        uint256 targetOut;
        bool off;
        bool toward;
        bool strict;
    }

    function sold(Side memory side, uint256 amount) internal pure returns (uint256 out, bool off, bool toward) {
        if (!side.off) return (_away(side, side.targetOut, amount), true, false);
        if (!side.toward) return (_away(side, side.heldOut, amount), true, false);
        uint256 backIn = less(side.targetIn, side.heldIn);
        uint256 backOut = less(side.heldOut, side.targetOut);
        if (amount == backIn) return (backOut, false, false);
        if (amount > backIn) return (backOut + _away(side, side.targetOut, amount - backIn), true, false);
        out = _filled(side, side.heldIn + amount, amount);
        return (out < backOut ? out : backOut, true, true);
    }

    function targetOf(uint256 held, uint256 surplus, uint256 rate, uint256 slope, bool strict) internal pure returns (uint256) {
        if (held == 0 && !(strict && slope == 0)) return 0;
        if (slope == 0) return held + rate * surplus / ONE;
        uint256 steep = 4 * slope * rate;
        uint256 inside;
        if (steep != 0) inside = strict || _fits(steep, surplus) ? steep * surplus / held : steep / held * surplus;
        return held * ((root(inside + ONE * ONE) - ONE) * ONE / (2 * slope) + ONE) / ONE;
    }

    function less(uint256 a, uint256 b) internal pure returns (uint256) {
        require(b <= a, "SUB_ERROR");
        return a - b;
    }

    function _filled(Side memory side, uint256 end, uint256 amount) private pure returns (uint256) {
        require(side.targetIn > 0, "TARGET_IS_ZERO");
        uint256 fair = side.rate * amount;
        if (side.slope == 0) return fair / ONE;
        uint256 bent = side.targetIn * side.targetIn / end * ONE / side.heldIn;
        return (ONE - side.slope + side.slope * bent / ONE) * fair / (ONE * ONE);
    }

    function _away(Side memory side, uint256 held, uint256 amount) private pure returns (uint256) {
        (uint256 target, uint256 slope) = (side.targetOut, side.slope);
        require(target > 0, "TARGET_IS_ZERO");
        if (amount == 0) return 0;
        uint256 fair = side.rate * amount;
        if (slope == 0) return fair / ONE > held ? held : fair / ONE;
        if (slope == ONE) {
            uint256 share = side.strict || _fits(fair, held) ? fair * held / (target * target) : amount * held / target * side.rate / target;
            return held * share / (share + ONE);
        }
        uint256 flat = ONE - slope;
        uint256 pull = slope * target / held * target + fair;
        uint256 push = flat * held;
        uint256 linear = (pull > push ? pull - push : push - pull) / ONE;
        uint256 square = root(linear * linear + 4 * flat * (slope * target / ONE * target) / ONE);
        uint256 whole = (pull > push ? square - linear : square + linear) * ONE;
        uint256 left = whole / (2 * flat) + (whole % (2 * flat) == 0 ? 0 : 1);
        return left > held ? 0 : held - left;
    }

    function _fits(uint256 a, uint256 b) private pure returns (bool) {
        return a == 0 || b <= type(uint256).max / a;
    }

    /// @dev The root rounded down, bit by bit.
    function root(uint256 square) internal pure returns (uint256 found) {
        for (uint256 bit = 1 << 127; bit != 0; bit >>= 1) {
            uint256 tried = found | bit;
            if (tried * tried <= square) found = tried;
        }
    }
}

/// @dev What the pools share. They stand as a test says.
abstract contract DodoPool {
    uint256 internal constant ONE = 1e18;
    uint256 internal constant MOST = type(uint112).max;

    event DODOSwap(address fromToken, address toToken, uint256 fromAmount, uint256 toAmount, address trader, address receiver);

    /// @dev `r`: 0 at its targets, 1 short of the base, 2 short of the quote.
    struct Standing {
        uint256 rate;
        uint256 slope;
        uint256 base;
        uint256 quote;
        uint256 baseTarget;
        uint256 quoteTarget;
        uint256 r;
    }

    address public immutable _BASE_TOKEN_;
    address public immutable _QUOTE_TOKEN_;
    address public immutable _MAINTAINER_ = address(uint160(0xFEE));
    Standing internal _standing;
    uint256 internal _lpFee;
    uint256 internal _mtFee;
    bool private _entered;

    modifier preventReentrant() {
        require(!_entered, "REENTRANT");
        _entered = true;
        _;
        _entered = false;
    }

    constructor(address base, address quote) {
        (_BASE_TOKEN_, _QUOTE_TOKEN_) = (base, quote);
    }

    function stand(Standing calldata standing, uint256 lpFee, uint256 mtFee) external {
        (_standing, _lpFee, _mtFee) = (standing, lpFee, mtFee);
        _forget();
    }

    function _I_() external view virtual returns (uint256) {
        return _standing.rate;
    }

    function _K_() external view returns (uint256) {
        return _standing.slope;
    }

    function getPMMState() public view virtual returns (Standing memory standing) {
        standing = _standing;
        uint256 inverse = ONE * ONE / standing.rate;
        if (standing.r == 1) {
            uint256 surplus = Maker.less(standing.quote, standing.quoteTarget);
            standing.baseTarget = Maker.targetOf(standing.base, surplus, inverse, standing.slope, _strict());
        } else if (standing.r == 2) {
            uint256 surplus = Maker.less(standing.base, standing.baseTarget);
            standing.quoteTarget = Maker.targetOf(standing.quote, surplus, standing.rate, standing.slope, _strict());
        }
    }

    function getPMMStateForCall() public view virtual returns (uint256, uint256, uint256, uint256, uint256, uint256, uint256) {
        Standing memory s = getPMMState();
        return (s.rate, s.slope, s.base, s.quote, s.baseTarget, s.quoteTarget, s.r);
    }

    function getUserFeeRate(address) public view virtual returns (uint256, uint256) {
        return (_lpFee, _mtFee);
    }

    function getBaseInput() public view returns (uint256) {
        return Maker.less(_holds(_BASE_TOKEN_), _standing.base);
    }

    function getQuoteInput() public view returns (uint256) {
        return Maker.less(_holds(_QUOTE_TOKEN_), _standing.quote);
    }

    function sellBase(address to) external returns (uint256) {
        return _sell(true, to);
    }

    function sellQuote(address to) external returns (uint256) {
        return _sell(false, to);
    }

    function flashLoan(uint256 baseAmount, uint256 quoteAmount, address assetTo, bytes calldata data) external preventReentrant {
        _send(_BASE_TOKEN_, assetTo, baseAmount);
        _send(_QUOTE_TOKEN_, assetTo, quoteAmount);
        if (data.length > 0) IBorrower(assetTo).DPPFlashLoanCall(msg.sender, baseAmount, quoteAmount, data);
        require(_holds(_BASE_TOKEN_) >= _standing.base && _holds(_QUOTE_TOKEN_) >= _standing.quote, "FLASH_LOAN_FAILED");
    }

    function _quoted(bool baseIn, uint256 amount) internal view returns (uint256 traders, uint256 maintainers, uint256 r, uint256 target) {
        Standing memory s = getPMMState();
        Maker.Side memory side = baseIn
            ? Maker.Side(s.rate, s.slope, s.base, s.quote, s.baseTarget, s.quoteTarget, s.r != 0, s.r == 1, _strict())
            : Maker.Side(ONE * ONE / s.rate, s.slope, s.quote, s.base, s.quoteTarget, s.baseTarget, s.r != 0, s.r == 2, _strict());
        (uint256 raw, bool off, bool toward) = Maker.sold(side, amount);
        maintainers = raw * _mtFee / ONE;
        traders = raw - raw * _lpFee / ONE - maintainers;
        (r, target) = (!off ? 0 : toward == baseIn ? 1 : 2, side.targetIn);
    }

    function _sell(bool baseIn, address to) private preventReentrant returns (uint256 traders) {
        (address tokenIn, address tokenOut) = baseIn ? (_BASE_TOKEN_, _QUOTE_TOKEN_) : (_QUOTE_TOKEN_, _BASE_TOKEN_);
        uint256 amount = baseIn ? getBaseInput() : getQuoteInput();
        uint256 maintainers;
        uint256 r;
        uint256 target;
        (traders, maintainers, r, target) = _quoted(baseIn, amount);
        _send(tokenOut, to, traders);
        _keep(tokenOut, maintainers);
        _change(baseIn, r, target);
        (_standing.base, _standing.quote) = (_holds(_BASE_TOKEN_), _holds(_QUOTE_TOKEN_));
        require(_standing.base <= MOST && _standing.quote <= MOST, "OVERFLOW");
        emit DODOSwap(tokenIn, tokenOut, amount, traders, msg.sender, to);
    }

    /// @dev Nothing is kept for the maintainer from before.
    function _forget() internal virtual {}

    function _keep(address token, uint256 amount) internal virtual {
        _send(token, _MAINTAINER_, amount);
    }

    function _send(address token, address to, uint256 amount) internal {
        if (amount == 0) return;
        (bool ok,) = token.call(abi.encodeCall(IToken.transfer, (to, amount)));
        require(ok, "the token refused");
    }

    function _change(bool baseIn, uint256 r, uint256 target) internal virtual {
        if (_standing.r == r) return;
        require(target <= MOST, "OVERFLOW");
        _standing.r = r;
        if (baseIn) _standing.baseTarget = target;
        else _standing.quoteTarget = target;
    }

    /// @dev Whether a product that overflows is left to revert.
    function _strict() internal view virtual returns (bool) {
        return false;
    }

    function _holds(address token) internal view virtual returns (uint256) {
        return IToken(token).balanceOf(address(this));
    }
}

/// @dev Of the kind of a DVM: no target for its quote, short of the base for ever.
contract VendingPool is DodoPool {
    constructor(address base, address quote) DodoPool(base, quote) {}

    function querySellBase(address, uint256 amount) external view returns (uint256 traders, uint256 maintainers) {
        (traders, maintainers,,) = _quoted(true, amount);
    }

    function querySellQuote(address, uint256 amount) external view returns (uint256 traders, uint256 maintainers) {
        (traders, maintainers,,) = _quoted(false, amount);
    }

    function _change(bool, uint256, uint256) internal override {}
}

/// @dev Of the kind of a DPP or a DSP: it keeps its targets.
contract TargetPool is DodoPool {
    constructor(address base, address quote) DodoPool(base, quote) {}

    function _RState_() external view returns (uint256) {
        return _standing.r;
    }

    function querySellBase(address, uint256 amount) public view virtual returns (uint256, uint256, uint256, uint256) {
        return _quoted(true, amount);
    }

    function querySellQuote(address, uint256 amount) external view returns (uint256, uint256, uint256, uint256) {
        return _quoted(false, amount);
    }
}

/// @dev Of the kind of a GSP: the maintainer's part stays at the pool, beside its reserves.
contract SavingPool is TargetPool {
    mapping(address token => uint256) private _kept;

    constructor(address base, address quote) TargetPool(base, quote) {}

    function getMtFeeTotal() external view returns (uint256, uint256) {
        return (_kept[_BASE_TOKEN_], _kept[_QUOTE_TOKEN_]);
    }

    function _forget() internal override {
        (_kept[_BASE_TOKEN_], _kept[_QUOTE_TOKEN_]) = (0, 0);
    }

    function _keep(address token, uint256 amount) internal override {
        _kept[token] += amount;
    }

    function _strict() internal pure override returns (bool) {
        return true;
    }

    function _holds(address token) internal view override returns (uint256) {
        return Maker.less(super._holds(token), _kept[token]);
    }
}

/// @dev Of a kind that these maths are not believed for, by its oddity: what it tells of itself is not what pools tell.
contract OddPool is TargetPool {
    enum Oddity {
        STATE_ONLY_AS_STRUCT,
        CHOOSES_WHO_TRADES,
        PRICE_FROM_ELSEWHERE,
        QUOTES_LESS,
        TELLS_NO_FEES
    }

    Oddity private immutable _oddity;

    constructor(address base, address quote, Oddity oddity) TargetPool(base, quote) {
        _oddity = oddity;
    }

    function _TRADE_PERMISSION_() external view returns (address) {
        require(_oddity == Oddity.CHOOSES_WHO_TRADES);
        return address(this);
    }

    function _I_() external view override returns (uint256) {
        return _oddity == Oddity.PRICE_FROM_ELSEWHERE ? uint160(address(this)) : _standing.rate;
    }

    function getPMMStateForCall() public view override returns (uint256, uint256, uint256, uint256, uint256, uint256, uint256) {
        require(_oddity != Oddity.STATE_ONLY_AS_STRUCT);
        return super.getPMMStateForCall();
    }

    function getUserFeeRate(address trader) public view override returns (uint256, uint256) {
        require(_oddity != Oddity.TELLS_NO_FEES);
        return super.getUserFeeRate(trader);
    }

    function querySellBase(address trader, uint256 amount) public view override returns (uint256, uint256, uint256, uint256) {
        return super.querySellBase(trader, _oddity == Oddity.QUOTES_LESS ? amount - amount / 1000 : amount);
    }
}

/// @dev Borrows of a pool, and has a plan of the router run meanwhile.
contract Borrower is IBorrower {
    DodoPool private immutable _pool;
    address private immutable _router;
    bytes private _plan;

    constructor(DodoPool pool, address router, bytes memory plan) {
        (_pool, _router, _plan) = (pool, router, plan);
    }

    function borrow() external {
        _pool.flashLoan(1, 0, address(this), "plan");
    }

    function DPPFlashLoanCall(address, uint256, uint256, bytes calldata) external {
        (bool ok, bytes memory reason) = _router.call(_plan);
        if (ok) return;
        assembly {
            revert(add(reason, 0x20), mload(reason))
        }
    }
}

/// @dev Lists pools as DODO's factories do.
contract PoolList {
    mapping(address base => mapping(address quote => address[])) private _pools;

    function add(DodoPool pool) external {
        _pools[pool._BASE_TOKEN_()][pool._QUOTE_TOKEN_()].push(address(pool));
    }

    function getDODOPool(address base, address quote) external view returns (address[] memory) {
        return _pools[base][quote];
    }

    function getDODOPoolBidirection(address token0, address token1) external view returns (address[] memory, address[] memory) {
        return (_pools[token0][token1], _pools[token1][token0]);
    }
}
