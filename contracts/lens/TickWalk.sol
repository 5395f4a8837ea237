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
        return _side(source, start, bounds, true);
    }

    /// @return known The highest tick up to which every initialised tick was found.
    /// @return found As for `down`, in rising order.
    function up(Source memory source, Start memory start, Bounds memory bounds) internal view returns (int24 known, bytes memory found) {
        return _side(source, start, bounds, false);
    }

    /// @dev A walk under way on one side: what it reads, and how far it is.
    struct Walk {
        Source source;
        Bounds bounds;
        bool falling;
        int256 spacing;
        int256 word;
        uint256 price;
        uint256 liquidity;
        uint256 spent;
        uint256 ticks;
        int256 known;
        bytes found;
    }

    function _side(Source memory source, Start memory start, Bounds memory bounds, bool falling) private view returns (int24, bytes memory) {
        Walk memory walk;
        walk.source = source;
        walk.bounds = bounds;
        walk.falling = falling;
        walk.spacing = start.spacing;
        walk.price = start.price;
        walk.liquidity = start.liquidity;
        walk.known = falling ? int256(start.tick) + 1 : int256(start.tick);
        // The last tick is written as a whole word.
        walk.found = new bytes(bounds.ticks * TICK_BYTES + 32);
        int256 first = _floor(start.tick, start.spacing) + (falling ? int256(0) : int256(1));
        walk.word = first >> 8;
        uint256 bit = uint256(first) & 255;
        // In the first word, only what lies on this side of the price.
        _takeWords(walk, falling ? type(uint256).max >> (255 - bit) : type(uint256).max << bit);
        return (int24(walk.known), _cut(walk));
    }

    function _takeWords(Walk memory walk, uint256 mask) private view {
        int256 last = _floor(walk.falling ? TickPrice.MIN : TickPrice.MAX, walk.spacing) >> 8;
        for (uint256 words = 1; words <= walk.bounds.most; ++words) {
            if (_exhausted(walk)) return;
            uint256 bits = walk.source.word(walk.source, walk.word) & mask;
            if (_takeWord(walk, bits, words > walk.bounds.least)) return;
            if (walk.word == last) {
                walk.known = walk.falling ? TickPrice.MIN : TickPrice.MAX;
                return;
            }
            if (words >= walk.bounds.least && walk.spent > walk.bounds.reach) return;
            mask = type(uint256).max;
            walk.word += walk.falling ? int256(-1) : int256(1);
        }
    }

    /// @dev Takes the ticks of one word; true where the side ends in it.
    function _takeWord(Walk memory walk, uint256 bits, bool mayStop) private view returns (bool) {
        while (bits != 0) {
            if (walk.ticks == walk.bounds.ticks || _exhausted(walk)) return true;
            uint256 bit = walk.falling ? _highest(bits) : _highest(bits & (~bits + 1));
            bits ^= 1 << bit;
            _takeTick(walk, int24(((walk.word << 8) + int256(bit)) * walk.spacing));
            if (mayStop && walk.spent > walk.bounds.reach) return true;
        }
        int256 end = ((walk.word << 8) + (walk.falling ? int256(0) : int256(255))) * walk.spacing;
        if (end >= TickPrice.MIN && end <= TickPrice.MAX) {
            _spend(walk, int24(end));
            walk.known = end;
        }
        return false;
    }

    function _takeTick(Walk memory walk, int24 tick) private view {
        int128 net = walk.source.net(walk.source, tick);
        _put(walk.found, walk.ticks++, tick, net);
        _spend(walk, tick);
        walk.known = tick;
        walk.liquidity = uint256(int256(walk.liquidity) + (walk.falling ? -int256(net) : int256(net)));
    }

    /// @dev What was found, without the room that was not needed.
    function _cut(Walk memory walk) private pure returns (bytes memory found) {
        found = walk.found;
        uint256 length = walk.ticks * TICK_BYTES;
        // found.length = length
        assembly ("memory-safe") {
            mstore(found, length)
        }
    }

    /// @dev Counts what it takes to move the price to `tick`.
    function _spend(Walk memory walk, int24 tick) private pure {
        uint256 price = TickPrice.at(tick);
        if (walk.falling ? price >= walk.price : price <= walk.price) return;
        walk.spent += walk.falling
            ? TickPrice.input0(walk.liquidity, price, walk.price)
            : TickPrice.input1(walk.liquidity, walk.price, price);
        walk.price = price;
    }

    function _put(bytes memory found, uint256 index, int24 tick, int128 net) private pure {
        uint256 packed = (uint256(uint24(tick)) << 232) | (uint256(uint128(net)) << 104);
        // found[19 * index : 19 * index + 19] = abi.encodePacked(tick, net); the rest of the word is overwritten by the next one
        assembly ("memory-safe") {
            mstore(add(add(found, 0x20), mul(index, TICK_BYTES)), packed)
        }
    }

    function _exhausted(Walk memory walk) private view returns (bool) {
        return gasleft() < _KEPT_GAS + _KEPT_GAS_A_TICK * walk.ticks;
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
