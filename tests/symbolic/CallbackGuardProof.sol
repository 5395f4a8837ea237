// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

import {CallbackGuard} from "../../contracts/base/CallbackGuard.sol";
import {svm, vm} from "./Cheats.sol";

/// @dev The guard alone, with its internal functions open; whatever is not named here is a callback.
contract OpenGuard is CallbackGuard {
    function register(address expected, bytes4 selector, bytes memory data) external {
        uint256 lengthAt;
        assembly ("memory-safe") {
            lengthAt := data
        }
        _register(expected, selector, lengthAt);
    }

    function requireSpent(address expected) external view {
        _requireSpent(expected);
    }

    function runAlone() external {
        _lock();
        _unlock();
    }

    function enterTwice() external {
        _lock();
        this.runAlone();
        _unlock();
    }

    /// @dev The one assumption: no commitment hashes to one of the two small numbers that stand for idle and running.
    function _sealed(bytes32 commitment) internal pure override returns (bytes32) {
        vm.assume(uint256(commitment) > 1);
        return commitment;
    }

    fallback() external {
        _consume(4, msg.data.length - 4);
    }
}

/// @dev A callback passes only if caller, selector and data are the registered ones, and only once.
contract CallbackGuardProof {
    OpenGuard private guard;

    function setUp() public {
        guard = new OpenGuard();
    }

    function check_onlyTheRegisteredCallbackPasses() public {
        _onlyTheRegisteredPasses(0, 0);
        _onlyTheRegisteredPasses(37, 37);
    }

    function check_dataOfAnotherLengthDoesNotPass() public {
        (address expected, bytes4 selector, bytes memory data) = _registration(37);
        guard.register(expected, selector, data);
        assert(!_callBack(expected, selector, svm.createBytes(36, "shorter")));
        assert(!_callBack(expected, selector, svm.createBytes(38, "longer")));
        assert(!_callBack(expected, selector, ""));
    }

    function check_aCallbackPassesOnce() public {
        (address expected, bytes4 selector, bytes memory data) = _registration(37);
        guard.register(expected, selector, data);
        assert(_callBack(expected, selector, data));
        assert(!_callBack(expected, selector, data));
        assert(!_callBack(svm.createAddress("other"), svm.createBytes4("otherSelector"), svm.createBytes(37, "otherData")));
    }

    function check_nothingPassesUnregistered() public {
        assert(!_callBack(svm.createAddress("caller"), svm.createBytes4("selector"), svm.createBytes(37, "data")));
    }

    function check_aCallbackThatNeverCameIsMissed() public {
        (address expected, bytes4 selector, bytes memory data) = _registration(37);
        guard.register(expected, selector, data);
        (bool spent,) = address(guard).call(abi.encodeCall(guard.requireSpent, (expected)));
        assert(!spent);
        assert(_callBack(expected, selector, data));
        (spent,) = address(guard).call(abi.encodeCall(guard.requireSpent, (expected)));
        assert(spent);
    }

    function check_aPlanRunsAlone() public {
        (bool ok,) = address(guard).call(abi.encodeCall(guard.enterTwice, ()));
        assert(!ok);
        guard.runAlone();
        guard.runAlone();
    }

    function check_mustFail_noCallbackEverPasses() public {
        (address expected, bytes4 selector, bytes memory data) = _registration(37);
        guard.register(expected, selector, data);
        assert(!_callBack(svm.createAddress("caller"), svm.createBytes4("called"), svm.createBytes(37, "answer")));
    }

    function _onlyTheRegisteredPasses(uint256 registeredBytes, uint256 calledBytes) private {
        (address expected, bytes4 selector, bytes memory data) = _registration(registeredBytes);
        guard.register(expected, selector, data);
        address caller = svm.createAddress("caller");
        bytes4 called = svm.createBytes4("called");
        bytes memory answer = svm.createBytes(calledBytes, "answer");
        if (!_callBack(caller, called, answer)) return;
        assert(caller == expected && called == selector);
        assert(keccak256(answer) == keccak256(data));
    }

    function _registration(uint256 size) private pure returns (address expected, bytes4 selector, bytes memory data) {
        return (svm.createAddress("expected"), svm.createBytes4("selector"), svm.createBytes(size, "data"));
    }

    /// @dev Whether the guard takes it; the guard's own functions are no callbacks.
    function _callBack(address caller, bytes4 selector, bytes memory data) private returns (bool ok) {
        vm.assume(selector != OpenGuard.register.selector && selector != OpenGuard.requireSpent.selector);
        vm.assume(selector != OpenGuard.runAlone.selector && selector != OpenGuard.enterTwice.selector);
        vm.prank(caller);
        (ok,) = address(guard).call(abi.encodePacked(selector, data));
    }
}
