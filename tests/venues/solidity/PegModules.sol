// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

// Own models of Maker's peg stability modules, by their published interface and rules: no package holds their bytecode.

/// @dev As the modules see tokens: whether they answer true is not looked at.
interface ICoin {
    function decimals() external view returns (uint8);
    function approve(address spender, uint256 amount) external;
    function transfer(address to, uint256 amount) external;
    function transferFrom(address from, address to, uint256 amount) external;
}

/// @dev A dollar that anybody may issue. Its balances are its first slot.
contract Dollar {
    mapping(address account => uint256) public balanceOf;
    mapping(address owner => mapping(address spender => uint256)) public allowance;
    uint8 public immutable decimals;
    string public constant name = "Dollar";
    string public constant symbol = "USDX";

    constructor(uint8 decimals_) {
        decimals = decimals_;
    }

    function issue(address to, uint256 amount) external {
        balanceOf[to] += amount;
    }

    function withdraw(address from, uint256 amount) external {
        balanceOf[from] -= amount;
    }

    function approve(address spender, uint256 amount) external returns (bool) {
        allowance[msg.sender][spender] = amount;
        return true;
    }

    function transfer(address to, uint256 amount) external returns (bool) {
        return transferFrom(msg.sender, to, amount);
    }

    function transferFrom(address from, address to, uint256 amount) public returns (bool) {
        require(balanceOf[from] >= amount, "ERC20: transfer amount exceeds balance");
        if (from != msg.sender && allowance[from][msg.sender] != type(uint256).max) allowance[from][msg.sender] -= amount;
        balanceOf[from] -= amount;
        balanceOf[to] += amount;
        return true;
    }
}

/// @dev Where a module's gem lies; it lets the module take as much as it is told to.
contract Pocket {
    function allow(ICoin gem, address module, uint256 amount) external {
        gem.approve(module, amount);
    }
}

contract LiteModule {
    uint256 public constant HALTED = type(uint256).max;
    uint256 private constant ONE = 1e18;
    ICoin public immutable dai;
    ICoin public immutable gem;
    Pocket public immutable pocket;
    uint256 public immutable to18ConversionFactor;
    uint256 public tin;
    uint256 public tout;

    constructor(ICoin dai_, ICoin gem_) {
        (dai, gem, pocket) = (dai_, gem_, new Pocket());
        to18ConversionFactor = 10 ** (18 - gem_.decimals());
        pocket.allow(gem_, address(this), type(uint256).max);
    }

    function charge(uint256 tin_, uint256 tout_) external {
        (tin, tout) = (tin_, tout_);
    }

    function sellGem(address usr, uint256 gemAmt) external returns (uint256 paid) {
        require(tin != HALTED, "DssLitePsm/sell-gem-halted");
        paid = gemAmt * to18ConversionFactor;
        paid -= paid * tin / ONE;
        gem.transferFrom(msg.sender, address(pocket), gemAmt);
        dai.transfer(usr, paid);
    }

    function buyGem(address usr, uint256 gemAmt) external returns (uint256 cost) {
        require(tout != HALTED, "DssLitePsm/buy-gem-halted");
        cost = gemAmt * to18ConversionFactor;
        cost += cost * tout / ONE;
        dai.transferFrom(msg.sender, address(this), cost);
        gem.transferFrom(address(pocket), usr, gemAmt);
    }
}

/// @dev Takes and gives another dollar, of which it issues as much as it gets of DAI, which it keeps, and withdraws as much as it gives.
contract WrapperModule {
    uint256 private constant ONE = 1e18;
    LiteModule public immutable psm;
    Dollar public immutable dai;
    ICoin public immutable gem;
    Pocket public immutable pocket;
    uint256 public immutable to18ConversionFactor;

    constructor(LiteModule psm_, Dollar other) {
        (psm, dai, gem, pocket) = (psm_, other, psm_.gem(), psm_.pocket());
        to18ConversionFactor = psm_.to18ConversionFactor();
        psm_.dai().approve(address(psm_), type(uint256).max);
        gem.approve(address(psm_), type(uint256).max);
    }

    function gemJoin() external view returns (address) {
        return address(this);
    }

    function tin() external view returns (uint256) {
        return psm.tin();
    }

    function tout() external view returns (uint256) {
        return psm.tout();
    }

    function sellGem(address usr, uint256 gemAmt) external returns (uint256 paid) {
        gem.transferFrom(msg.sender, address(this), gemAmt);
        paid = psm.sellGem(address(this), gemAmt);
        dai.issue(usr, paid);
    }

    function buyGem(address usr, uint256 gemAmt) external returns (uint256 cost) {
        cost = gemAmt * to18ConversionFactor;
        cost += cost * psm.tout() / ONE;
        dai.transferFrom(msg.sender, address(this), cost);
        dai.withdraw(address(this), cost);
        psm.buyGem(usr, gemAmt);
    }
}

/// @dev The adapter of the older kind, and what is known of the module in front of it: nothing is traded there.
contract OlderModule {
    ICoin public immutable dai;
    Adapter public immutable gemJoin;

    constructor(ICoin dai_, ICoin gem_) {
        (dai, gemJoin) = (dai_, new Adapter(gem_));
    }
}

contract Adapter {
    ICoin public immutable gem;
    uint256 public immutable dec;

    constructor(ICoin gem_) {
        (gem, dec) = (gem_, gem_.decimals());
    }
}
