// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

/// @dev Wallet code for accounts that delegate theirs (EIP-7702), of the careless kind: whoever calls the account commands it.
contract CarelessWallet {
    receive() external payable {}

    function run(address target, uint256 value, bytes calldata data) external payable returns (bytes memory answer) {
        bool ok;
        (ok, answer) = target.call{value: value}(data);
        if (ok) return answer;
        assembly {
            revert(add(answer, 0x20), mload(answer))
        }
    }
}

/// @dev Wallet code that calls what it was told to whenever ether comes in.
contract JumpyWallet {
    /// keccak256("jumpy wallet"): where the account keeps what it calls.
    bytes32 private constant _PLACE = 0x6a756d70792077616c6c65740000000000000000000000000000000000000001;

    struct Told {
        address target;
        bytes data;
        uint256 tried;
        uint256 done;
    }

    function tell(address target, bytes calldata data) external {
        Told storage told = _told();
        (told.target, told.data) = (target, data);
    }

    function counts() external view returns (uint256 tried, uint256 done) {
        return (_told().tried, _told().done);
    }

    receive() external payable {
        Told storage told = _told();
        told.tried++;
        (bool ok,) = told.target.call(told.data);
        if (ok) told.done++;
    }

    function run(address target, uint256 value, bytes calldata data) external payable returns (bytes memory answer) {
        bool ok;
        (ok, answer) = target.call{value: value}(data);
        require(ok, "refused");
    }

    function _told() private pure returns (Told storage told) {
        bytes32 place = _PLACE;
        assembly {
            told.slot := place
        }
    }
}
