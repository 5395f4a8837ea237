// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

/// @notice Numbers of the plan format.
/// @dev Generated from executor/plan/format.py by `make generate`; a test compares the two.
library PlanFormat {
    /// Header flags: index of the settlement token.
    uint256 internal constant HEADER_SETTLEMENT_MASK = 0x07;
    /// Header flags: a maximum block follows.
    uint256 internal constant HEADER_MAX_BLOCK = 0x08;
    /// Header flags: all that have a meaning.
    uint256 internal constant HEADER_KNOWN_FLAGS = 0x0f;
    /// Length of a header without optional fields.
    uint256 internal constant HEADER_BYTES = 0x11;
    /// Length of the part that all pool steps share.
    uint256 internal constant POOL_STEP_BYTES = 0x17;
    /// Width of a block number.
    uint256 internal constant MAX_BLOCK_BYTES = 0x04;
    /// Width of an address or a price limit.
    uint256 internal constant ADDRESS_BYTES = 0x14;
    /// Width of an amount or a cap.
    uint256 internal constant AMOUNT_BYTES = 0x10;
    /// Width of a literal V2 output.
    uint256 internal constant V2_OUTPUT_BYTES = 0x0e;
    /// Width of a continuation's length.
    uint256 internal constant LENGTH_BYTES = 0x02;
    /// Opcode bit: token0 goes in.
    uint256 internal constant ZERO_FOR_ONE = 0x01;
    /// Opcode: uniswap v2 swap.
    uint256 internal constant UNISWAP_V2_SWAP = 0x10;
    /// Opcode: uniswap v2 flash swap.
    uint256 internal constant UNISWAP_V2_FLASH_SWAP = 0x12;
    /// Opcode: uniswap v2 quote.
    uint256 internal constant UNISWAP_V2_QUOTE = 0x14;
    /// Opcode: uniswap v3 swap.
    uint256 internal constant UNISWAP_V3_SWAP = 0x20;
    /// Opcode: track.
    uint256 internal constant TRACK = 0x40;
    /// Opcode: aave v3 loan.
    uint256 internal constant AAVE_V3_LOAN = 0x60;
    /// Opcode: balancer v2 loan.
    uint256 internal constant BALANCER_V2_LOAN = 0x62;
    /// Flags: who pays.
    uint256 internal constant PAYER_SHIFT = 0x02;
    /// Flags: who pays.
    uint256 internal constant PAYER_MASK = 0x0c;
    /// Payer: none.
    uint256 internal constant PAYER_NONE = 0x00;
    /// Payer: settlement.
    uint256 internal constant PAYER_SETTLEMENT = 0x01;
    /// Payer: tracked.
    uint256 internal constant PAYER_TRACKED = 0x02;
    /// Flags: who receives.
    uint256 internal constant RECIPIENT_SHIFT = 0x04;
    /// Flags: who receives.
    uint256 internal constant RECIPIENT_MASK = 0x30;
    /// Recipient: router.
    uint256 internal constant RECIPIENT_ROUTER = 0x00;
    /// Recipient: caller.
    uint256 internal constant RECIPIENT_CALLER = 0x01;
    /// Recipient: next pool.
    uint256 internal constant RECIPIENT_NEXT_POOL = 0x02;
    /// Recipient: explicit.
    uint256 internal constant RECIPIENT_EXPLICIT = 0x03;
    /// V2 flags: the input is what the last step gave.
    uint256 internal constant V2_AMOUNT_LAST = 0x01;
    /// V2 flags: the input is what really arrived at the pair.
    uint256 internal constant V2_MEASURED = 0x02;
    /// V2 flags: how the output is known.
    uint256 internal constant V2_OUTPUT_SHIFT = 0x06;
    /// V2 output: literal.
    uint256 internal constant V2_OUTPUT_LITERAL = 0x00;
    /// V2 output: computed.
    uint256 internal constant V2_OUTPUT_COMPUTED = 0x01;
    /// V2 output: owed.
    uint256 internal constant V2_OUTPUT_OWED = 0x02;
    /// V3 flags: what the amount is.
    uint256 internal constant V3_AMOUNT_MASK = 0x03;
    /// V3 amount: exact in.
    uint256 internal constant V3_EXACT_IN = 0x00;
    /// V3 amount: exact in last.
    uint256 internal constant V3_EXACT_IN_LAST = 0x01;
    /// V3 amount: exact out owed.
    uint256 internal constant V3_EXACT_OUT_OWED = 0x02;
    /// V3 amount: exact out.
    uint256 internal constant V3_EXACT_OUT = 0x03;
    /// V3 flags: a price limit follows.
    uint256 internal constant V3_PRICE_LIMIT = 0x40;
    /// V3 flags: a continuation follows.
    uint256 internal constant V3_CONTINUATION = 0x80;
    /// V3 callback: uniswap.
    uint256 internal constant V3_CALLBACK_UNISWAP = 0x00;
    /// V3 callback: pancake.
    uint256 internal constant V3_CALLBACK_PANCAKE = 0x01;
}
