// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

import {Batch} from "../../contracts/base/Batch.sol";
import {RouterUnderProof} from "./RouterUnderProof.sol";
import {svm, vm} from "./Cheats.sol";

/// @dev Whoever calls whatever with whatever arguments, only the right role changes anything.
contract RolesProof is RouterUnderProof {
    bytes4 private constant _EXECUTE = bytes4(keccak256("execute()"));
    uint256 private constant PAUSED = 1 << 160;
    /// Enough for the arguments of every function of the control part that is not made of lists.
    uint256 private constant ARGUMENTS = 96;
    /// A plan of nothing but its header.
    uint256 private constant HEADER = 17;

    function check_aStrangerChangesNothing() public {
        _changesNothing(_stranger(), ARGUMENTS);
    }

    function check_aStrangerIsRefusedByV4AndByTheBatch() public {
        _refusesCallback(0);
    }

    function check_aStrangerIsRefusedByTheCallbackOfMorpho() public {
        _refusesCallback(1);
    }

    function check_aStrangerIsRefusedByTheCallbacksOfV3() public {
        _refusesCallback(2);
    }

    function check_aStrangerIsRefusedByTheCallbacksOfV2AndBalancer() public {
        _refusesCallback(3);
    }

    function check_aStrangerIsRefusedByTheCallbacksOfAaveAndERC3156() public {
        _refusesCallback(4);
    }

    function check_aStrangerRunsNoBatch() public {
        Batch.Entry[] memory entries = new Batch.Entry[](1);
        entries[0] = Batch.Entry(uint64(svm.createUint(64, "gas")), abi.encodePacked(_EXECUTE, svm.createBytes(HEADER, "plan")));
        address caller = _stranger();
        vm.prank(caller);
        (bool ok,) = address(router).call(abi.encodeCall(Batch.executeBatch, (entries, svm.createBool("allOrNothing"))));
        assert(!ok);
    }

    function check_thePauserOnlyPauses() public {
        address someone = svm.createAddress("someone");
        State memory before = state(someone);
        anyCall(PAUSER, ARGUMENTS);
        State memory now_ = state(someone);
        assert(now_.gate == before.gate || uint256(now_.gate) == uint256(before.gate) | PAUSED);
        now_.gate = before.gate;
        requireSame(before, now_);
    }

    function check_whomOwnershipIsOfferedOnlyAccepts() public {
        address invited = svm.createAddress("invited");
        vm.assume(invited != address(0) && invited != OWNER && invited != PAUSER);
        vm.assume(invited != OPERATOR && invited != FURTHER_OPERATOR);
        vm.prank(OWNER);
        control.transferOwnership(invited);
        address someone = svm.createAddress("someone");
        State memory before = state(someone);
        anyCall(invited, ARGUMENTS);
        State memory now_ = state(someone);
        if (now_.owner != before.owner) {
            assert(now_.owner == bytes32(uint256(uint160(invited))) && now_.pendingOwner == 0);
            (now_.owner, now_.pendingOwner) = (before.owner, before.pendingOwner);
        }
        requireSame(before, now_);
    }

    function check_aPlanWithoutStepsChangesNothing() public {
        _changesNothing(OPERATOR, HEADER);
    }

    function check_whilePausedOnlyTheOwnerChangesAnything() public {
        vm.prank(PAUSER);
        control.pause();
        address caller = svm.createAddress("caller");
        vm.assume(caller != address(0) && caller != OWNER);
        _changesNothing(caller, ARGUMENTS);
    }

    function check_whilePausedNobodyRunsAPlan() public {
        vm.prank(PAUSER);
        control.pause();
        vm.prank(svm.createAddress("caller"));
        (bool ok,) = address(router).call(abi.encodePacked(_EXECUTE, svm.createBytes(ARGUMENTS, "plan")));
        assert(!ok);
    }

    function check_onlyAnOperatorRunsAPlan() public {
        address caller = svm.createAddress("caller");
        vm.assume(caller != OPERATOR && caller != FURTHER_OPERATOR);
        vm.prank(caller);
        (bool ok,) = address(router).call(abi.encodePacked(_EXECUTE, svm.createBytes(ARGUMENTS, "plan")));
        assert(!ok);
    }

    /// @dev An account that sends the transaction itself is in nobody's plan.
    function check_behindTheEndOfARoleNoContractStartsAPlan() public {
        bool replaced = svm.createBool("replaced");
        address someone = svm.createAddress("someone");
        address caller = svm.createAddress("caller");
        vm.assume(caller != tx.origin);
        vm.prank(OWNER);
        if (replaced) control.setPrimaryOperator(someone);
        else control.allowOperator(someone, false);
        vm.prank(caller);
        (bool ok,) = address(router).call(abi.encodePacked(_EXECUTE, svm.createBytes(HEADER, "plan")));
        assert(!ok);
    }

    function check_mustFail_behindANewRoleNoContractStartsAPlan() public {
        vm.prank(OWNER);
        control.allowOperator(address(0xB0B3), true);
        vm.prank(address(0xB0B3));
        (bool ok,) = address(router).call(abi.encodePacked(_EXECUTE, svm.createBytes(HEADER, "plan")));
        assert(!ok);
    }

    function check_mustFail_nobodyRunsAPlan() public {
        vm.prank(svm.createAddress("caller"));
        (bool ok,) = address(router).call(abi.encodePacked(_EXECUTE, svm.createBytes(HEADER, "plan")));
        assert(!ok);
    }

    function check_mustFail_theOwnerChangesNothing() public {
        _changesNothing(OWNER, 32);
    }

    function _changesNothing(address caller, uint256 size) private {
        address someone = svm.createAddress("someone");
        State memory before = state(someone);
        anyCall(caller, size);
        requireSame(before, state(someone));
    }

    function _refusesCallback(uint256 word) private {
        address someone = svm.createAddress("someone");
        State memory before = state(someone);
        assert(!shapedCall(_stranger(), word));
        requireSame(before, state(someone));
    }

    /// @dev Somebody without a role. Nobody has the key of the zero address.
    function _stranger() private pure returns (address caller) {
        caller = svm.createAddress("caller");
        vm.assume(caller != address(0) && caller != OWNER && caller != PAUSER);
        vm.assume(caller != OPERATOR && caller != FURTHER_OPERATOR);
    }
}
