// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

/// @dev The cheat codes that the invariant tests use.
interface Vm {
    function prank(address sender) external;
    function prank(address sender, address origin) external;
    function deal(address who, uint256 amount) external;
    function store(address target, bytes32 slot, bytes32 value) external;
    function coinbase(address builder) external;
    function envAddress(string calldata name) external view returns (address);
    function envAddress(string calldata name, string calldata delimiter) external view returns (address[] memory);
    function envUint(string calldata name) external view returns (uint256);
    function envUint(string calldata name, string calldata delimiter) external view returns (uint256[] memory);
    function envBytes(string calldata name) external view returns (bytes memory);
    function envBytes(string calldata name, string calldata delimiter) external view returns (bytes[] memory);
}

Vm constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));
