// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

/// @title Deploys PancakeSwap V3 pools for its factory
/// @notice Written from the interface that the packaged factory and pool call, as no package holds the original.
/// The pool's creation code is read from a contract that holds nothing else: inside this one it would not fit.
contract PancakeV3PoolDeployer {
    struct Parameters {
        address factory;
        address token0;
        address token1;
        uint24 fee;
        int24 tickSpacing;
    }

    Parameters public parameters;
    address public factoryAddress;
    address private immutable poolCode;

    event SetFactoryAddress(address indexed factory);

    constructor(address poolCode_) {
        poolCode = poolCode_;
    }

    function setFactoryAddress(address factory) external {
        require(factoryAddress == address(0), "already initialized");
        factoryAddress = factory;
        emit SetFactoryAddress(factory);
    }

    function deploy(address factory, address token0, address token1, uint24 fee, int24 tickSpacing)
        external
        returns (address pool)
    {
        require(msg.sender == factoryAddress, "only factory can call deploy");
        parameters = Parameters(factory, token0, token1, fee, tickSpacing);
        bytes memory creationCode = poolCode.code;
        bytes32 salt = keccak256(abi.encode(token0, token1, fee));
        assembly ("memory-safe") {
            pool := create2(0, add(creationCode, 0x20), mload(creationCode), salt)
        }
        require(pool != address(0), "pool creation failed");
        delete parameters;
    }
}
