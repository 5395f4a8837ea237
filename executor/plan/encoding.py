"""Steps to bytes. Every field is checked against its width: a value that does not fit is an error, never cut
off.
"""

from executor.domain.address import Address
from executor.domain.errors import PlanError
from executor.plan import format as f
from executor.plan.steps import DecodedPlan, Header, Loan, Step, Track, V2FlashSwap, V2Quote, V2Swap, V3Swap


def encode_plan(plan: DecodedPlan) -> bytes:
    """The full calldata of `execute`: selector, header, steps. Raises PlanError naming the field that does
    not fit.
    """
    return f.SELECTOR + _header(plan.header) + encode_steps(plan.steps)


def encode_steps(steps: tuple[Step, ...]) -> bytes:
    """The bytes of steps one after the other."""
    return b"".join(_step(step) for step in steps)


def _uint(value: int, width: int, name: str) -> bytes:
    if value < 0 or value >= 1 << (8 * width):
        raise PlanError(
            f"{name} {value} does not fit in {width} bytes.",
            fix="make the trade smaller or split it",
            field=name,
        )
    return value.to_bytes(width, "big")


def _address(value: Address | None, name: str) -> bytes:
    if value is None:
        raise PlanError(f"{name} is missing.", fix=f"give the step its {name}", field=name)
    return bytes.fromhex(value[2:])


def _required(value: int | None, name: str) -> int:
    if value is None:
        raise PlanError(f"{name} is missing.", fix=f"give the step its {name}", field=name)
    return value


def _header(header: Header) -> bytes:
    if not 0 <= header.settlement_index <= f.OWNER_SET_SETTLEMENT_INDEX:
        raise PlanError(
            f"settlement_index {header.settlement_index} is not in the router's list.",
            field="settlement_index",
            fix=f"use 0 to {f.OWNER_SET_SETTLEMENT_INDEX}",
        )
    flags = header.settlement_index | (f.HEADER_GUARDED if header.max_block is not None else 0)
    out = (
        bytes([flags])
        + _uint(header.deadline, f.DEADLINE_BYTES, "deadline")
        + _uint(header.minimum_profit, f.MINIMUM_PROFIT_BYTES, "minimum_profit")
    )
    return out if header.max_block is None else out + _uint(header.max_block, f.BLOCK_BYTES, "max_block")


def _step(step: Step) -> bytes:
    match step:
        case V2Swap():
            return _v2_swap(step)
        case V2FlashSwap():
            return _v2_flash_swap(step)
        case V2Quote():
            flags = (f.V2Output.COMPUTED << f.V2_OUTPUT_SHIFT) | (
                f.V2_AMOUNT_LAST if step.amount_in is None else 0
            )
            return _pool_step(
                f.Opcode.UNISWAP_V2_QUOTE, step.zero_for_one, flags, step.fee_bps, step.pool
            ) + _literal(step.amount_in)
        case V3Swap():
            return _v3_swap(step)
        case Track():
            return bytes([f.Opcode.TRACK]) + _address(step.token, "token") + _continuation(step.continuation)
        case Loan():
            return (
                bytes([step.opcode, 0])
                + _uint(step.amount, f.AMOUNT_BYTES, "amount")
                + _uint(step.cap, f.AMOUNT_BYTES, "cap")
                + _continuation(step.continuation)
            )


def _pool_step(opcode: f.Opcode, zero_for_one: bool, flags: int, extra: int, pool: Address) -> bytes:
    return (
        bytes([opcode | (f.ZERO_FOR_ONE if zero_for_one else 0), flags])
        + _uint(extra, 1, "fee_bps")
        + _address(pool, "pool")
    )


def _literal(amount: int | None) -> bytes:
    return b"" if amount is None else _uint(amount, f.AMOUNT_BYTES, "amount")


def _continuation(steps: tuple[Step, ...]) -> bytes:
    body = encode_steps(steps)
    return _uint(len(body), f.LENGTH_BYTES, "continuation length") + body


def _v2_flags(output: f.V2Output, amount_in: int | None) -> int:
    return (output << f.V2_OUTPUT_SHIFT) | (f.V2_AMOUNT_LAST if amount_in is None else 0)


def _v2_output(output: f.V2Output, amount_out: int | None) -> bytes:
    if output is not f.V2Output.LITERAL:
        return b""
    return _uint(_required(amount_out, "amount_out"), f.V2_OUTPUT_BYTES, "amount_out")


def _v2_swap(step: V2Swap) -> bytes:
    flags = (
        _v2_flags(step.output, step.amount_in)
        | (f.V2_MEASURED if step.measured else 0)
        | (step.payer << f.PAYER_SHIFT)
        | (step.recipient << f.RECIPIENT_SHIFT)
    )
    out = _pool_step(f.Opcode.UNISWAP_V2_SWAP, step.zero_for_one, flags, step.fee_bps, step.pool)
    if names_v2_token(step.payer, step.measured):
        out += _address(step.token, "token")
    out += _literal(step.amount_in) + _v2_output(step.output, step.amount_out)
    return out + (_address(step.to, "to") if step.recipient is f.Recipient.EXPLICIT else b"")


def names_v2_token(payer: f.Payer, measured: bool) -> bool:
    """Whether a V2 swap step carries its input token."""
    return payer is f.Payer.TRACKED or (measured and payer is f.Payer.NONE)


def _v2_flash_swap(step: V2FlashSwap) -> bytes:
    flags = _v2_flags(step.output, step.amount_in)
    return (
        _pool_step(f.Opcode.UNISWAP_V2_FLASH_SWAP, step.zero_for_one, flags, step.fee_bps, step.pool)
        + _literal(step.amount_in)
        + _v2_output(step.output, step.amount_out)
        + _continuation(step.continuation)
    )


def _v3_swap(step: V3Swap) -> bytes:
    flags = (
        step.kind
        | (step.payer << f.PAYER_SHIFT)
        | (step.recipient << f.RECIPIENT_SHIFT)
        | (f.V3_PRICE_LIMIT if step.price_limit is not None else 0)
        | (f.V3_CONTINUATION if step.continuation else 0)
    )
    out = _pool_step(f.Opcode.UNISWAP_V3_SWAP, step.zero_for_one, flags, step.callback, step.pool)
    if step.payer is f.Payer.TRACKED:
        out += _address(step.token, "token")
    if step.kind in (f.V3Amount.EXACT_IN, f.V3Amount.EXACT_OUT):
        out += _uint(_required(step.amount, "amount"), f.AMOUNT_BYTES, "amount")
    if carries_cap(step.kind, step.payer):
        out += _uint(_required(step.cap, "cap"), f.AMOUNT_BYTES, "cap")
    if step.recipient is f.Recipient.EXPLICIT:
        out += _address(step.to, "to")
    if step.price_limit is not None:
        out += _uint(step.price_limit, f.ADDRESS_BYTES, "price_limit")
    return out + (_continuation(step.continuation) if step.continuation else b"")


def carries_cap(kind: f.V3Amount, payer: f.Payer) -> bool:
    """Whether a V3 swap step carries a cap: an exact input is its own."""
    return kind in (f.V3Amount.EXACT_OUT_OWED, f.V3Amount.EXACT_OUT) and payer is not f.Payer.NONE
