// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

import {TickPrice} from "./TickPrice.sol";

/// @notice Reads a pool's initialised ticks outward from the price, only as far as given amounts of input reach.
/// @dev What is read is the same for every pool with ticks; how one word and one tick are read is the pool's. Amounts are counted
/// without the fee, so an amount never reaches further than is counted here. `least` words are read on each side whatever the reach,
/// and never more than `most`; a side also ends where the gas or the room for ticks does. The answer says how far it is known.
library TickWalk {
    /// @dev Where a pool's ticks are read. `id` and `flavour` mean what the pool's own functions take them for.
    struct Source {
        address target;
        bytes32 id;
        uint256 flavour;
        function(Source memory, int256) view returns (uint256) word;
        function(Source memory, int24) view returns (int128) net;
    }

    struct Start {
        uint256 price;
        int24 tick;
        int24 spacing;
        uint128 liquidity;
    }

    /// @dev How far one side is read.
    struct Bounds {
        uint256 reach;
        uint256 least;
        uint256 most;
        uint256 ticks;
    }

    /// @dev Gas kept for handing the answer over: a fixed part, and one for each tick that was found.
    uint256 private constant _KEPT_GAS = 60_000;
    uint256 private constant _KEPT_GAS_A_TICK = 200;
    uint256 internal constant TICK_BYTES = 19;

    /// @return known The lowest tick down to which every initialised tick was found.
    /// @return found Ticks in falling order, each as int24 and the int128 that liquidity gains there when the price rises.
    function down(Source memory source, Start memory start, Bounds memory bounds) internal view returns (int24 known, bytes memory found) {
        return _walk(source, start, bounds, true);
    }

    /// @return known The highest tick up to which every initialised tick was found.
    /// @return found As for `down`, in rising order.
    function up(Source memory source, Start memory start, Bounds memory bounds) internal view returns (int24 known, bytes memory found) {
        return _walk(source, start, bounds, false);
    }

    struct State {
        bool falling;
        uint256 price;
        uint256 liquidity;
        uint256 spent;
        uint256 ticks;
        int256 known;
    }

    function _walk(Source memory source, Start memory start, Bounds memory bounds, bool falling)
        private
        view
        returns (int24, bytes memory found)
    {
        State memory state = State(falling, start.price, start.liquidity, 0, 0, falling ? int256(start.tick) + 1 : int256(start.tick));
        // The last tick is written as a whole word.
        found = new bytes(bounds.ticks * TICK_BYTES + 32);
        int256 compressed = _floor(start.tick, start.spacing) + (falling ? int256(0) : int256(1));
        int256 word = compressed >> 8;
        int256 last = _floor(falling ? TickPrice.MIN : TickPrice.MAX, start.spacing) >> 8;
        // In the first word, only what lies on this side of the price.
        uint256 mask = falling ? type(uint256).max >> (255 - (uint256(compressed) & 255)) : type(uint256).max << (uint256(compressed) & 255);
        for (uint256 words = 1; words <= bounds.most; ++words) {
            if (_exhausted(state)) break;
            uint256 bits = source.word(source, word) & mask;
            if (_takeWord(source, start.spacing, state, bounds, found, word, bits, words > bounds.least)) break;
            if (word == last) {
                state.known = falling ? TickPrice.MIN : TickPrice.MAX;
                break;
            }
            if (words >= bounds.least && state.spent > bounds.reach) break;
            mask = type(uint256).max;
            word += falling ? int256(-1) : int256(1);
        }
        uint256 length = state.ticks * TICK_BYTES;
        // found.length = length
        assembly ("memory-safe") {
            mstore(found, length)
        }
        return (int24(state.known), found);
    }

    /// @dev Takes the ticks of one word; true where the side ends in it.
    function _takeWord(
        Source memory source,
        int256 spacing,
        State memory state,
        Bounds memory bounds,
        bytes memory found,
        int256 word,
        uint256 bits,
        bool mayStop
    ) private view returns (bool) {
        while (bits != 0) {
            if (state.ticks == bounds.ticks || _exhausted(state)) return true;
            uint256 bit = state.falling ? _highest(bits) : _highest(bits & (~bits + 1));
            bits ^= 1 << bit;
            int24 tick = int24(((word << 8) + int256(bit)) * spacing);
            int128 net = source.net(source, tick);
            _put(found, state.ticks++, tick, net);
            _spend(state, tick);
            state.known = tick;
            state.liquidity = uint256(int256(state.liquidity) + (state.falling ? -int256(net) : int256(net)));
            if (mayStop && state.spent > bounds.reach) return true;
        }
        int256 end = ((word << 8) + (state.falling ? int256(0) : int256(255))) * spacing;
        if (end >= TickPrice.MIN && end <= TickPrice.MAX) {
            _spend(state, int24(end));
            state.known = end;
        }
        return false;
    }

    /// @dev Counts what it takes to move the price to `tick`.
    function _spend(State memory state, int24 tick) private pure {
        uint256 price = TickPrice.at(tick);
        if (state.falling ? price >= state.price : price <= state.price) return;
        state.spent += state.falling
            ? TickPrice.input0(state.liquidity, price, state.price)
            : TickPrice.input1(state.liquidity, state.price, price);
        state.price = price;
    }

    function _put(bytes memory found, uint256 index, int24 tick, int128 net) private pure {
        uint256 packed = (uint256(uint24(tick)) << 232) | (uint256(uint128(net)) << 104);
        // found[19 * index : 19 * index + 19] = abi.encodePacked(tick, net); the rest of the word is overwritten by the next one
        assembly ("memory-safe") {
            mstore(add(add(found, 0x20), mul(index, TICK_BYTES)), packed)
        }
    }

    function _exhausted(State memory state) private view returns (bool) {
        return gasleft() < _KEPT_GAS + _KEPT_GAS_A_TICK * state.ticks;
    }

    function _floor(int256 tick, int256 spacing) private pure returns (int256 quotient) {
        quotient = tick / spacing;
        if (tick % spacing < 0) --quotient;
    }

    /// @dev The number of the highest bit that is set; `bits` is not zero.
    function _highest(uint256 bits) private pure returns (uint256 bit) {
        unchecked {
            if (bits >> 128 != 0) bit = 128;
            if (bits >> (bit + 64) != 0) bit += 64;
            if (bits >> (bit + 32) != 0) bit += 32;
            if (bits >> (bit + 16) != 0) bit += 16;
            if (bits >> (bit + 8) != 0) bit += 8;
            if (bits >> (bit + 4) != 0) bit += 4;
            if (bits >> (bit + 2) != 0) bit += 2;
            if (bits >> (bit + 1) != 0) bit += 1;
        }
    }
}
