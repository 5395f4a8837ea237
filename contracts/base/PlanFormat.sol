// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

/// @notice Numbers of the plan format.
/// @dev Generated from executor/plan/format.py by `make generate`; a test compares the two.
library PlanFormat {
    /// Header flags: index of the settlement token.
    uint256 internal constant HEADER_SETTLEMENT_MASK = 0x07;
    /// Header flags: guards follow.
    uint256 internal constant HEADER_GUARDED = 0x08;
    /// Header flags: a tip follows.
    uint256 internal constant HEADER_TIP = 0x10;
    /// Header flags: all that have a meaning.
    uint256 internal constant HEADER_KNOWN_FLAGS = 0x1f;
    /// Length of a header without optional fields.
    uint256 internal constant HEADER_BYTES = 0x11;
    /// Length of the part that all pool steps share.
    uint256 internal constant POOL_STEP_BYTES = 0x17;
    /// Tip flags: the receiver follows.
    uint256 internal constant TIP_RECEIVER = 0x01;
    /// Width of a tip's share in basis points.
    uint256 internal constant TIP_SHARE_BYTES = 0x02;
    /// Width of a tip's fixed part.
    uint256 internal constant TIP_FIXED_BYTES = 0x0c;
    /// Length of a tip without its receiver.
    uint256 internal constant TIP_BYTES = 0x0f;
    /// Width of a block number.
    uint256 internal constant BLOCK_BYTES = 0x04;
    /// Width of a hash or a pool id.
    uint256 internal constant HASH_BYTES = 0x20;
    /// Width of a base fee in wei per gas.
    uint256 internal constant BASE_FEE_BYTES = 0x08;
    /// Width of a tolerance in millionths.
    uint256 internal constant TOLERANCE_BYTES = 0x03;
    /// Width of a fee or a tick spacing in a V4 pool key.
    uint256 internal constant FEE_BYTES = 0x03;
    /// Width of a Balancer V2 pool id behind its address.
    uint256 internal constant POOL_ID_TAIL_BYTES = 0x0c;
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
    /// Guard: max block.
    uint256 internal constant GUARD_MAX_BLOCK = 0x01;
    /// Guard: exact block.
    uint256 internal constant GUARD_EXACT_BLOCK = 0x02;
    /// Guard: parent hash.
    uint256 internal constant GUARD_PARENT_HASH = 0x03;
    /// Guard: base fee.
    uint256 internal constant GUARD_BASE_FEE = 0x04;
    /// Guard: v2 reserves.
    uint256 internal constant GUARD_V2_RESERVES = 0x05;
    /// Guard: v3 price.
    uint256 internal constant GUARD_V3_PRICE = 0x06;
    /// Guard: algebra price.
    uint256 internal constant GUARD_ALGEBRA_PRICE = 0x07;
    /// Guard: v4 price.
    uint256 internal constant GUARD_V4_PRICE = 0x08;
    /// Opcode: uniswap v2 swap.
    uint256 internal constant UNISWAP_V2_SWAP = 0x10;
    /// Opcode: uniswap v2 flash swap.
    uint256 internal constant UNISWAP_V2_FLASH_SWAP = 0x12;
    /// Opcode: uniswap v2 quote.
    uint256 internal constant UNISWAP_V2_QUOTE = 0x14;
    /// Opcode: uniswap v3 swap.
    uint256 internal constant UNISWAP_V3_SWAP = 0x20;
    /// Opcode: solidly swap.
    uint256 internal constant SOLIDLY_SWAP = 0x30;
    /// Opcode: solidly quote.
    uint256 internal constant SOLIDLY_QUOTE = 0x32;
    /// Opcode: track.
    uint256 internal constant TRACK = 0x40;
    /// Opcode: measure.
    uint256 internal constant MEASURE = 0x42;
    /// Opcode: wrap native.
    uint256 internal constant WRAP_NATIVE = 0x50;
    /// Opcode: unwrap native.
    uint256 internal constant UNWRAP_NATIVE = 0x52;
    /// Opcode: erc4626 deposit.
    uint256 internal constant ERC4626_DEPOSIT = 0x54;
    /// Opcode: erc4626 redeem.
    uint256 internal constant ERC4626_REDEEM = 0x56;
    /// Opcode: curve exchange.
    uint256 internal constant CURVE_EXCHANGE = 0x58;
    /// Opcode: balancer v2 swap.
    uint256 internal constant BALANCER_V2_SWAP = 0x5a;
    /// Opcode: aave v3 loan.
    uint256 internal constant AAVE_V3_LOAN = 0x60;
    /// Opcode: balancer v2 loan.
    uint256 internal constant BALANCER_V2_LOAN = 0x62;
    /// Opcode: morpho blue loan.
    uint256 internal constant MORPHO_BLUE_LOAN = 0x64;
    /// Opcode: erc3156 loan.
    uint256 internal constant ERC3156_LOAN = 0x66;
    /// Opcode: uniswap v4 loan.
    uint256 internal constant UNISWAP_V4_LOAN = 0x68;
    /// Opcode: balancer v3 loan.
    uint256 internal constant BALANCER_V3_LOAN = 0x6a;
    /// Opcode: uniswap v3 loan.
    uint256 internal constant UNISWAP_V3_LOAN = 0x6c;
    /// Opcode: uniswap v2 loan.
    uint256 internal constant UNISWAP_V2_LOAN = 0x6e;
    /// Opcode: uniswap v4 unlock.
    uint256 internal constant UNISWAP_V4_UNLOCK = 0x70;
    /// Opcode: uniswap v4 swap.
    uint256 internal constant UNISWAP_V4_SWAP = 0x72;
    /// Opcode: uniswap v4 take.
    uint256 internal constant UNISWAP_V4_TAKE = 0x74;
    /// Opcode: uniswap v4 settle.
    uint256 internal constant UNISWAP_V4_SETTLE = 0x76;
    /// Opcode: balancer v3 unlock.
    uint256 internal constant BALANCER_V3_UNLOCK = 0x80;
    /// Opcode: balancer v3 swap.
    uint256 internal constant BALANCER_V3_SWAP = 0x82;
    /// Opcode: balancer v3 send.
    uint256 internal constant BALANCER_V3_SEND = 0x84;
    /// Opcode: balancer v3 settle.
    uint256 internal constant BALANCER_V3_SETTLE = 0x86;
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
    /// Flags: the amount is what the last step gave.
    uint256 internal constant AMOUNT_LAST = 0x01;
    /// Measure: balance.
    uint256 internal constant MEASURE_BALANCE = 0x00;
    /// Measure: surplus.
    uint256 internal constant MEASURE_SURPLUS = 0x01;
    /// Curve: the pool's indexes are uint256, not int128.
    uint256 internal constant CURVE_UINT256_INDEXES = 0x01;
    /// Curve: the input is the chain's own coin.
    uint256 internal constant CURVE_NATIVE_IN = 0x02;
    /// Loan flags: of a tracked token, which follows.
    uint256 internal constant LOAN_TRACKED = 0x01;
    /// Loan flags: which of the lender's kind.
    uint256 internal constant LOAN_VARIANT_SHIFT = 0x04;
    /// Loan flags: which of the lender's kind.
    uint256 internal constant LOAN_VARIANT_MASK = 0xf0;
    /// Aave V3 market: aave.
    uint256 internal constant AAVE_V3_MARKET_AAVE = 0x00;
    /// Aave V3 market: spark.
    uint256 internal constant AAVE_V3_MARKET_SPARK = 0x01;
    /// Variant of a pool's loan: token1 is borrowed.
    uint256 internal constant POOL_LOAN_TOKEN1 = 0x01;
    /// Variant of a pool's loan: its callback.
    uint256 internal constant POOL_LOAN_CALLBACK_SHIFT = 0x01;
    /// V2 callback: uniswap.
    uint256 internal constant V2_CALLBACK_UNISWAP = 0x00;
    /// V2 callback: pancake.
    uint256 internal constant V2_CALLBACK_PANCAKE = 0x01;
    /// V2 callback: solidly.
    uint256 internal constant V2_CALLBACK_SOLIDLY = 0x02;
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
    /// V3 callback: algebra.
    uint256 internal constant V3_CALLBACK_ALGEBRA = 0x02;
    /// V3 callback: solidly.
    uint256 internal constant V3_CALLBACK_SOLIDLY = 0x03;
}
