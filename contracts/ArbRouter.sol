// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

import {Frame} from "./base/Frame.sol";
import {Payments} from "./base/Payments.sol";
import {PlanFormat as Plan} from "./base/PlanFormat.sol";
import {PlanReader as Read} from "./base/PlanReader.sol";
import {ProfitRule} from "./base/ProfitRule.sol";
import {Rescue} from "./base/Rescue.sol";
import {Roles} from "./base/Roles.sol";
import {SettlementTokens} from "./base/SettlementTokens.sol";
import {AaveV3Lender} from "./lenders/AaveV3Lender.sol";
import {BalancerV2Lender} from "./lenders/BalancerV2Lender.sol";
import {UniswapV2Venue} from "./venues/UniswapV2Venue.sol";
import {UniswapV3Venue} from "./venues/UniswapV3Venue.sol";

/// @title Atomic arbitrage router and flash-loan receiver
/// @notice One call borrows if it must, walks the route, repays, and reverts unless the promised profit is really there.
/// @dev Holds its own inventory and pulls from no wallet: never approve anything to it, an allowance to it can only be lost sight of.
contract ArbRouter is SettlementTokens, Rescue, UniswapV2Venue, UniswapV3Venue, AaveV3Lender, BalancerV2Lender {
    /// @notice The block's time is past the plan's deadline.
    error DeadlinePassed(uint256 timestamp, uint256 deadline);
    /// @notice The block is past the last one that the plan allows.
    error BlockPassed(uint256 blockNumber, uint256 maximumBlock);
    /// @notice The header sets flags that have no meaning.
    error UnknownHeader(uint256 flags);

    /// @dev What is fixed for a chain at deployment. A zero lender is one that the chain lacks.
    struct Constants {
        address[4] settlementTokens;
        address aaveV3Pool;
        address balancerV2Vault;
    }

    constructor(address initialOwner, Constants memory constants)
        Roles(initialOwner)
        SettlementTokens(constants.settlementTokens)
        AaveV3Lender(constants.aaveV3Pool)
        BalancerV2Lender(constants.balancerV2Vault)
    {}

    /// @notice Runs the packed plan that follows the four selector bytes.
    /// @return profit How much the settlement-token balance rose, in its smallest unit.
    function execute() external onlyOperator onlyOnce returns (uint256 profit) {
        (Frame memory frame, uint256 minimum) = _readHeader();
        uint256 balanceBefore = Payments.balanceOf(frame.settlement, address(this));
        _run(frame);
        return ProfitRule.enforce(frame.settlement, balanceBefore, minimum);
    }

    /// @notice The version of the plan format and of the rules that this code keeps.
    function version() external pure returns (string memory) {
        return "1";
    }

    /// @dev Guards first: nothing has moved, and little gas is spent, when they fail.
    function _readHeader() private view returns (Frame memory frame, uint256 minimum) {
        uint256 head = Read.word(4);
        uint256 flags = head >> 248;
        if (flags & ~Plan.HEADER_KNOWN_FLAGS != 0) revert UnknownHeader(flags);
        uint256 deadline = (head >> 216) & type(uint32).max;
        if (block.timestamp > deadline) revert DeadlinePassed(block.timestamp, deadline);
        minimum = (head >> 120) & type(uint96).max;
        uint256 at = 4 + Plan.HEADER_BYTES;
        if (flags & Plan.HEADER_MAX_BLOCK != 0) {
            uint256 maximumBlock = Read.u32(at);
            if (block.number > maximumBlock) revert BlockPassed(block.number, maximumBlock);
            at = Read.skip(at, Plan.MAX_BLOCK_BYTES);
        }
        frame.cursor = at;
        frame.end = msg.data.length;
        frame.settlement = _settlementToken(flags & Plan.HEADER_SETTLEMENT_MASK);
    }

    /// @dev One step after the other. Pool steps carry the direction in the lowest bit of their opcode.
    function _run(Frame memory frame) internal override {
        while (frame.cursor < frame.end) {
            uint256 opcode = Read.u8(frame.cursor);
            uint256 step = opcode & ~Plan.ZERO_FOR_ONE;
            if (step == Plan.UNISWAP_V3_SWAP) _uniswapV3Swap(frame);
            else if (step == Plan.UNISWAP_V2_SWAP) _uniswapV2Swap(frame);
            else if (step == Plan.UNISWAP_V2_QUOTE) _uniswapV2Quote(frame);
            else if (step == Plan.UNISWAP_V2_FLASH_SWAP) _uniswapV2FlashSwap(frame);
            else if (opcode == Plan.TRACK) _track(frame);
            else if (opcode == Plan.AAVE_V3_LOAN) _aaveV3Loan(frame);
            else if (opcode == Plan.BALANCER_V2_LOAN) _balancerV2Loan(frame);
            else revert Read.UnknownStep(opcode, 0);
        }
        Read.requireWithin(frame.cursor, frame.end);
    }

    /// @dev Runs the steps inside with one more token that may be paid; the router must not end with less of it.
    function _track(Frame memory frame) private {
        uint256 tokenAt = Read.skip(frame.cursor, 1);
        uint256 lengthAt = Read.skip(tokenAt, Plan.ADDRESS_BYTES);
        uint256 start = Read.skip(lengthAt, Plan.LENGTH_BYTES);
        uint256 end = Read.skip(start, Read.u16(lengthAt));
        address token = Read.addr(tokenAt);
        uint256 outerEnd = frame.end;
        Read.requireWithin(end, outerEnd);
        uint256 balanceBefore = _startTracking(token);
        (frame.cursor, frame.end) = (start, end);
        _run(frame);
        frame.end = outerEnd;
        _endTracking(token, balanceBefore);
    }
}
