// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

/// @dev The floor: what the pools themselves cost. Addresses are immutable, directions are fixed (the settlement token is token0 of each
/// pool that it is in, and every later hop goes from token1 to token0), amounts come packed in calldata (16 bytes each), and nothing is
/// checked: anyone can call, any caller is paid, no call's success is looked at, no profit is asked for. Only for measuring.
abstract contract BareLoop {
    uint256 internal constant AMOUNT_BYTES = 16;

    address internal immutable _weth;
    address internal immutable _token;
    address internal immutable _first;
    address internal immutable _second;
    address internal immutable _third;

    constructor(address weth, address token, address[3] memory pools) {
        (_weth, _token) = (weth, token);
        (_first, _second, _third) = (pools[0], pools[1], pools[2]);
    }

    function _transfer(address token, address to, uint256 amount) internal {
        // token.transfer(to, amount)
        assembly {
            mstore(0x80, 0xa9059cbb00000000000000000000000000000000000000000000000000000000)
            mstore(0x84, to)
            mstore(0xa4, amount)
            pop(call(gas(), token, 0, 0x80, 0x44, 0, 0))
        }
    }

    function _swapPair(address pair, uint256 amount0Out, uint256 amount1Out, address to) internal {
        // pair.swap(amount0Out, amount1Out, to, "")
        assembly {
            mstore(0x80, 0x022c0d9f00000000000000000000000000000000000000000000000000000000)
            mstore(0x84, amount0Out)
            mstore(0xa4, amount1Out)
            mstore(0xc4, to)
            mstore(0xe4, 0x80)
            mstore(0x104, 0)
            pop(call(gas(), pair, 0, 0x80, 0xa4, 0, 0))
        }
    }

    /// @dev Token1 goes in; `word` is all the data of the callback.
    function _swapPool(address pool, address to, uint256 amountIn, uint256 word) internal {
        // pool.swap(to, false, int256(amountIn), the furthest limit, abi.encode(word))
        assembly {
            mstore(0x80, 0x128acb0800000000000000000000000000000000000000000000000000000000)
            mstore(0x84, to)
            mstore(0xa4, 0)
            mstore(0xc4, amountIn)
            mstore(0xe4, 1461446703485210103287273052203988822378723970341)
            mstore(0x104, 0xa0)
            mstore(0x124, 0x20)
            mstore(0x144, word)
            pop(call(gas(), pool, 0, 0x80, 0xe4, 0, 0))
        }
    }

    /// @dev True in the call that starts the loop, false in a callback.
    function _isStart(uint256 amounts) internal pure returns (bool) {
        return msg.data.length == amounts * AMOUNT_BYTES;
    }

    function _amount(uint256 index) internal pure returns (uint256 amount) {
        // amount = uint128(bytes16(msg.data[16 * index:]))
        assembly {
            amount := shr(128, calldataload(mul(index, 16)))
        }
    }

    /// @dev What the pool asks for in its callback: the positive delta of token1.
    function _owed() internal pure returns (uint256 amount) {
        // (, amount) = abi.decode(msg.data[4:], (int256, uint256))
        assembly {
            amount := calldataload(0x24)
        }
    }

    function _callbackWord() internal pure returns (uint256 word) {
        // (,, bytes memory data) = abi.decode(msg.data[4:], (int256, int256, bytes)); word = uint256(bytes32(data))
        assembly {
            word := calldataload(0x84)
        }
    }
}

/// @dev A pair, then a V3 pool; the token stops at this contract. Calldata: amount in, token amount.
contract BareV2V3ThroughRouter is BareLoop {
    constructor(address weth, address token, address[3] memory pools) BareLoop(weth, token, pools) {}

    fallback() external payable {
        if (_isStart(2)) {
            uint256 amountToken = _amount(1);
            _transfer(_weth, _first, _amount(0));
            _swapPair(_first, 0, amountToken, address(this));
            _swapPool(_second, address(this), amountToken, 0);
        } else {
            _transfer(_token, _second, _owed());
        }
    }
}

/// @dev The same loop; the pair sends the token straight to the pool inside its callback. Calldata: amount in, token amount.
contract BareV2V3PoolToPool is BareLoop {
    constructor(address weth, address token, address[3] memory pools) BareLoop(weth, token, pools) {}

    fallback() external payable {
        if (_isStart(2)) {
            _swapPool(_second, address(this), _amount(1), _amount(0));
        } else {
            _transfer(_weth, _first, _callbackWord());
            _swapPair(_first, 0, _owed(), _second);
        }
    }
}

/// @dev A pair, then two V3 pools, each sending straight to the next. Calldata: amount in, amount of each token.
contract BareV2V3V3PoolToPool is BareLoop {
    constructor(address weth, address token, address[3] memory pools) BareLoop(weth, token, pools) {}

    fallback() external payable {
        if (_isStart(3)) {
            _swapPool(_third, address(this), _amount(2), (_amount(0) << 128) | _amount(1));
        } else if (msg.sender == _third) {
            uint256 word = _callbackWord();
            _swapPool(_second, _third, uint128(word), word >> 128);
        } else {
            _transfer(_weth, _first, _callbackWord());
            _swapPair(_first, 0, _owed(), _second);
        }
    }
}

/// @dev Two pairs; the token stops at this contract. Calldata: amount in, token amount, amount out.
contract BareV2V2ThroughRouter is BareLoop {
    constructor(address weth, address token, address[3] memory pools) BareLoop(weth, token, pools) {}

    fallback() external payable {
        uint256 amountToken = _amount(1);
        _transfer(_weth, _first, _amount(0));
        _swapPair(_first, 0, amountToken, address(this));
        _transfer(_token, _second, amountToken);
        _swapPair(_second, _amount(2), 0, address(this));
    }
}

/// @dev The same loop; the first pair sends the token straight to the second. Calldata: amount in, token amount, amount out.
contract BareV2V2PoolToPool is BareLoop {
    constructor(address weth, address token, address[3] memory pools) BareLoop(weth, token, pools) {}

    fallback() external payable {
        _transfer(_weth, _first, _amount(0));
        _swapPair(_first, 0, _amount(1), _second);
        _swapPair(_second, _amount(2), 0, address(this));
    }
}

/// @dev Three pairs, each sending straight to the next. Calldata: amount in, amount of each token, amount out.
contract BareV2V2V2PoolToPool is BareLoop {
    constructor(address weth, address token, address[3] memory pools) BareLoop(weth, token, pools) {}

    fallback() external payable {
        _transfer(_weth, _first, _amount(0));
        _swapPair(_first, 0, _amount(1), _second);
        _swapPair(_second, _amount(2), 0, _third);
        _swapPair(_third, _amount(3), 0, address(this));
    }
}
