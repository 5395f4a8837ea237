"""Floor 2: the router's byte format. Encode, decode, explain; no I/O."""

from executor.domain.address import Address
from executor.domain.route import SizedRoute
from executor.plan.compile import Custody, Outputs, compile_route
from executor.plan.decoding import decode_plan as decode
from executor.plan.encoding import encode_plan
from executor.plan.explain import explain
from executor.plan.guards import Guard, MaxBlock
from executor.plan.header import DecodedPlan, Header, Tip, require_tippable
from executor.plan.reverts import DecodedError, Meaning, decode_revert
from executor.plan.several import encode_several

__all__ = [
    "Custody",
    "DecodedError",
    "DecodedPlan",
    "Guard",
    "Header",
    "Meaning",
    "Outputs",
    "Tip",
    "decode",
    "decode_revert",
    "encode",
    "encode_several",
    "explain",
]


def encode(
    sized: SizedRoute,
    *,
    settlement_index: int,
    minimum_profit: int,
    deadline: int,
    max_block: int | None = None,
    guards: tuple[Guard, ...] = (),
    tip: Tip | None = None,
    wrapped_native: Address | None = None,
    outputs: Outputs = "computed",
    custody: Custody = "pool_to_pool",
) -> bytes:
    """The full calldata of `execute` for `sized`.

    `minimum_profit` is in the settlement token's smallest unit, `deadline` in unix seconds,
    `settlement_index` the token's place in the router's list. What a first V3 hop may ask for is capped so
    that the minimum profit would still be met. `max_block` is a guard like those in `guards`, and is checked
    before them. A `tip` is paid in the chain's own coin: the route must settle in `wrapped_native`, which has
    to be given with it. Raises PlanError.
    """
    if tip is not None:
        require_tippable(sized.route.settlement, tip, wrapped_native)
    if max_block is not None:
        guards = (MaxBlock(max_block), *guards)
    slack = max(0, sized.gross_profit - minimum_profit)
    steps = compile_route(sized, outputs=outputs, custody=custody, maximum_input=sized.amount_in + slack)
    header = Header(settlement_index, deadline, minimum_profit, guards, tip)
    return encode_plan(DecodedPlan(header, steps))
