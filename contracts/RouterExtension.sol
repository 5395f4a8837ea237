// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

import {Constants} from "./base/Constants.sol";
import {ExtensionFormat} from "./base/ExtensionFormat.sol";
import {Frame, FrameAccess} from "./base/Frame.sol";
import {Measuring} from "./base/Measuring.sol";
import {PlanFormat as Plan} from "./base/PlanFormat.sol";
import {PlanReader as Read} from "./base/PlanReader.sol";
import {BalancerV2Venue} from "./venues/BalancerV2Venue.sol";
import {BalancerV3Lock} from "./venues/BalancerV3Lock.sol";
import {BalancerV3Venue} from "./venues/BalancerV3Venue.sol";
import {CurveVenue} from "./venues/CurveVenue.sol";
import {DodoV2Venue} from "./venues/DodoV2Venue.sol";
import {ERC4626Venue} from "./venues/ERC4626Venue.sol";
import {MakerPSMVenue} from "./venues/MakerPSMVenue.sol";
import {SolidlyVenue} from "./venues/SolidlyVenue.sol";
import {UniswapV4Lock} from "./venues/UniswapV4Lock.sol";
import {UniswapV4Venue} from "./venues/UniswapV4Venue.sol";
import {WrappedNativeVenue} from "./venues/WrappedNativeVenue.sol";

/// @title Steps that few routes have
/// @notice The router runs one step here by delegatecall: the code is this contract's, everything else is the router's.
/// @dev Only a running plan of the router gets here; the router's fallback never does. Called directly it has nothing to lose: it holds
/// no tokens, no roles and no allowances, and nobody may give it any.
contract RouterExtension is
    Measuring,
    SolidlyVenue,
    WrappedNativeVenue,
    ERC4626Venue,
    CurveVenue,
    MakerPSMVenue,
    DodoV2Venue,
    BalancerV2Venue,
    UniswapV4Venue,
    BalancerV3Venue
{
    /// @notice This contract was called directly.
    error OnlyByDelegatecall();

    address private immutable _self = address(this);

    /// Where the bytes of the step begin: behind the settlement token, `last` and `owed`.
    uint256 private constant _STEP_AT = 0x60;

    constructor(Constants memory constants)
        WrappedNativeVenue(constants)
        BalancerV2Venue(constants)
        UniswapV4Lock(constants)
        BalancerV3Lock(constants)
    {}

    /// @dev Runs the first step of the bytes behind the three words; returns its length and what it gave.
    fallback() external {
        if (address(this) == _self) revert OnlyByDelegatecall();
        Frame frame = FrameAccess.open(_STEP_AT, msg.data.length, address(uint160(Read.word(0))), Read.word(0x20), Read.word(0x40));
        _step(frame, Read.u8(_STEP_AT));
        Read.requireWithin(frame.cursor(), frame.end());
        uint256 length = frame.cursor() - _STEP_AT;
        uint256 last = frame.last();
        // return abi.encode(length, last)
        assembly ("memory-safe") {
            mstore(0x00, length)
            mstore(0x20, last)
            return(0x00, 0x40)
        }
    }

    function _step(Frame frame, uint256 opcode) private {
        // The lowest bit is the direction.
        if (opcode & ~Plan.ZERO_FOR_ONE == Plan.SOLIDLY_SWAP) _solidlySwap(frame);
        else if (opcode == Plan.SOLIDLY_QUOTE) _solidlyQuote(frame);
        else if (opcode == Plan.MEASURE) _measure(frame);
        else if (opcode == Plan.WRAP_NATIVE) _wrapNative(frame);
        else if (opcode == Plan.UNWRAP_NATIVE) _unwrapNative(frame);
        else if (opcode == Plan.ERC4626_DEPOSIT) _erc4626Deposit(frame);
        else if (opcode == Plan.ERC4626_REDEEM) _erc4626Redeem(frame);
        else if (opcode == Plan.CURVE_EXCHANGE) _curveExchange(frame);
        else if (opcode & ~Plan.ZERO_FOR_ONE == ExtensionFormat.DODO_V2_SWAP) _dodoV2Swap(frame);
        else if (opcode == Plan.BALANCER_V2_SWAP) _balancerV2Swap(frame);
        else if (opcode & ~Plan.ZERO_FOR_ONE == Plan.UNISWAP_V4_SWAP) _uniswapV4Swap(frame);
        else if (opcode == Plan.UNISWAP_V4_TAKE) _uniswapV4Take(frame);
        else if (opcode == Plan.UNISWAP_V4_SETTLE) _uniswapV4Settle(frame);
        else if (opcode == Plan.BALANCER_V3_SWAP) _balancerV3Swap(frame);
        else if (opcode == Plan.BALANCER_V3_SEND) _balancerV3Send(frame);
        else if (opcode == Plan.BALANCER_V3_SETTLE) _balancerV3Settle(frame);
        else if (opcode == ExtensionFormat.MAKER_PSM_SWAP) _makerPSMSwap(frame);
        else revert Read.UnknownStep(opcode, 0);
    }
}
