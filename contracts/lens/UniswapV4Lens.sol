// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

import {Asking} from "./Asking.sol";
import {TickWalk} from "./TickWalk.sol";
import {UniswapV3Lens} from "./UniswapV3Lens.sol";

interface IPoolManagerStorage {
    function extsload(bytes32 slot) external view returns (bytes32 value);
}

/// @notice Reads pools of Uniswap V4 out of the PoolManager's storage.
/// @dev Slots: v4-core 1.0.2, StateLibrary. In a walk's source, `id` is the first slot of the pool.
library UniswapV4Lens {
    /// @notice No pool was opened under this id.
    error NoPool(bytes32 id);

    uint256 private constant _POOLS_SLOT = 6;
    uint256 private constant _LIQUIDITY = 3;
    uint256 private constant _TICKS = 4;
    uint256 private constant _BITMAP = 5;
    uint256 private constant _ID_BYTES = 32;

    /// @param request PoolManager, the pool's id (32 bytes), then as for UniswapV3Lens from the spacing on.
    /// @return answer The protocol's fee (3 bytes: 12 bits a direction, token0's last), then as from UniswapV3Lens, with the fee of the
    /// liquidity's holders.
    function read(bytes calldata request) internal view returns (bytes memory answer) {
        bytes32 id = bytes32(request[20:52]);
        TickWalk.Source memory source =
            TickWalk.Source(address(bytes20(request[:20])), keccak256(abi.encode(id, _POOLS_SLOT)), 0, _word, _net);
        TickWalk.Start memory start;
        start.spacing = int24(uint24(bytes3(request[52:55])));
        answer = _price(source, start);
        if (start.price == 0) revert NoPool(id);
        answer = bytes.concat(answer, UniswapV3Lens.ticks(source, start, request[_ID_BYTES:]));
    }

    /// @dev Fills in where the walk starts; `told` is the part of the answer before the ticks.
    function _price(TickWalk.Source memory source, TickWalk.Start memory start) private view returns (bytes memory told) {
        uint256 slot0 = _load(source, uint256(source.id));
        start.price = uint160(slot0);
        start.tick = int24(uint24(slot0 >> 160));
        start.liquidity = uint128(_load(source, uint256(source.id) + _LIQUIDITY));
        told = abi.encodePacked(uint24(slot0 >> 184), uint160(slot0), start.tick, start.liquidity, uint24(slot0 >> 208));
    }

    function _word(TickWalk.Source memory source, int256 word) private view returns (uint256) {
        return _entry(source, word, _BITMAP);
    }

    function _net(TickWalk.Source memory source, int24 tick) private view returns (int128) {
        return int128(uint128(_entry(source, tick, _TICKS) >> 128));
    }

    /// @dev An entry of one of the pool's mappings.
    function _entry(TickWalk.Source memory source, int256 key, uint256 offset) private view returns (uint256) {
        return _load(source, uint256(keccak256(abi.encode(key, uint256(source.id) + offset))));
    }

    function _load(TickWalk.Source memory source, uint256 slot) private view returns (uint256) {
        return Asking.one(source.target, IPoolManagerStorage.extsload.selector, slot);
    }
}
