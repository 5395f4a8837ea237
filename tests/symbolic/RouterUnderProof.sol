// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

import {ArbRouter} from "../../contracts/ArbRouter.sol";
import {RouterControl} from "../../contracts/RouterControl.sol";
import {RouterExtension} from "../../contracts/RouterExtension.sol";
import {RouterSimulator} from "../../contracts/RouterSimulator.sol";
import {Batch} from "../../contracts/base/Batch.sol";
import {Constants} from "../../contracts/base/Constants.sol";
import {svm, vm} from "./Cheats.sol";

/// @dev A wrapped coin whose balances are what the proof says they are.
contract SymbolicToken {
    mapping(address account => uint256) public balanceOf;

    function set(address account, uint256 amount) external {
        balanceOf[account] = amount;
    }

    function transfer(address to, uint256 amount) external returns (bool) {
        balanceOf[msg.sender] -= amount;
        balanceOf[to] += amount;
        return true;
    }

    function deposit() external payable {
        balanceOf[msg.sender] += msg.value;
    }

    function withdraw(uint256 amount) external {
        balanceOf[msg.sender] -= amount;
        (bool ok,) = msg.sender.call{value: amount}("");
        require(ok);
    }
}

/// @dev The real router with all its parts and one person in each role, for proofs about it.
abstract contract RouterUnderProof {
    address internal constant OWNER = address(0xA11CE);
    address internal constant NEXT_OWNER = address(0xA11CF);
    address internal constant OPERATOR = address(0x0B0B);
    address internal constant FURTHER_OPERATOR = address(0xB0B2);
    address internal constant PAUSER = address(0xCAFE);

    ArbRouter internal router;
    RouterControl internal control;
    SymbolicToken internal token;

    function setUp() public virtual {
        token = new SymbolicToken();
        Constants memory constants;
        constants.settlementTokens[0] = address(token);
        constants.wrappedNative = address(token);
        address extension = address(new RouterExtension(constants));
        address simulator = address(new RouterSimulator(constants, extension));
        address controlPart = address(new RouterControl(constants, simulator));
        router = new ArbRouter(OWNER, constants, extension, controlPart);
        control = RouterControl(payable(address(router)));
        vm.prank(OWNER);
        control.setPrimaryOperator(OPERATOR);
        vm.prank(OWNER);
        control.allowOperator(FURTHER_OPERATOR, true);
        vm.prank(OWNER);
        control.setPauser(PAUSER);
        token.set(address(router), 1 ether);
        vm.deal(address(router), 1 ether);
    }

    /// @dev Everything that the router knows and has; `someone` stands for any account that may or may not be an operator.
    struct State {
        bytes32 gate;
        bytes32 owner;
        bytes32 pendingOwner;
        bytes32 pauser;
        bytes32 ownerSetToken;
        bool someoneIsOperator;
        uint256 tokens;
        uint256 coin;
    }

    function state(address someone) internal view returns (State memory now_) {
        now_.gate = vm.load(address(router), bytes32(uint256(0)));
        now_.owner = vm.load(address(router), bytes32(uint256(1)));
        now_.pendingOwner = vm.load(address(router), bytes32(uint256(2)));
        now_.pauser = vm.load(address(router), bytes32(uint256(3)));
        now_.ownerSetToken = vm.load(address(router), bytes32(uint256(5)));
        now_.someoneIsOperator = vm.load(address(router), keccak256(abi.encode(someone, uint256(4)))) != 0;
        now_.tokens = token.balanceOf(address(router));
        now_.coin = address(router).balance;
    }

    function requireSame(State memory before, State memory now_) internal pure {
        assert(before.gate == now_.gate);
        assert(before.owner == now_.owner && before.pendingOwner == now_.pendingOwner && before.pauser == now_.pauser);
        assert(before.ownerSetToken == now_.ownerSetToken && before.someoneIsOperator == now_.someoneIsOperator);
        assert(before.tokens == now_.tokens && before.coin == now_.coin);
    }

    /// @dev A call of anything by `caller`, with `size` bytes of arguments. Selectors whose arguments have an offset in them are left
    /// to `shapedCall`: an offset must be a number for the symbolic executor to follow it.
    function anyCall(address caller, uint256 size) internal returns (bool ok) {
        bytes4 selector = svm.createBytes4("selector");
        for (uint256 word = 0; word < 5; word++) vm.assume(!_offsetAt(selector, word));
        vm.prank(caller);
        (ok,) = address(router).call(abi.encodePacked(selector, svm.createBytes(size, "arguments")));
    }

    /// @dev A call by `caller` of anything whose argument number `word` is the last and bytes or a list: 37 bytes of anything.
    function shapedCall(address caller, uint256 word) internal returns (bool ok) {
        bytes4 selector = svm.createBytes4("selector");
        vm.assume(_offsetAt(selector, word));
        uint256 offset = 32 * (word + 1);
        // Balancer V2's loan names lists before the data: all offsets lead to the same place.
        bytes memory before = selector == 0xf04f2707 ? abi.encode(offset, offset, offset) : svm.createBytes(32 * word, "before");
        vm.prank(caller);
        (ok,) = address(router).call(abi.encodePacked(selector, before, offset, uint256(37), svm.createBytes(37, "data")));
    }

    /// @dev Functions and callbacks, by the place of the first offset among their arguments.
    function _offsetAt(bytes4 selector, uint256 word) private pure returns (bool) {
        // executeBatch, unlockCallback
        if (word == 0) return selector == Batch.executeBatch.selector || selector == 0x91dd7346;
        // onMorphoFlashLoan
        if (word == 1) return selector == 0x31f57072;
        if (word == 2) return _isV3Callback(selector);
        // uniswapV2Call, pancakeCall, hook, receiveFlashLoan
        if (word == 3) return selector == 0x10d1e85c || selector == 0x84800812 || selector == 0x9a7bff79 || selector == 0xf04f2707;
        // executeOperation, onFlashLoan
        return selector == 0x1b11d0ff || selector == 0x23e30c8b;
    }

    function _isV3Callback(bytes4 selector) private pure returns (bool) {
        // uniswapV3SwapCallback, pancakeV3SwapCallback, algebraSwapCallback, Slipstream's
        if (selector == 0xfa461e33 || selector == 0x23a69e75 || selector == 0x2c8958f6 || selector == 0x3a1c453c) return true;
        // uniswapV3FlashCallback, pancakeV3FlashCallback, algebraFlashCallback
        return selector == 0xe9cbafb0 || selector == 0xa1d48336 || selector == 0xa60b0d3c;
    }
}
