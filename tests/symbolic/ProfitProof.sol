// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

import {Tip} from "../../contracts/base/Tip.sol";
import {PlanFormat as Plan} from "../../contracts/base/PlanFormat.sol";
import {RouterUnderProof, SymbolicToken} from "./RouterUnderProof.sol";
import {svm, vm} from "./Cheats.sol";

/// @dev Gives or takes whatever the proof says, in whatever token: all that any venue could do, and more.
contract Havoc {
    SymbolicToken private victim;
    address private router;
    uint256 private balance;

    function plot(SymbolicToken token, address router_, uint256 balance_) external {
        (victim, router, balance) = (token, router_, balance_);
    }

    /// @dev The V2 pool's function.
    function swap(uint256, uint256, address, bytes calldata) external {
        victim.set(router, balance);
    }

    /// @dev Takes a tip, and does the same.
    receive() external payable {
        if (address(victim) != address(0)) victim.set(router, balance);
    }
}

/// @dev Whatever happens while a plan runs, success means the promised profit, in the settlement token and after the tip.
contract ProfitProof is RouterUnderProof {
    Havoc private pool;
    Havoc private builder;
    SymbolicToken private other;

    function setUp() public override {
        super.setUp();
        pool = new Havoc();
        builder = new Havoc();
        other = new SymbolicToken();
        other.set(address(router), 1 ether);
        vm.deal(address(token), type(uint128).max);
    }

    function check_successMeansThePromisedProfit() public {
        (uint256 before, uint256 minimum) = _anyStart();
        (bool ok, uint256 profit) = _execute(abi.encodePacked(_header(0, minimum), _swap()));
        if (!ok) return;
        uint256 afterwards = token.balanceOf(address(router));
        assert(afterwards >= before && afterwards - before >= minimum);
        assert(profit == afterwards - before);
    }

    function check_successMeansThePromisedProfitAfterTheTip() public {
        (uint256 before, uint256 minimum) = _anyStart();
        uint256 coin = address(router).balance;
        (bool ok, uint256 profit) = _execute(_tippingPlan(minimum, _smallShare()));
        if (!ok) return;
        uint256 afterwards = token.balanceOf(address(router));
        assert(afterwards >= before && afterwards - before >= minimum);
        assert(profit == afterwards - before);
        assert(address(router).balance >= coin);
    }

    function check_aBuilderThatTakesMoreThanItsTipUndoesAll() public {
        (uint256 before, uint256 minimum) = _anyStart();
        builder.plot(token, address(router), svm.createUint256("balanceAfterTip"));
        (bool ok,) = _execute(_tippingPlan(minimum, _smallShare()));
        if (!ok) return;
        uint256 afterwards = token.balanceOf(address(router));
        assert(afterwards >= before && afterwards - before >= minimum);
    }

    function check_noTrackedTokenFalls() public {
        pool.plot(other, address(router), svm.createUint256("otherAfter"));
        bytes memory inside = _swap();
        bytes memory track = abi.encodePacked(uint8(Plan.TRACK), address(other), uint16(inside.length), inside);
        (bool ok,) = _execute(abi.encodePacked(_header(0, 0), track));
        assert(!ok || other.balanceOf(address(router)) >= 1 ether);
    }

    function check_mustFail_noPlanSucceeds() public {
        (, uint256 minimum) = _anyStart();
        (bool ok,) = _execute(abi.encodePacked(_header(0, minimum), _swap()));
        assert(!ok);
    }

    function check_mustFail_noTipIsPaid() public {
        (, uint256 minimum) = _anyStart();
        (bool ok,) = _execute(_tippingPlan(minimum, 5_000));
        assert(!ok || address(builder).balance == 0);
    }

    function check_mustFail_aTokenThatIsNotTrackedMayNotFall() public {
        pool.plot(other, address(router), svm.createUint256("otherAfter"));
        (bool ok,) = _execute(abi.encodePacked(_header(0, 0), _swap()));
        assert(!ok || other.balanceOf(address(router)) >= 1 ether);
    }

    function _anyStart() private returns (uint256 before, uint256 minimum) {
        (before, minimum) = (svm.createUint(128, "before"), svm.createUint(96, "minimum"));
        token.set(address(router), before);
        pool.plot(token, address(router), svm.createUint(128, "after"));
    }

    /// @dev A share of a few kinds: a product of two unknowns is more than the solver follows.
    function _smallShare() private pure returns (uint16) {
        return svm.createBool("all") ? 10_000 : svm.createBool("tooMuch") ? type(uint16).max : 1;
    }

    function _header(uint256 flags, uint256 minimum) private pure returns (bytes memory) {
        return abi.encodePacked(bytes4(keccak256("execute()")), uint8(flags), type(uint32).max, uint96(minimum));
    }

    function _tippingPlan(uint256 minimum, uint16 share) private view returns (bytes memory) {
        uint96 fixedPart = uint96(svm.createUint(96, "fixedPart"));
        bytes memory tip = abi.encodePacked(uint8(Plan.TIP_RECEIVER), share, fixedPart, address(builder));
        return abi.encodePacked(_header(Plan.HEADER_TIP, minimum), tip, _swap());
    }

    /// @dev A V2 step that pays nothing, asks for nothing and leaves all to the pool.
    function _swap() private view returns (bytes memory) {
        return abi.encodePacked(uint8(Plan.UNISWAP_V2_SWAP), uint8(0), uint8(0), address(pool), uint128(0), uint112(0));
    }

    function _execute(bytes memory plan) private returns (bool ok, uint256 profit) {
        bytes memory answer;
        // As a person who signs the transaction, for whom no lock is taken, or as a contract, for which it is.
        if (svm.createBool("signs")) vm.prank(OPERATOR, OPERATOR);
        else vm.prank(OPERATOR);
        (ok, answer) = address(router).call(plan);
        if (ok) profit = abi.decode(answer, (uint256));
    }
}
