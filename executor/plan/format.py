"""The one definition of the router's byte format: opcodes, bit fields, widths.

`contracts/base/PlanFormat.sol` is generated from this module (`make generate`), and a test compares the two.
A plan is what follows the four selector bytes of `execute()`:

    header, then steps; a step may hold steps of its own (its continuation), which run inside its callback.
"""

from dataclasses import dataclass
from enum import IntEnum

from eth_hash.auto import keccak

SELECTOR = keccak(b"execute()")[:4]

# Header: flags, deadline, minimum profit, maximum block (only with HEADER_MAX_BLOCK).
HEADER_SETTLEMENT_MASK = 0x07
HEADER_MAX_BLOCK = 0x08
HEADER_KNOWN_FLAGS = HEADER_SETTLEMENT_MASK | HEADER_MAX_BLOCK
DEADLINE_BYTES = 4
MINIMUM_PROFIT_BYTES = 12
MAX_BLOCK_BYTES = 4
HEADER_BYTES = 1 + DEADLINE_BYTES + MINIMUM_PROFIT_BYTES
OWNER_SET_SETTLEMENT_INDEX = 4

# Fields of steps.
ADDRESS_BYTES = 20
AMOUNT_BYTES = 16
V2_OUTPUT_BYTES = 14
LENGTH_BYTES = 2
POOL_STEP_BYTES = 3 + ADDRESS_BYTES


class Opcode(IntEnum):
    """The first byte of a step. Pool steps carry `zeroForOne` in its lowest bit."""

    UNISWAP_V2_SWAP = 0x10
    UNISWAP_V2_FLASH_SWAP = 0x12
    UNISWAP_V2_QUOTE = 0x14
    UNISWAP_V3_SWAP = 0x20
    TRACK = 0x40
    AAVE_V3_LOAN = 0x60
    BALANCER_V2_LOAN = 0x62


ZERO_FOR_ONE = 0x01

POOL_OPCODES = frozenset(
    {Opcode.UNISWAP_V2_SWAP, Opcode.UNISWAP_V2_FLASH_SWAP, Opcode.UNISWAP_V2_QUOTE, Opcode.UNISWAP_V3_SWAP}
)


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
        Constant("HEADER_MAX_BLOCK", HEADER_MAX_BLOCK, "Header flags: a maximum block follows."),
        Constant("HEADER_KNOWN_FLAGS", HEADER_KNOWN_FLAGS, "Header flags: all that have a meaning."),
        Constant("HEADER_BYTES", HEADER_BYTES, "Length of a header without optional fields."),
        Constant("POOL_STEP_BYTES", POOL_STEP_BYTES, "Length of the part that all pool steps share."),
        Constant("MAX_BLOCK_BYTES", MAX_BLOCK_BYTES, "Width of a block number."),
        Constant("ADDRESS_BYTES", ADDRESS_BYTES, "Width of an address or a price limit."),
        Constant("AMOUNT_BYTES", AMOUNT_BYTES, "Width of an amount or a cap."),
        Constant("V2_OUTPUT_BYTES", V2_OUTPUT_BYTES, "Width of a literal V2 output."),
        Constant("LENGTH_BYTES", LENGTH_BYTES, "Width of a continuation's length."),
        Constant("ZERO_FOR_ONE", ZERO_FOR_ONE, "Opcode bit: token0 goes in."),
    ]
    rows += [Constant(op.name, op.value, f"Opcode: {op.name.lower().replace('_', ' ')}.") for op in Opcode]
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
