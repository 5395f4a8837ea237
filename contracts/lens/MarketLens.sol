// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

import {BalancerV2Lens} from "./BalancerV2Lens.sol";
import {BalancerV3Lens} from "./BalancerV3Lens.sol";
import {CurveLens} from "./CurveLens.sol";
import {ERC4626Lens} from "./ERC4626Lens.sol";
import {SolidlyLens} from "./SolidlyLens.sol";
import {UniswapV2Lens} from "./UniswapV2Lens.sol";
import {UniswapV3Lens} from "./UniswapV3Lens.sol";
import {UniswapV4Lens} from "./UniswapV4Lens.sol";

/// @notice Reads the state of any number of pools of any venues in one call.
/// @dev Never deployed: its code is lent to an address for the length of one `eth_call`, or created in one by MarketLensOnce.
contract MarketLens {
    error UnknownKind(uint256 kind);

    uint256 private constant _HEADER_BYTES = 3;

    /// @param requests One after another: kind of venue (1 byte), length (2), request of that venue's lens.
    /// @return answers In the same order: 1 or 0 for a pool that answered or not (1 byte), length (3), answer of that venue's lens.
    /// @dev A pool that reverts, or uses up its share of the gas, spoils no other pool's answer.
    function read(bytes calldata requests) external view returns (bytes memory answers) {
        uint256 left = _count(requests);
        bytes[] memory parts = new bytes[](left);
        uint256 total;
        for (uint256 i; left != 0; --left) {
            uint256 next = _HEADER_BYTES + _length(requests);
            // What earlier pools did not need is there for the later ones.
            try this.readOne{gas: gasleft() / left}(uint8(requests[0]), requests[_HEADER_BYTES:next]) returns (bytes memory answer) {
                parts[i] = abi.encodePacked(uint8(1), uint24(answer.length), answer);
            } catch {
                parts[i] = abi.encodePacked(uint8(0), uint24(0));
            }
            total += parts[i++].length;
            requests = requests[next:];
        }
        return _joined(parts, total);
    }

    /// @notice One pool's answer. Reverts where the pool does not answer as one of its kind.
    function readOne(uint256 kind, bytes calldata request) external view returns (bytes memory answer) {
        if (kind == 1) return UniswapV2Lens.read(request);
        if (kind == 2) return UniswapV3Lens.read(request);
        if (kind == 3) return UniswapV4Lens.read(request);
        if (kind == 4) return SolidlyLens.read(request);
        if (kind == 5) return CurveLens.read(request);
        if (kind == 6) return BalancerV2Lens.read(request);
        if (kind == 7) return BalancerV3Lens.read(request);
        if (kind == 8) return ERC4626Lens.read(request);
        revert UnknownKind(kind);
    }

    function _count(bytes calldata requests) private pure returns (uint256 count) {
        for (; requests.length != 0; ++count) {
            requests = requests[_HEADER_BYTES + _length(requests):];
        }
    }

    function _length(bytes calldata requests) private pure returns (uint256) {
        return uint16(bytes2(requests[1:_HEADER_BYTES]));
    }

    function _joined(bytes[] memory parts, uint256 total) private pure returns (bytes memory joined) {
        joined = new bytes(total);
        uint256 at;
        for (uint256 i; i < parts.length; ++i) {
            bytes memory part = parts[i];
            // joined[at : at + part.length] = part
            assembly ("memory-safe") {
                mcopy(add(add(joined, 0x20), at), add(part, 0x20), mload(part))
            }
            at += part.length;
        }
    }
}
