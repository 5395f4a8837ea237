// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

import {vm} from "./Cheats.sol";
import {AavePool, Pair, Router, Token, Vault} from "./Outside.sol";
import {Scene} from "./Scene.sol";

/// @dev Everybody around the router, doing what they may and what they should not be able to. What must never happen is written down
/// in `violation`; the numbers are those of the standing invariants.
contract Handler is Scene {
    /// What a refused call may cost at most, in gas, beyond the gas of its calldata.
    uint256 private constant REFUSAL_GAS = 60_000;

    struct Holdings {
        uint256[] tokens;
        uint256 coin;
    }

    string public violation;
    /// Whether operators sign their transactions themselves, and no lock is taken for them, or are contracts, for which it is.
    bool private immutable _signs;
    uint256 public executed;
    uint256 public tipped;
    /// Sums over everybody who takes part, for the conservation of tokens; WETH less what is wrapped.
    int256[2] private _sums;

    constructor(bool signs) {
        _signs = signs;
        vm.prank(operator);
        tokens[WETH].approve(address(router), type(uint256).max);
        _sums = [_sum(WETH), _sum(USDC)];
    }

    // -- the operator --------------------------------------------------------------------------------------

    function arbitrage(uint256 index, uint256 gap, uint256 amount, uint256 share, uint256 fixedTip) public {
        index %= plans.length;
        openGap(firstPools[index], secondPools[index], _bound(gap, 8, 40));
        _execute(index, _bound(amount, 1 ether / 100, 10 ether), 1, share % 12_000, fixedTip % 1 ether);
    }

    function trade(uint256 index, uint256 amount, uint256 minimum, uint256 share, uint256 fixedTip) external {
        _execute(index % plans.length, amount % 2_000 ether, minimum % 3 ether, share % 65_536, fixedTip % 10 ether);
    }

    function operatorSendsAnything(bytes calldata steps) external {
        bytes memory plan = fill(0, 0, 0, 0, 0);
        bytes memory data = new bytes(21 + steps.length);
        for (uint256 i = 0; i < 21; i++) data[i] = plan[i];
        data[4] = 0;
        for (uint256 i = 0; i < steps.length; i++) data[21 + i] = steps[i];
        _send(operator, data, 0);
    }

    function operatorSteals(uint256 index) external {
        (bool ok,) = _send(operator, thefts[index % thefts.length], 0);
        if (ok) _broken("2: a plan spent what is neither profit nor loan");
    }

    function operatorSimulates(uint256 index, uint256 amount) external {
        bytes memory plan = fill(index % plans.length, amount % 100 ether, 0, 0, 0);
        bytes4 selector = Router.simulate.selector;
        for (uint256 i = 0; i < 4; i++) plan[i] = selector[i];
        Holdings memory before = _holdings(address(router));
        _as(operator);
        (bool ok,) = address(router).call(plan);
        if (ok || !_same(before, _holdings(address(router)))) _broken("6: a simulation did not undo itself");
        _requireIdle();
    }

    function batch(uint256[3] calldata indexes, uint256 amount, uint64 gasLimit, bool allOrNothing) external {
        Router.Entry[] memory entries = new Router.Entry[](3);
        for (uint256 i = 0; i < 3; i++) {
            bytes memory plan = fill(indexes[i] % plans.length, _bound(amount, 1, 50 ether), 0, 100, 0);
            entries[i] = Router.Entry(gasLimit % 2_000_000, plan);
        }
        _send(operator, abi.encodeCall(Router.executeBatch, (entries, allOrNothing)), 0);
    }

    // -- the market ----------------------------------------------------------------------------------------

    function moveMarket(uint256 pool, bool weth, uint256 amount) external {
        sell(pool % pools.length, weth, weth ? amount % 300 ether : amount % 1_000_000e6);
    }

    function donate(uint256 token, uint256 amount) external {
        if (token % 3 == 2) vm.deal(address(router), address(router).balance + amount % 1 ether);
        else tokens[token % 3].transfer(address(router), amount % (token % 3 == WETH ? 1 ether : 1_000e6));
    }

    // -- strangers -----------------------------------------------------------------------------------------

    function strangerCalls(address who, bytes4 selector, bytes calldata arguments) external {
        _attack(who, abi.encodePacked(selector, arguments), false);
    }

    function strangerReplays(address who, uint256 index, uint256 amount) external {
        _attack(who, fill(index % plans.length, amount % 20 ether, 0, 0, 0), true);
    }

    function strangerRunsControl(address who, uint256 which, address target, uint256 amount) external {
        bytes[8] memory calls = [
            abi.encodeCall(Router.withdraw, (address(tokens[amount % tokens.length]), who, amount)),
            abi.encodeCall(Router.withdrawNative, (payable(who), amount)),
            abi.encodeCall(Router.setPrimaryOperator, (who)),
            abi.encodeCall(Router.allowOperator, (who, true)),
            abi.encodeCall(Router.pause, ()),
            abi.encodeCall(Router.unpause, ()),
            abi.encodeWithSignature("transferOwnership(address)", target),
            abi.encodeWithSignature("setSettlementToken(address)", target)
        ];
        _attack(who, calls[which % calls.length], true);
    }

    /// @dev With the data that the router itself would have put in.
    function strangerForgesACallback(address who, uint256 which) external {
        _attack(who, callbacks[which % callbacks.length], true);
    }

    function strangerCallsBack(address who, uint256 which, int256 amount, bytes calldata data) external {
        bytes[7] memory calls = [
            abi.encodeWithSignature("uniswapV3SwapCallback(int256,int256,bytes)", amount, -1, data),
            abi.encodeWithSignature("pancakeV3SwapCallback(int256,int256,bytes)", amount, -1, data),
            abi.encodeWithSignature("uniswapV2Call(address,uint256,uint256,bytes)", address(router), amount, 0, data),
            abi.encodeWithSignature("unlockCallback(bytes)", data),
            abi.encodeWithSignature("onMorphoFlashLoan(uint256,bytes)", amount, data),
            abi.encodeWithSignature(
                "executeOperation(address,uint256,uint256,address,bytes)", address(tokens[WETH]), amount, 0, address(router), data
            ),
            abi.encodeWithSignature(
                "onFlashLoan(address,address,uint256,uint256,bytes)", address(router), address(tokens[WETH]), amount, 0, data
            )
        ];
        _attack(who, calls[which % calls.length], true);
    }

    function strangerBorrowsForTheRouter(uint256 which, uint256 amount, bytes calldata data) external {
        Holdings memory before = _holdings(address(router));
        amount = _bound(amount, 1, 10 ether);
        bool ok;
        if (which % 3 == 0) {
            address[] memory borrowed = new address[](1);
            uint256[] memory amounts = new uint256[](1);
            (borrowed[0], amounts[0]) = (address(tokens[WETH]), amount);
            vm.prank(stranger);
            (ok,) = lenders[1].call(abi.encodeCall(Vault.flashLoan, (address(router), borrowed, amounts, data)));
        } else if (which % 3 == 1) {
            vm.prank(stranger);
            (ok,) = lenders[0].call(
                abi.encodeCall(AavePool.flashLoanSimple, (address(router), address(tokens[WETH]), amount, data, 0))
            );
        } else {
            vm.prank(stranger);
            (ok,) = pools[0].call(abi.encodeCall(Pair.swap, (0, amount, address(router), abi.encodePacked(uint8(1), data))));
        }
        if (ok || _fell(before, _holdings(address(router)))) _broken("2: a stranger borrowed in the router's name");
    }

    // -- the owner and the pauser --------------------------------------------------------------------------

    function pauseOrUnpause(bool on) external {
        vm.prank(on ? pauser : owner);
        if (on) router.pause();
        else router.unpause();
        if (router.paused() != on) _broken("6: the pauser was not obeyed");
    }

    function changeOperator(bool vacant) external {
        vm.prank(owner);
        router.setPrimaryOperator(vacant ? address(0) : operator);
    }

    function ownerTakesHome(uint256 token, uint256 amount) external {
        Token chosen = tokens[token % tokens.length];
        amount = amount % (chosen.balanceOf(address(router)) / 10 + 1);
        uint256 before = chosen.balanceOf(owner);
        vm.prank(owner);
        router.withdraw(address(chosen), owner, amount);
        if (chosen.balanceOf(owner) != before + amount) _broken("2: the owner did not get what it withdrew");
    }

    // -- what is asked at the end --------------------------------------------------------------------------

    /// @dev Whatever came before, the router still earns for its operator, and nothing was made or lost.
    function finish() external {
        vm.prank(owner);
        router.unpause();
        // Not by the owner's call: no plan starts behind that in the same transaction, which all of this is.
        vm.store(address(router), 0, bytes32(uint256(uint160(operator))));
        for (uint256 index = 0; index < plans.length && bytes(violation).length == 0; index++) {
            if (!_earnsAgain(index)) _broken("the router does not earn any more");
        }
        for (uint256 i = WETH; i <= USDC; i++) {
            if (_sum(i) != _sums[i]) _broken("5: tokens were made or lost");
        }
    }

    function _earnsAgain(uint256 index) private returns (bool) {
        uint256 done = executed;
        openGap(firstPools[index], secondPools[index], 30);
        _execute(index, 1 ether, 1, 5_000, 1_000);
        return executed != done;
    }

    // -- judging -------------------------------------------------------------------------------------------

    function _execute(uint256 index, uint256 amount, uint256 minimum, uint256 share, uint256 fixedTip) private {
        uint256 built = builder.balance;
        uint256 before = tokens[WETH].balanceOf(address(router));
        (bool ok,) = _send(operator, fill(index, amount, minimum, share, fixedTip), minimum);
        uint256 tip = builder.balance - built;
        if (!ok) {
            if (tip != 0) _broken("4: a failed plan tipped");
            return;
        }
        executed++;
        if (tip == 0) return;
        tipped++;
        uint256 profit = tokens[WETH].balanceOf(address(router)) - before + tip;
        if (tip > profit - minimum) _broken("4: the tip took of the operator's minimum");
        if (tip > profit * share / 10_000 + fixedTip) _broken("4: the tip is more than was offered");
    }

    /// @dev A call by whoever may run plans: it ends with at least `minimum` more WETH, or changes nothing.
    function _send(address who, bytes memory data, uint256 minimum) private returns (bool ok, bytes memory answer) {
        bool refused = router.paused();
        Holdings memory before = _holdings(address(router));
        uint256 approved = tokens[WETH].balanceOf(operator);
        _as(who);
        (ok, answer) = address(router).call(data);
        Holdings memory now_ = _holdings(address(router));
        if (ok) {
            if (refused) _broken("6: a plan ran while the router was paused");
            if (_fell(before, now_)) _broken("3: a plan lowered a balance");
            if (now_.tokens[WETH] < before.tokens[WETH] + minimum) _broken("3: less than the minimum was earned");
        } else if (!_same(before, now_)) {
            _broken("3: a failed plan left something behind");
        }
        if (tokens[WETH].balanceOf(operator) < approved) _broken("2: an allowance to the router was spent");
        _requireNoAllowance();
        _requireIdle();
    }

    /// @dev A call by anybody else: it changes nothing, and is refused early. What a stranger burns by offsets and lengths that make no
    /// sense is its own gas, and its own affair.
    function _attack(address who, bytes memory data, bool wellFormed) private {
        if (who == owner || who == operator || who == pauser || who == address(0) || who == address(this)) return;
        Holdings memory before = _holdings(address(router));
        Holdings memory ownersBefore = _holdings(owner);
        uint256 approved = tokens[WETH].balanceOf(operator);
        bool paused = router.paused();
        vm.prank(who);
        uint256 gasBefore = gasleft();
        (bool ok,) = address(router).call(data);
        uint256 used = gasBefore - gasleft();
        if (!ok && wellFormed && used > REFUSAL_GAS) _broken("7: a refusal is dear");
        if (!_same(before, _holdings(address(router)))) _broken("2: a stranger changed what the router has");
        if (_fell(ownersBefore, _holdings(owner))) _broken("2: a stranger took from the owner");
        if (tokens[WETH].balanceOf(operator) < approved) _broken("2: a stranger spent an allowance to the router");
        if (paused != router.paused() || router.owner() != owner) _broken("2: a stranger took a role");
        _requireIdle();
    }

    function _requireNoAllowance() private {
        for (uint256 i = 0; i < lenders.length; i++) {
            for (uint256 j = WETH; j <= USDC; j++) {
                if (tokens[j].allowance(address(router), lenders[i]) != 0) _broken("1: an allowance was left");
            }
        }
        for (uint256 i = 0; i < pools.length; i++) {
            if (tokens[WETH].allowance(address(router), pools[i]) != 0) _broken("1: an allowance was left");
        }
    }

    /// @dev All of this is one transaction: a lock, a registration or a scope left open would refuse the next plan.
    function _requireIdle() private {
        if (router.paused()) return;
        _as(operator);
        (bool ok, bytes memory reason) = address(router).call(idlePlan);
        // Refused for the role alone, where the owner has taken it away.
        if (!ok && bytes4(reason) != bytes4(keccak256("NotOperator(address)"))) _broken("1: something was left of an earlier plan");
    }

    function _holdings(address who) private view returns (Holdings memory held) {
        held.tokens = new uint256[](tokens.length);
        for (uint256 i = 0; i < tokens.length; i++) held.tokens[i] = tokens[i].balanceOf(who);
        held.coin = who.balance;
    }

    function _same(Holdings memory a, Holdings memory b) private pure returns (bool) {
        return keccak256(abi.encode(a)) == keccak256(abi.encode(b));
    }

    function _fell(Holdings memory before, Holdings memory now_) private pure returns (bool fell) {
        for (uint256 i = 0; i < before.tokens.length; i++) fell = fell || now_.tokens[i] < before.tokens[i];
        return fell || now_.coin < before.coin;
    }

    function _sum(uint256 token) private view returns (int256 sum) {
        for (uint256 i = 0; i < holders.length; i++) sum += int256(tokens[token].balanceOf(holders[i]));
        sum -= int256(tokens[token].totalSupply());
    }

    function _bound(uint256 value, uint256 low, uint256 high) private pure returns (uint256) {
        return low + value % (high - low + 1);
    }

    function _as(address who) private {
        if (_signs) vm.prank(who, who);
        else vm.prank(who);
    }

    function _broken(string memory what) private {
        if (bytes(violation).length == 0) violation = what;
    }
}
