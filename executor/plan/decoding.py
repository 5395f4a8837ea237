"""Bytes to steps: the mirror of the router's reader. Anything the router would refuse as malformed is a
PlanError here.
"""

from executor.domain.address import Address, to_address
from executor.domain.errors import PlanError
from executor.plan import format as f
from executor.plan.encoding import carries_cap, names_v2_token
from executor.plan.steps import DecodedPlan, Header, Loan, Step, Track, V2FlashSwap, V2Quote, V2Swap, V3Swap


class _Reader:
    """Walks bytes and refuses to walk past `end`."""

    def __init__(self, data: bytes, at: int, end: int) -> None:
        self.data, self.at, self.end = data, at, end

    def take(self, width: int) -> bytes:
        if self.at + width > self.end:
            raise PlanError(
                f"The plan ends at byte {self.end}, a field needs {self.at + width}.",
                fix="copy the whole calldata",
                needed=self.at + width,
                available=self.end,
            )
        self.at += width
        return self.data[self.at - width : self.at]

    def uint(self, width: int) -> int:
        return int.from_bytes(self.take(width), "big")

    def address(self) -> Address:
        return to_address("0x" + self.take(f.ADDRESS_BYTES).hex())

    def require_pool_step(self, at: int) -> None:
        """A hop that sends to the next pool reads it out of the step that starts at `at`."""
        if at + f.POOL_STEP_BYTES > self.end:
            raise PlanError(
                f"The step at byte {at} must name the next pool, but the plan ends at byte {self.end}.",
                fix="copy the whole calldata",
                needed=at + f.POOL_STEP_BYTES,
                available=self.end,
            )

    def steps(self) -> tuple[Step, ...]:
        length = self.uint(f.LENGTH_BYTES)
        if self.at + length > self.end:
            self.take(length)
        inner = _Reader(self.data, self.at, self.at + length)
        self.at += length
        return _steps(inner)


def decode_plan(calldata: bytes) -> DecodedPlan:
    """The plan in `calldata` (with selector). Raises PlanError where the router would call it malformed."""
    if calldata[:4] != f.SELECTOR:
        raise PlanError(
            f"The calldata starts with 0x{calldata[:4].hex()}, not with the selector of execute().",
            fix=f"give calldata that starts with 0x{f.SELECTOR.hex()}",
        )
    reader = _Reader(calldata, 4, len(calldata))
    return DecodedPlan(_header(reader), _steps(reader))


def _header(reader: _Reader) -> Header:
    flags = reader.uint(1)
    if flags & ~f.HEADER_KNOWN_FLAGS or flags & f.HEADER_SETTLEMENT_MASK > f.OWNER_SET_SETTLEMENT_INDEX:
        raise PlanError(
            f"The header's flags 0x{flags:02x} have no meaning.",
            fix="check which router version made this plan",
        )
    deadline, minimum = reader.uint(f.DEADLINE_BYTES), reader.uint(f.MINIMUM_PROFIT_BYTES)
    max_block = reader.uint(f.BLOCK_BYTES) if flags & f.HEADER_GUARDED else None
    return Header(flags & f.HEADER_SETTLEMENT_MASK, deadline, minimum, max_block)


def _steps(reader: _Reader) -> tuple[Step, ...]:
    steps: list[Step] = []
    while reader.at < reader.end:
        steps.append(_step(reader))
    return tuple(steps)


def _step(reader: _Reader) -> Step:
    byte = reader.uint(1)
    zero_for_one = bool(byte & f.ZERO_FOR_ONE)
    try:
        opcode = f.Opcode(byte & ~f.ZERO_FOR_ONE)
    except ValueError:
        raise _unknown(byte, 0) from None
    if opcode not in f.POOL_OPCODES:
        if zero_for_one:
            raise _unknown(byte, 0)
        if opcode is f.Opcode.TRACK:
            return Track(reader.address(), reader.steps())
        reader.uint(1)
        return Loan(opcode, reader.uint(f.AMOUNT_BYTES), reader.uint(f.AMOUNT_BYTES), reader.steps())
    flags, extra, pool = reader.uint(1), reader.uint(1), reader.address()
    if opcode is f.Opcode.UNISWAP_V3_SWAP:
        return _v3_swap(reader, byte, flags, extra, pool)
    return _v2_step(reader, opcode, byte, flags, extra, pool)


def _unknown(opcode: int, flags: int) -> PlanError:
    return PlanError(
        f"No step has opcode 0x{opcode:02x} with flags 0x{flags:02x}.",
        fix="check which router version made this plan",
        opcode=opcode,
        flags=flags,
    )


def _payer(byte: int, flags: int) -> f.Payer:
    try:
        return f.Payer((flags & f.PAYER_MASK) >> f.PAYER_SHIFT)
    except ValueError:
        raise _unknown(byte, flags) from None


def _recipient(flags: int) -> f.Recipient:
    return f.Recipient((flags & f.RECIPIENT_MASK) >> f.RECIPIENT_SHIFT)


def _v2_step(reader: _Reader, opcode: f.Opcode, byte: int, flags: int, fee_bps: int, pool: Address) -> Step:
    zero_for_one = bool(byte & f.ZERO_FOR_ONE)
    last = bool(flags & f.V2_AMOUNT_LAST)
    try:
        output = f.V2Output(flags >> f.V2_OUTPUT_SHIFT)
    except ValueError:
        raise _unknown(byte, flags) from None
    plain = f.V2_AMOUNT_LAST | f.V2_OUTPUT_MASK
    if opcode is not f.Opcode.UNISWAP_V2_SWAP and flags & ~plain:
        raise _unknown(byte, flags)
    if opcode is f.Opcode.UNISWAP_V2_QUOTE and output is not f.V2Output.COMPUTED:
        raise _unknown(byte, flags)
    payer, measured = _payer(byte, flags), bool(flags & f.V2_MEASURED)
    token = reader.address() if names_v2_token(payer, measured) else None
    amount_in = None if last else reader.uint(f.AMOUNT_BYTES)
    amount_out = reader.uint(f.V2_OUTPUT_BYTES) if output is f.V2Output.LITERAL else None
    if opcode is f.Opcode.UNISWAP_V2_QUOTE:
        return V2Quote(pool, zero_for_one, fee_bps, amount_in)
    if opcode is f.Opcode.UNISWAP_V2_FLASH_SWAP:
        return V2FlashSwap(pool, zero_for_one, output, reader.steps(), fee_bps, amount_in, amount_out)
    recipient = _recipient(flags)
    to = reader.address() if recipient is f.Recipient.EXPLICIT else None
    if recipient is f.Recipient.NEXT_POOL:
        reader.require_pool_step(reader.at)
    return V2Swap(
        pool, zero_for_one, payer, recipient, output, fee_bps, amount_in, amount_out, token, to, measured
    )


def _v3_swap(reader: _Reader, byte: int, flags: int, callback: int, pool: Address) -> V3Swap:
    payer, recipient, kind = _payer(byte, flags), _recipient(flags), f.V3Amount(flags & f.V3_AMOUNT_MASK)
    try:
        callback_kind = f.V3CallbackKind(callback)
    except ValueError:
        raise _unknown(byte, callback) from None
    token = reader.address() if payer is f.Payer.TRACKED else None
    amount = reader.uint(f.AMOUNT_BYTES) if kind in (f.V3Amount.EXACT_IN, f.V3Amount.EXACT_OUT) else None
    cap = reader.uint(f.AMOUNT_BYTES) if carries_cap(kind, payer) else None
    to = reader.address() if recipient is f.Recipient.EXPLICIT else None
    limit = reader.uint(f.ADDRESS_BYTES) if flags & f.V3_PRICE_LIMIT else None
    nested = bool(flags & f.V3_CONTINUATION)
    if recipient is f.Recipient.NEXT_POOL:
        reader.require_pool_step(reader.at + (f.LENGTH_BYTES if nested else 0))
    continuation = reader.steps() if nested else ()
    return V3Swap(
        pool,
        bool(byte & f.ZERO_FOR_ONE),
        callback_kind,
        kind,
        payer,
        recipient,
        amount,
        cap,
        token,
        to,
        limit,
        continuation,
    )
