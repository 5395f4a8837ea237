"""A plan in words, for people."""

from datetime import UTC, datetime

from executor.plan.decoding import decode_plan
from executor.plan.format import Opcode, Payer, Recipient, V2Output, V3Amount
from executor.plan.steps import DecodedPlan, Loan, Step, Track, V2FlashSwap, V2Quote, V2Swap, V3Swap

LENDER_NAMES = {Opcode.AAVE_V3_LOAN: "Aave V3", Opcode.BALANCER_V2_LOAN: "Balancer V2"}
PAYERS = {
    Payer.NONE: "paid by an earlier step or the steps inside",
    Payer.SETTLEMENT: "paid by the router in the settlement token",
    Payer.TRACKED: "paid by the router in a tracked token",
}


def explain(calldata: bytes) -> list[str]:
    """One line a fact or step, indented by depth; amounts in smallest units. Raises PlanError."""
    plan = decode_plan(calldata)
    return [*_header(plan, len(calldata)), *_lines(plan.steps, 0)]


def _header(plan: DecodedPlan, size: int) -> list[str]:
    header = plan.header
    when = datetime.fromtimestamp(header.deadline, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    lines = [
        f"execute() with {size} bytes of calldata",
        f"profit is measured in settlement token {header.settlement_index}, at least {header.minimum_profit}",
        f"valid until {when} (unix time {header.deadline})",
    ]
    return lines if header.max_block is None else [*lines, f"valid up to block {header.max_block}"]


def _lines(steps: tuple[Step, ...], depth: int) -> list[str]:
    out: list[str] = []
    for number, step in enumerate(steps, 1):
        text, inside, label = _step(step)
        out.append("    " * depth + f"{number}. {text}")
        if inside:
            out.append("    " * depth + f"   {label}:")
            out += _lines(inside, depth + 1)
    return out


def _step(step: Step) -> tuple[str, tuple[Step, ...], str]:
    match step:
        case V2Quote():
            return (
                f"compute what pair {step.pool} gives for {_amount(step.amount_in)}"
                f" {_direction(step.zero_for_one)}",
                (),
                "",
            )
        case V2Swap():
            return _v2_swap(step), (), ""
        case V2FlashSwap():
            taken = _v2_output(step.output, step.amount_out)
            text = f"flash swap on pair {step.pool}, {_direction(step.zero_for_one)}: take {taken} first"
            return text, step.continuation, "inside its callback, before the pair must be paid"
        case V3Swap():
            return _v3_swap(step), step.continuation, "inside its callback, before the pool must be paid"
        case Track():
            return (
                f"let the router pay token {step.token} too, which must not fall",
                step.continuation,
                "within that",
            )
        case Loan():
            lender = LENDER_NAMES[step.opcode]
            text = f"borrow {step.amount} of the settlement token from {lender}, repay at most {step.cap}"
            return text, step.continuation, "with the loan"


def _amount(literal: int | None) -> str:
    return "what the last step gave" if literal is None else str(literal)


def _direction(zero_for_one: bool) -> str:
    return "token0 for token1" if zero_for_one else "token1 for token0"


def _v2_output(output: V2Output, literal: int | None) -> str:
    if output is V2Output.LITERAL:
        return f"exactly {literal}"
    return (
        "what its reserves give" if output is V2Output.COMPUTED else "exactly what the waiting pool is owed"
    )


def _recipient(recipient: Recipient, to: str | None) -> str:
    names = {
        Recipient.ROUTER: "the router",
        Recipient.CALLER: "the waiting pool",
        Recipient.NEXT_POOL: "the next pool",
    }
    return names.get(recipient, str(to))


def _v2_swap(step: V2Swap) -> str:
    measured = ", counting what really arrived" if step.measured else ""
    return (
        f"swap {_amount(step.amount_in)} on pair {step.pool}, {_direction(step.zero_for_one)}{measured}: "
        f"{PAYERS[step.payer]}; send {_v2_output(step.output, step.amount_out)}"
        f" to {_recipient(step.recipient, step.to)}"
    )


def _v3_swap(step: V3Swap) -> str:
    amounts = {
        V3Amount.EXACT_IN: f"exactly {step.amount} in",
        V3Amount.EXACT_IN_LAST: "what the last step gave in",
        V3Amount.EXACT_OUT_OWED: "exactly what the waiting pool is owed out",
        V3Amount.EXACT_OUT: f"exactly {step.amount} out",
    }
    cap = "" if step.cap is None else f", at most {step.cap}"
    limit = "" if step.price_limit is None else f", down to sqrtPriceX96 {step.price_limit}"
    return (
        f"swap on {step.callback.name.lower()} V3 pool {step.pool}, {_direction(step.zero_for_one)}, "
        f"{amounts[step.kind]}{limit}: "
        f"{PAYERS[step.payer]}{cap}; send to {_recipient(step.recipient, step.to)}"
    )
