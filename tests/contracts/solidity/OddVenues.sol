// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

interface IMovable {
    function transfer(address to, uint256 amount) external;
    function transferFrom(address from, address to, uint256 amount) external;
    function balanceOf(address account) external view returns (uint256);
}

/// @dev A pair that gives whatever it is asked for and wants nothing: closes the circle of a plan that tests one hop.
contract Benefactor {
    address public immutable token;

    constructor(address given) {
        token = given;
    }

    receive() external payable {}

    function swap(uint256 amount0Out, uint256 amount1Out, address to, bytes calldata) external {
        uint256 amount = amount0Out + amount1Out;
        if (token != address(0)) {
            IMovable(token).transfer(to, amount);
            return;
        }
        (bool ok,) = to.call{value: amount}("");
        require(ok, "not taken");
    }
}

/// @dev A Curve pool, an ERC-4626 vault, a Solidly pool, a peg stability module, a pool of DODO, all in one, which does as it was told.
contract OddVenue {
    struct Conduct {
        address tokenIn;
        uint256 pulls;
        address tokenOut;
        uint256 gives;
        uint256 says;
        /// A call that it makes in between, and whether all fails if that fails.
        address target;
        bytes deed;
        bool must;
    }

    Conduct private _conduct;
    bool public deedDone;
    uint256 public balanceReserve;
    /// Tokens of its own.
    mapping(address account => uint256) public balanceOf;

    receive() external payable {}

    function behave(Conduct calldata conduct) external {
        _conduct = conduct;
    }

    /// @dev Has what it was sent so far in its books.
    function sync() external {
        balanceReserve = IMovable(_conduct.tokenIn).balanceOf(address(this));
    }

    function issue(address to, uint256 amount) external {
        balanceOf[to] += amount;
    }

    function exchange(int128, int128, uint256, uint256) external payable returns (uint256) {
        return _trade(msg.sender);
    }

    function exchange(uint256, uint256, uint256, uint256) external payable returns (uint256) {
        return _trade(msg.sender);
    }

    function deposit(uint256, address receiver) external returns (uint256) {
        return _trade(receiver);
    }

    function redeem(uint256, address receiver, address) external returns (uint256) {
        return _trade(receiver);
    }

    function swap(uint256, uint256, address to, bytes calldata) external {
        _trade(to);
    }

    function sellGem(address usr, uint256) external returns (uint256) {
        return _trade(usr);
    }

    function buyGem(address usr, uint256) external returns (uint256) {
        return _trade(usr);
    }

    /// @dev The fee that it says it takes, whatever it then takes.
    function tout() external view returns (uint256) {
        return _conduct.says;
    }

    function sellBase(address to) external returns (uint256) {
        return _trade(to);
    }

    function sellQuote(address to) external returns (uint256) {
        return _trade(to);
    }

    /// @dev One for one, whatever it gives in the end.
    function getAmountOut(uint256 amountIn, address) external pure returns (uint256) {
        return amountIn;
    }

    function getReserves() external view returns (uint256, uint256, uint256) {
        return (balanceReserve, balanceReserve, 0);
    }

    function _trade(address to) private returns (uint256) {
        Conduct storage conduct = _conduct;
        if (conduct.pulls != 0) IMovable(conduct.tokenIn).transferFrom(msg.sender, address(this), conduct.pulls);
        if (conduct.target != address(0)) {
            (bool ok,) = conduct.target.call(conduct.deed);
            require(ok || !conduct.must, "the deed failed");
            deedDone = ok;
        }
        if (conduct.gives != 0) IMovable(conduct.tokenOut).transfer(to, conduct.gives);
        return conduct.says;
    }
}

/// @dev A token in which one stakes by `deposit`, without an allowance, since it is its own token.
contract SelfStakingToken {
    mapping(address account => uint256) public balanceOf;
    mapping(address account => uint256) public staked;

    function issue(address to, uint256 amount) external {
        balanceOf[to] += amount;
    }

    /// @dev Never any, whatever was approved.
    function allowance(address, address) external pure returns (uint256) {
        return 0;
    }

    function approve(address, uint256) external pure returns (bool) {
        return true;
    }

    function deposit(uint256 amount, address receiver) external returns (uint256) {
        balanceOf[msg.sender] -= amount;
        staked[receiver] += amount;
        return amount;
    }
}

/// @dev A vault whose shares are a token of another contract, which lets the vault burn them (ERC-7575).
contract VaultOfOtherShares {
    Shares public immutable share;
    address public immutable asset;

    constructor(address vaultAsset) {
        share = new Shares();
        asset = vaultAsset;
    }

    /// @dev None are of its own token.
    function balanceOf(address) external pure returns (uint256) {
        return 10 ** 30;
    }

    function redeem(uint256 shares, address receiver, address owner) external returns (uint256) {
        require(msg.sender == owner, "not the owner");
        share.burn(owner, shares);
        IMovable(asset).transfer(receiver, shares);
        return shares;
    }
}

contract Shares {
    address public immutable vault = msg.sender;
    mapping(address account => uint256) public balanceOf;

    function issue(address to, uint256 amount) external {
        balanceOf[to] += amount;
    }

    function burn(address from, uint256 amount) external {
        require(msg.sender == vault, "not the vault");
        balanceOf[from] -= amount;
    }
}

interface IVault {
    struct JoinRequest {
        address[] assets;
        uint256[] maxAmountsIn;
        bytes userData;
        bool fromInternalBalance;
    }

    function registerPool(uint8 specialization) external returns (bytes32);
    function registerTokens(bytes32 poolId, address[] calldata tokens, address[] calldata assetManagers) external;
    function joinPool(bytes32 poolId, address sender, address recipient, JoinRequest calldata request) external;
}

/// @dev A pool of the Balancer V2 Vault that says what it was told to, and makes a call before it does.
contract OddBalancerPool {
    bytes32 public immutable poolId;
    IVault private immutable _vault;
    uint256 private immutable _joined;
    uint256 public says;
    address public target;
    bytes public deed;
    bool public deedDone;

    constructor(address vault, address[] memory tokens, uint256 amount) {
        (_vault, _joined) = (IVault(vault), amount);
        poolId = IVault(vault).registerPool(0);
        IVault(vault).registerTokens(poolId, tokens, new address[](2));
    }

    /// @dev Puts the amount of each token that it holds into the Vault.
    function open(address[] calldata tokens) external {
        uint256[] memory most = new uint256[](2);
        for (uint256 i; i < 2; i++) {
            most[i] = _joined;
            (bool ok,) = tokens[i].call(abi.encodeWithSignature("approve(address,uint256)", _vault, _joined));
            require(ok, "not approved");
        }
        _vault.joinPool(poolId, address(this), address(this), IVault.JoinRequest(tokens, most, "", false));
    }

    function behave(uint256 saying, address called, bytes calldata data) external {
        (says, target, deed) = (saying, called, data);
    }

    function onJoinPool(bytes32, address, address, uint256[] calldata, uint256, uint256, bytes calldata)
        external
        view
        returns (uint256[] memory amountsIn, uint256[] memory fees)
    {
        amountsIn = new uint256[](2);
        fees = new uint256[](2);
        (amountsIn[0], amountsIn[1]) = (_joined, _joined);
    }

    /// @dev The Vault asks for a price.
    fallback() external {
        if (target != address(0)) (deedDone,) = target.call(deed);
        uint256 word = says;
        assembly ("memory-safe") {
            mstore(0x00, word)
            return(0x00, 0x20)
        }
    }
}
