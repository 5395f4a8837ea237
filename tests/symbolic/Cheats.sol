// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

/// @dev The cheat codes that the proofs use; those of `svm` exist under the symbolic executor only.
interface Vm {
    function assume(bool condition) external pure;
    function prank(address sender) external;
    function prank(address sender, address origin) external;
    function deal(address who, uint256 amount) external;
    function load(address target, bytes32 slot) external view returns (bytes32);
    function store(address target, bytes32 slot, bytes32 value) external;
}

interface Svm {
    function createUint(uint256 bits, string memory name) external pure returns (uint256);
    function createUint256(string memory name) external pure returns (uint256);
    function createAddress(string memory name) external pure returns (address);
    function createBool(string memory name) external pure returns (bool);
    function createBytes4(string memory name) external pure returns (bytes4);
    function createBytes(uint256 size, string memory name) external pure returns (bytes memory);
}

Vm constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));
Svm constant svm = Svm(address(uint160(uint256(keccak256("svm cheat code")))));
