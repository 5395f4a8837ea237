"""Floor 2: the router's byte format. Encode, decode, explain; no I/O."""

from executor.domain.route import SizedRoute
from executor.plan.compile import Custody, Outputs, compile_route
from executor.plan.decoding import decode_plan as decode
from executor.plan.encoding import encode_plan
from executor.plan.explain import explain
from executor.plan.reverts import DecodedError, decode_revert
from executor.plan.steps import DecodedPlan, Header

__all__ = [
    "Custody",
    "DecodedError",
    "DecodedPlan",
    "Header",
    "Outputs",
    "decode",
    "decode_revert",
    "encode",
    "explain",
]


def encode(
    sized: SizedRoute,
    *,
    settlement_index: int,
    minimum_profit: int,
    deadline: int,
    max_block: int | None = None,
    outputs: Outputs = "computed",
    custody: Custody = "pool_to_pool",
) -> bytes:
    """The full calldata of `execute` for `sized`.

    `minimum_profit` is in the settlement token's smallest unit, `deadline` in unix seconds,
    `settlement_index` the token's place in the router's list. What a first V3 hop may ask for is capped so
    that the minimum profit would still be met. Raises PlanError.
    """
    slack = max(0, sized.gross_profit - minimum_profit)
    steps = compile_route(sized, outputs=outputs, custody=custody, maximum_input=sized.amount_in + slack)
    return encode_plan(DecodedPlan(Header(settlement_index, deadline, minimum_profit, max_block), steps))
