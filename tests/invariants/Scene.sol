// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

import {vm} from "./Cheats.sol";
import {Pair, Router, Token, V3Pool} from "./Outside.sol";

/// @dev The people, the money, the pools and the plans, as the Python side put them on the chain.
abstract contract Scene {
    uint256 internal constant WETH = 0;
    uint256 internal constant USDC = 1;
    /// Pools below this index are pairs, the others are of the V3 shape; in all of them token0 is USDC and token1 is WETH.
    uint256 internal constant FIRST_V3 = 2;
    uint160 private constant LOWEST_LIMIT = 4295128740;
    uint160 private constant HIGHEST_LIMIT = 1461446703485210103287273052203988822378723970341;

    Router internal router = Router(vm.envAddress("SCENE_ROUTER"));
    address internal owner;
    address internal operator;
    address internal pauser;
    address internal stranger;
    address internal builder;
    Token[] internal tokens;
    address[] internal pools;
    address[] internal lenders;
    address[] internal holders;

    bytes[] internal plans = vm.envBytes("SCENE_PLANS", ",");
    bytes[] internal thefts = vm.envBytes("SCENE_THEFTS", ",");
    bytes[] internal callbacks = vm.envBytes("SCENE_CALLBACKS", ",");
    bytes internal idlePlan = vm.envBytes("SCENE_IDLE_PLAN");
    bytes[] private _amountPlaces = vm.envBytes("SCENE_AMOUNT_PLACES", ",");
    uint256[] internal firstPools = vm.envUint("SCENE_FIRST_POOLS", ",");
    uint256[] internal secondPools = vm.envUint("SCENE_SECOND_POOLS", ",");
    uint256[] private _tips = vm.envUint("SCENE_TIPS", ",");
    uint256 private immutable _minimumAt = vm.envUint("SCENE_MINIMUM_AT");
    uint256 private immutable _shareAt = vm.envUint("SCENE_SHARE_AT");
    uint256 private immutable _fixedTipAt = vm.envUint("SCENE_FIXED_TIP_AT");

    constructor() {
        address[] memory people = vm.envAddress("SCENE_PEOPLE", ",");
        (owner, operator, pauser, stranger, builder) = (people[0], people[1], people[2], people[3], people[4]);
        address[] memory list = vm.envAddress("SCENE_TOKENS", ",");
        for (uint256 i = 0; i < list.length; i++) tokens.push(Token(list[i]));
        pools = vm.envAddress("SCENE_POOLS", ",");
        lenders = vm.envAddress("SCENE_LENDERS", ",");
        for (uint256 i = 0; i < people.length; i++) holders.push(people[i]);
        for (uint256 i = 0; i < pools.length; i++) holders.push(pools[i]);
        for (uint256 i = 0; i < lenders.length; i++) holders.push(lenders[i]);
        holders.push(vm.envAddress("SCENE_AAVE_TOKEN"));
        holders.push(address(router));
        holders.push(address(this));
        // The trader's money moves here, where the handler can spend it.
        for (uint256 i = WETH; i <= USDC; i++) {
            uint256 all = tokens[i].balanceOf(people[5]);
            vm.prank(people[5]);
            tokens[i].transfer(address(this), all);
        }
    }

    /// @dev The plan `index` with the numbers given.
    function fill(uint256 index, uint256 amount, uint256 minimum, uint256 share, uint256 fixedTip)
        internal
        view
        returns (bytes memory plan)
    {
        plan = plans[index];
        bytes memory places = _amountPlaces[index];
        for (uint256 i = 0; i < places.length; i += 2) {
            _write(plan, (uint256(uint8(places[i])) << 8) | uint8(places[i + 1]), amount, 16);
        }
        _write(plan, _minimumAt, minimum, 12);
        if (_tips[index] == 0) return plan;
        _write(plan, _shareAt, share, 2);
        _write(plan, _fixedTipAt, fixedTip, 12);
    }

    /// @dev Sells `amount` of WETH, or of USDC, to a real pool.
    function sell(uint256 pool, bool weth, uint256 amount) internal {
        if (pool >= FIRST_V3) {
            V3Pool(pools[pool]).swap(address(this), !weth, int256(amount), weth ? HIGHEST_LIMIT : LOWEST_LIMIT, "");
            return;
        }
        Pair pair = Pair(pools[pool]);
        (uint256 reserve0, uint256 reserve1,) = pair.getReserves();
        (uint256 reserveIn, uint256 reserveOut) = weth ? (reserve1, reserve0) : (reserve0, reserve1);
        uint256 withFee = amount * 997;
        uint256 out = withFee * reserveOut / (reserveIn * 1000 + withFee);
        tokens[weth ? WETH : USDC].transfer(address(pair), amount);
        (uint256 out0, uint256 out1) = weth ? (out, uint256(0)) : (uint256(0), out);
        pair.swap(out0, out1, address(this), "");
    }

    /// @dev Trades at both pools until WETH is at least `thousandths` dearer at the first than at the second.
    function openGap(uint256 first, uint256 second, uint256 thousandths) internal {
        for (uint256 i = 0; i < 60 && price(second) * (1000 + thousandths) > price(first) * 1000; i++) {
            if (i % 2 == 0) sell(second, true, second < FIRST_V3 ? 20 ether : 200 ether);
            else sell(first, false, first < FIRST_V3 ? 50_000e6 : 500_000e6);
        }
    }

    /// @dev Smallest units of USDC that a wei of WETH is worth, times 10**30.
    function price(uint256 pool) internal view returns (uint256) {
        if (pool < FIRST_V3) {
            (uint256 reserve0, uint256 reserve1,) = Pair(pools[pool]).getReserves();
            return reserve0 * 10 ** 30 / reserve1;
        }
        (bool ok, bytes memory answer) = pools[pool].staticcall(abi.encodeWithSignature("slot0()"));
        require(ok);
        uint256 root = (2 ** 96 * 10 ** 15) / uint256(bytes32(answer));
        return root * root;
    }

    function uniswapV3SwapCallback(int256 amount0, int256 amount1, bytes calldata) external {
        _payPool(amount0, amount1);
    }

    function pancakeV3SwapCallback(int256 amount0, int256 amount1, bytes calldata) external {
        _payPool(amount0, amount1);
    }

    function _payPool(int256 amount0, int256 amount1) private {
        require(msg.sender == pools[2] || msg.sender == pools[3]);
        if (amount0 > 0) tokens[USDC].transfer(msg.sender, uint256(amount0));
        if (amount1 > 0) tokens[WETH].transfer(msg.sender, uint256(amount1));
    }

    function _write(bytes memory target, uint256 at, uint256 value, uint256 width) private pure {
        for (uint256 i = 0; i < width; i++) target[at + i] = bytes1(uint8(value >> (8 * (width - 1 - i))));
    }
}
