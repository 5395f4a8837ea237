"""The one definition of the router's byte format: opcodes, bit fields, widths.

`PlanFormat.sol` and `ExtensionFormat.sol` in `contracts/base` are generated from this module (`make
generate`), and a test compares them.
A plan is what follows the four selector bytes of `execute()`:

    header, tip, guards, then steps; a step may hold steps of its own (its continuation), which run inside its
    callback.
"""

from dataclasses import dataclass
from enum import IntEnum

from eth_hash.auto import keccak

SELECTOR = keccak(b"execute()")[:4]

# Header: flags, deadline, minimum profit; then the tip (only with HEADER_TIP), then the guards (only with
# HEADER_GUARDED, behind their length in bytes).
HEADER_SETTLEMENT_MASK = 0x07
HEADER_GUARDED = 0x08
HEADER_TIP = 0x10
HEADER_KNOWN_FLAGS = HEADER_SETTLEMENT_MASK | HEADER_GUARDED | HEADER_TIP
DEADLINE_BYTES = 4
MINIMUM_PROFIT_BYTES = 12
HEADER_BYTES = 1 + DEADLINE_BYTES + MINIMUM_PROFIT_BYTES
OWNER_SET_SETTLEMENT_INDEX = 4

# Tip: flags, share of the realised profit in basis points, fixed part, receiver (only with TIP_RECEIVER).
TIP_RECEIVER = 0x01
TIP_SHARE_BYTES = 2
TIP_FIXED_BYTES = 12
TIP_BYTES = 1 + TIP_SHARE_BYTES + TIP_FIXED_BYTES

# Fields of guards and steps.
ADDRESS_BYTES = 20
AMOUNT_BYTES = 16
V2_OUTPUT_BYTES = 14
LENGTH_BYTES = 2
POOL_STEP_BYTES = 3 + ADDRESS_BYTES
BLOCK_BYTES = 4
HASH_BYTES = 32
BASE_FEE_BYTES = 8
TOLERANCE_BYTES = 3
FEE_BYTES = 3
POOL_ID_TAIL_BYTES = 12


class Guard(IntEnum):
    """The first byte of a guard: what must hold before the first token moves."""

    MAX_BLOCK = 1
    EXACT_BLOCK = 2
    PARENT_HASH = 3
    BASE_FEE = 4
    V2_RESERVES = 5
    V3_PRICE = 6
    ALGEBRA_PRICE = 7
    V4_PRICE = 8


class Opcode(IntEnum):
    """The first byte of a step. Steps of two-token pools carry `zeroForOne` in its lowest bit."""

    UNISWAP_V2_SWAP = 0x10
    UNISWAP_V2_FLASH_SWAP = 0x12
    UNISWAP_V2_QUOTE = 0x14
    UNISWAP_V3_SWAP = 0x20
    SOLIDLY_SWAP = 0x30
    SOLIDLY_QUOTE = 0x32
    TRACK = 0x40
    MEASURE = 0x42
    WRAP_NATIVE = 0x50
    UNWRAP_NATIVE = 0x52
    ERC4626_DEPOSIT = 0x54
    ERC4626_REDEEM = 0x56
    CURVE_EXCHANGE = 0x58
    BALANCER_V2_SWAP = 0x5A
    MAKER_PSM_SWAP = 0x5C
    DODO_V2_SWAP = 0x5E
    AAVE_V3_LOAN = 0x60
    BALANCER_V2_LOAN = 0x62
    MORPHO_BLUE_LOAN = 0x64
    ERC3156_LOAN = 0x66
    UNISWAP_V4_LOAN = 0x68
    BALANCER_V3_LOAN = 0x6A
    UNISWAP_V3_LOAN = 0x6C
    UNISWAP_V2_LOAN = 0x6E
    UNISWAP_V4_UNLOCK = 0x70
    UNISWAP_V4_SWAP = 0x72
    UNISWAP_V4_TAKE = 0x74
    UNISWAP_V4_SETTLE = 0x76
    BALANCER_V3_UNLOCK = 0x80
    BALANCER_V3_SWAP = 0x82
    BALANCER_V3_SEND = 0x84
    BALANCER_V3_SETTLE = 0x86


ZERO_FOR_ONE = 0x01

POOL_OPCODES = frozenset(
    {Opcode.UNISWAP_V2_SWAP, Opcode.UNISWAP_V2_FLASH_SWAP, Opcode.UNISWAP_V2_QUOTE, Opcode.UNISWAP_V3_SWAP}
)

EXTENSION_OPCODES = frozenset({Opcode.MAKER_PSM_SWAP, Opcode.DODO_V2_SWAP})
"""Steps of the router's extension whose numbers stand in a Solidity file that the router does not import: the
compiler numbers what it reads, and one constant more would have it write other code for the router.
"""

# Every step other than of V2 and V3 pools: the amount is what the last step gave (else 16 bytes follow).
AMOUNT_LAST = 0x01


class Payer(IntEnum):
    """Who brings a hop's input (bits 2-3 of a swap step's flags)."""

    NONE = 0
    SETTLEMENT = 1
    TRACKED = 2


PAYER_SHIFT = 2
PAYER_MASK = 0x0C


class Recipient(IntEnum):
    """Where a hop's output goes (bits 4-5 of a swap step's flags)."""

    ROUTER = 0
    CALLER = 1
    NEXT_POOL = 2
    EXPLICIT = 3


RECIPIENT_SHIFT = 4
RECIPIENT_MASK = 0x30

# Uniswap V2 shape: flags.
V2_AMOUNT_LAST = 0x01
V2_MEASURED = 0x02


class V2Output(IntEnum):
    """How the output of a V2 hop is known (bits 6-7)."""

    LITERAL = 0
    COMPUTED = 1
    OWED = 2


V2_OUTPUT_SHIFT = 6
V2_OUTPUT_MASK = 0xC0


class V3Amount(IntEnum):
    """What the amount of a V3 hop is (bits 0-1)."""

    EXACT_IN = 0
    EXACT_IN_LAST = 1
    EXACT_OUT_OWED = 2
    EXACT_OUT = 3


V3_AMOUNT_MASK = 0x03
V3_PRICE_LIMIT = 0x40
V3_CONTINUATION = 0x80


class V3CallbackKind(IntEnum):
    """Which callback the pool calls (the byte before the pool)."""

    UNISWAP = 0
    PANCAKE = 1
    ALGEBRA = 2
    SOLIDLY = 3


class Measure(IntEnum):
    """What a MEASURE step makes the last amount (the byte behind its opcode)."""

    BALANCE = 0
    SURPLUS = 1


# Curve: bits of the byte before the pool.
CURVE_UINT256_INDEXES = 0x01
CURVE_NATIVE_IN = 0x02

# Maker's peg stability modules: bits of the byte before the pool.
MAKER_PSM_BUY = 0x01

# Loans: flags.
LOAN_TRACKED = 0x01
LOAN_VARIANT_SHIFT = 4
LOAN_VARIANT_MASK = 0xF0


class AaveV3Market(IntEnum):
    """Which market of the Aave V3 shape lends (the variant of the loan's flags)."""

    AAVE = 0
    SPARK = 1


# Loans of pools: bits of the variant.
POOL_LOAN_TOKEN1 = 0x1
POOL_LOAN_CALLBACK_SHIFT = 1


class V2CallbackKind(IntEnum):
    """Which callback a pair calls."""

    UNISWAP = 0
    PANCAKE = 1
    SOLIDLY = 2


@dataclass(frozen=True, slots=True)
class Constant:
    """One line of the generated Solidity: a constant's name, value and what it is."""

    name: str
    value: int
    notice: str


def solidity_constants() -> tuple[Constant, ...]:
    """Every constant that the contracts need, in the order in which they are written out."""
    rows = [
        Constant(
            "HEADER_SETTLEMENT_MASK", HEADER_SETTLEMENT_MASK, "Header flags: index of the settlement token."
        ),
        Constant("HEADER_GUARDED", HEADER_GUARDED, "Header flags: guards follow."),
        Constant("HEADER_TIP", HEADER_TIP, "Header flags: a tip follows."),
        Constant("HEADER_KNOWN_FLAGS", HEADER_KNOWN_FLAGS, "Header flags: all that have a meaning."),
        Constant("HEADER_BYTES", HEADER_BYTES, "Length of a header without optional fields."),
        Constant("POOL_STEP_BYTES", POOL_STEP_BYTES, "Length of the part that all pool steps share."),
        Constant("TIP_RECEIVER", TIP_RECEIVER, "Tip flags: the receiver follows."),
        Constant("TIP_SHARE_BYTES", TIP_SHARE_BYTES, "Width of a tip's share in basis points."),
        Constant("TIP_FIXED_BYTES", TIP_FIXED_BYTES, "Width of a tip's fixed part."),
        Constant("TIP_BYTES", TIP_BYTES, "Length of a tip without its receiver."),
        Constant("BLOCK_BYTES", BLOCK_BYTES, "Width of a block number."),
        Constant("HASH_BYTES", HASH_BYTES, "Width of a hash or a pool id."),
        Constant("BASE_FEE_BYTES", BASE_FEE_BYTES, "Width of a base fee in wei per gas."),
        Constant("TOLERANCE_BYTES", TOLERANCE_BYTES, "Width of a tolerance in millionths."),
        Constant("FEE_BYTES", FEE_BYTES, "Width of a fee or a tick spacing in a V4 pool key."),
        Constant(
            "POOL_ID_TAIL_BYTES", POOL_ID_TAIL_BYTES, "Width of a Balancer V2 pool id behind its address."
        ),
        Constant("ADDRESS_BYTES", ADDRESS_BYTES, "Width of an address or a price limit."),
        Constant("AMOUNT_BYTES", AMOUNT_BYTES, "Width of an amount or a cap."),
        Constant("V2_OUTPUT_BYTES", V2_OUTPUT_BYTES, "Width of a literal V2 output."),
        Constant("LENGTH_BYTES", LENGTH_BYTES, "Width of a continuation's length."),
        Constant("ZERO_FOR_ONE", ZERO_FOR_ONE, "Opcode bit: token0 goes in."),
    ]
    rows += [
        Constant(f"GUARD_{g.name}", g.value, f"Guard: {g.name.lower().replace('_', ' ')}.") for g in Guard
    ]
    rows += [_opcode(op) for op in Opcode if op not in EXTENSION_OPCODES]
    rows += [
        Constant("PAYER_SHIFT", PAYER_SHIFT, "Flags: who pays."),
        Constant("PAYER_MASK", PAYER_MASK, "Flags: who pays."),
    ]
    rows += [Constant(f"PAYER_{p.name}", p.value, f"Payer: {p.name.lower()}.") for p in Payer]
    rows += [
        Constant("RECIPIENT_SHIFT", RECIPIENT_SHIFT, "Flags: who receives."),
        Constant("RECIPIENT_MASK", RECIPIENT_MASK, "Flags: who receives."),
    ]
    rows += [
        Constant(f"RECIPIENT_{r.name}", r.value, f"Recipient: {r.name.lower().replace('_', ' ')}.")
        for r in Recipient
    ]
    rows += [Constant("AMOUNT_LAST", AMOUNT_LAST, "Flags: the amount is what the last step gave.")]
    rows += [Constant(f"MEASURE_{m.name}", m.value, f"Measure: {m.name.lower()}.") for m in Measure]
    rows += [
        Constant(
            "CURVE_UINT256_INDEXES",
            CURVE_UINT256_INDEXES,
            "Curve: the pool's indexes are uint256, not int128.",
        ),
        Constant("CURVE_NATIVE_IN", CURVE_NATIVE_IN, "Curve: the input is the chain's own coin."),
        Constant("LOAN_TRACKED", LOAN_TRACKED, "Loan flags: of a tracked token, which follows."),
        Constant("LOAN_VARIANT_SHIFT", LOAN_VARIANT_SHIFT, "Loan flags: which of the lender's kind."),
        Constant("LOAN_VARIANT_MASK", LOAN_VARIANT_MASK, "Loan flags: which of the lender's kind."),
    ]
    rows += [
        Constant(f"AAVE_V3_MARKET_{m.name}", m.value, f"Aave V3 market: {m.name.lower()}.")
        for m in AaveV3Market
    ]
    rows += [
        Constant("POOL_LOAN_TOKEN1", POOL_LOAN_TOKEN1, "Variant of a pool's loan: token1 is borrowed."),
        Constant(
            "POOL_LOAN_CALLBACK_SHIFT", POOL_LOAN_CALLBACK_SHIFT, "Variant of a pool's loan: its callback."
        ),
    ]
    rows += [
        Constant(f"V2_CALLBACK_{c.name}", c.value, f"V2 callback: {c.name.lower()}.") for c in V2CallbackKind
    ]
    rows += [
        Constant("V2_AMOUNT_LAST", V2_AMOUNT_LAST, "V2 flags: the input is what the last step gave."),
        Constant("V2_MEASURED", V2_MEASURED, "V2 flags: the input is what really arrived at the pair."),
        Constant("V2_OUTPUT_SHIFT", V2_OUTPUT_SHIFT, "V2 flags: how the output is known."),
    ]
    rows += [Constant(f"V2_OUTPUT_{o.name}", o.value, f"V2 output: {o.name.lower()}.") for o in V2Output]
    rows += [Constant("V3_AMOUNT_MASK", V3_AMOUNT_MASK, "V3 flags: what the amount is.")]
    rows += [
        Constant(f"V3_{a.name}", a.value, f"V3 amount: {a.name.lower().replace('_', ' ')}.") for a in V3Amount
    ]
    rows += [
        Constant("V3_PRICE_LIMIT", V3_PRICE_LIMIT, "V3 flags: a price limit follows."),
        Constant("V3_CONTINUATION", V3_CONTINUATION, "V3 flags: a continuation follows."),
    ]
    rows += [
        Constant(f"V3_CALLBACK_{c.name}", c.value, f"V3 callback: {c.name.lower()}.") for c in V3CallbackKind
    ]
    return tuple(rows)


def extension_constants() -> tuple[Constant, ...]:
    """Every constant that the extension alone needs and that the router's own file does not have."""
    rows = [_opcode(op) for op in Opcode if op in EXTENSION_OPCODES]
    rows += [Constant("MAKER_PSM_BUY", MAKER_PSM_BUY, "Maker's PSM: the gem is bought, not sold.")]
    return tuple(rows)


def _opcode(opcode: Opcode) -> Constant:
    return Constant(opcode.name, opcode.value, f"Opcode: {opcode.name.lower().replace('_', ' ')}.")
