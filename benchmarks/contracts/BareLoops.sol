// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

/// @dev The floor: what the pools themselves cost. Addresses are immutable, amounts come packed in calldata (16 bytes each), and nothing
/// is checked: anyone can call, any caller is paid, no profit is asked for. Only for measuring.
abstract contract BareLoop {
    address internal immutable _weth;
    address internal immutable _token;
    /// 1 if WETH is token0 of the pools.
    uint256 internal immutable _wethIsToken0;

    constructor(address weth, address token) {
        _weth = weth;
        _token = token;
        _wethIsToken0 = weth < token ? 1 : 0;
    }

    function _transfer(address token, address to, uint256 amount) internal {
        // token.transfer(to, amount)
        assembly ("memory-safe") {
            let free := mload(0x40)
            mstore(0x00, 0xa9059cbb00000000000000000000000000000000000000000000000000000000)
            mstore(0x04, to)
            mstore(0x24, amount)
            pop(call(gas(), token, 0, 0x00, 0x44, 0x00, 0x00))
            mstore(0x40, free)
        }
    }

    function _swapPair(address pair, uint256 tokenOut0, uint256 amountOut, address to) internal {
        // pair.swap(tokenOut0 == 1 ? amountOut : 0, tokenOut0 == 1 ? 0 : amountOut, to, "")
        assembly ("memory-safe") {
            let free := mload(0x40)
            mstore(free, 0x022c0d9f00000000000000000000000000000000000000000000000000000000)
            mstore(add(free, 0x04), mul(tokenOut0, amountOut))
            mstore(add(free, 0x24), mul(iszero(tokenOut0), amountOut))
            mstore(add(free, 0x44), to)
            mstore(add(free, 0x64), 0x80)
            mstore(add(free, 0x84), 0)
            pop(call(gas(), pair, 0, free, 0xa4, 0, 0))
        }
    }

    /// @dev `word` is all the data of the callback.
    function _swapPool(address pool, uint256 zeroForOne, uint256 amountIn, uint256 word) internal {
        // pool.swap(address(this), zeroForOne == 1, int256(amountIn), the furthest limit, abi.encode(word))
        assembly ("memory-safe") {
            let free := mload(0x40)
            mstore(free, 0x128acb0800000000000000000000000000000000000000000000000000000000)
            mstore(add(free, 0x04), address())
            mstore(add(free, 0x24), zeroForOne)
            mstore(add(free, 0x44), amountIn)
            let limit := 1461446703485210103287273052203988822378723970341
            if zeroForOne { limit := 4295128740 }
            mstore(add(free, 0x64), limit)
            mstore(add(free, 0x84), 0xa0)
            mstore(add(free, 0xa4), 0x20)
            mstore(add(free, 0xc4), word)
            pop(call(gas(), pool, 0, free, 0xe4, 0, 0))
        }
    }

    function _amount(uint256 index) internal pure returns (uint256 amount) {
        // amount = uint128(bytes16(msg.data[16 * index:]))
        assembly ("memory-safe") {
            amount := shr(128, calldataload(mul(index, 16)))
        }
    }

    function _callbackWord() internal pure returns (uint256 word) {
        // (,, bytes memory data) = abi.decode(msg.data[4:], (int256, int256, bytes)); word = uint256(bytes32(data))
        assembly ("memory-safe") {
            word := calldataload(0x84)
        }
    }
}

/// @dev WETH -> token on a pair, token -> WETH on a V3 pool; the token stops at this contract. Calldata: amount in, token amount.
contract BareV2V3ThroughRouter is BareLoop {
    address private immutable _pair;
    address private immutable _pool;

    constructor(address weth, address token, address pair, address pool) BareLoop(weth, token) {
        (_pair, _pool) = (pair, pool);
    }

    fallback() external {
        if (msg.sender == _pool) {
            _transfer(_token, _pool, _callbackWord());
            return;
        }
        uint256 amountToken = _amount(1);
        _transfer(_weth, _pair, _amount(0));
        _swapPair(_pair, 1 - _wethIsToken0, amountToken, address(this));
        _swapPool(_pool, 1 - _wethIsToken0, amountToken, amountToken);
    }
}

/// @dev The same loop; the pair sends the token straight to the pool inside its callback. Calldata: amount in, token amount.
contract BareV2V3PoolToPool is BareLoop {
    address private immutable _pair;
    address private immutable _pool;

    constructor(address weth, address token, address pair, address pool) BareLoop(weth, token) {
        (_pair, _pool) = (pair, pool);
    }

    fallback() external {
        if (msg.sender == _pool) {
            uint256 word = _callbackWord();
            _transfer(_weth, _pair, word >> 128);
            _swapPair(_pair, 1 - _wethIsToken0, uint128(word), _pool);
            return;
        }
        _swapPool(_pool, 1 - _wethIsToken0, _amount(1), (_amount(0) << 128) | _amount(1));
    }
}

/// @dev WETH -> token -> WETH on two pairs; the token stops at this contract. Calldata: amount in, token amount, amount out.
contract BareV2V2ThroughRouter is BareLoop {
    address private immutable _first;
    address private immutable _second;

    constructor(address weth, address token, address first, address second) BareLoop(weth, token) {
        (_first, _second) = (first, second);
    }

    fallback() external {
        _transfer(_weth, _first, _amount(0));
        _swapPair(_first, 1 - _wethIsToken0, _amount(1), address(this));
        _transfer(_token, _second, _amount(1));
        _swapPair(_second, _wethIsToken0, _amount(2), address(this));
    }
}

/// @dev The same loop; the first pair sends the token straight to the second. Calldata: amount in, token amount, amount out.
contract BareV2V2PoolToPool is BareLoop {
    address private immutable _first;
    address private immutable _second;

    constructor(address weth, address token, address first, address second) BareLoop(weth, token) {
        (_first, _second) = (first, second);
    }

    fallback() external {
        _transfer(_weth, _first, _amount(0));
        _swapPair(_first, 1 - _wethIsToken0, _amount(1), _second);
        _swapPair(_second, _wethIsToken0, _amount(2), address(this));
    }
}
