"""A plan in words, for people."""

from datetime import UTC, datetime

from executor.plan.decoding import decode_plan
from executor.plan.header import DecodedPlan, Tip
from executor.plan.steps import Step


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
    if header.tip is not None:
        lines.append(_tip(header.tip))
    return [*lines, *(guard.in_words() for guard in header.guards)]


def _tip(tip: Tip) -> str:
    whole, hundredths = divmod(tip.share_bps, 100)
    receiver = "the block's builder" if tip.receiver is None else tip.receiver
    return f"tip {whole}.{hundredths:02} % of the profit and {tip.fixed} wei to {receiver}"


def _lines(steps: tuple[Step, ...], depth: int) -> list[str]:
    out: list[str] = []
    for number, step in enumerate(steps, 1):
        out.append("    " * depth + f"{number}. {step.in_words()}")
        if step.inside:
            out.append("    " * depth + f"   {step.INSIDE}:")
            out += _lines(step.inside, depth + 1)
    return out
