"""One plan for several routes, or for one whose legs are divided."""

from collections.abc import Sequence

from executor.domain.address import Address
from executor.domain.route import SizedRoute
from executor.domain.split import SplitRoute
from executor.plan.compile import Outputs
from executor.plan.compile.several import compile_routes, compile_split
from executor.plan.encoding import encode_plan
from executor.plan.guards import Guard
from executor.plan.header import DecodedPlan, Header, Tip, require_tippable


def encode_several(
    trade: SplitRoute | Sequence[SizedRoute],
    *,
    settlement_index: int,
    minimum_profit: int,
    deadline: int,
    guards: tuple[Guard, ...] = (),
    tip: Tip | None = None,
    wrapped_native: Address | None = None,
    outputs: Sequence[Outputs] = (),
) -> bytes:
    """The full calldata of `execute` for a divided route, or for routes one after the other: all of them
    happen or none.

    `minimum_profit` is that of all together, in the settlement token's smallest unit, `deadline` in unix
    seconds, `settlement_index` the token's place in the router's list. A `tip` needs `wrapped_native`, as in
    `encode`, `outputs` are those of each route. Raises PlanError.
    """
    if tip is not None:
        settlement = trade.settlement if isinstance(trade, SplitRoute) else trade[0].route.settlement
        require_tippable(settlement, tip, wrapped_native)
    steps = compile_split(trade) if isinstance(trade, SplitRoute) else compile_routes(trade, outputs)
    return encode_plan(DecodedPlan(Header(settlement_index, deadline, minimum_profit, guards, tip), steps))
