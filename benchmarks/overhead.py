"""What the router costs over a contract without any checks that does the same: same pools, same custody."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from benchmarks.loops import FURTHER_HOP, LOOPS, Loop
from benchmarks.market import DEADLINE, OPERATOR, TRADER, Market
from executor.domain.route import SizedRoute
from executor.plan import Custody, Guard, Outputs, encode


@dataclass(frozen=True)
class Overhead:
    """Gas used for one loop in one custody.

    `bare` is the contract without checks; `router` has literal V2 outputs and `router_computed` those that it
    computes on chain, both with the operator check, a deadline, the profit rule, one-shot committed callbacks
    and capped payments; `calldata_bytes` are those of the literal form.
    """

    loop: str
    custody: Custody
    bare: int
    router: int
    router_computed: int
    calldata_bytes: int

    @property
    def over(self) -> int:
        """What the router's checks and generality cost."""
        return self.router - self.bare

    @property
    def computed_over(self) -> int:
        """The same where outputs are computed on chain."""
        return self.router_computed - self.bare


def plan(
    sized: SizedRoute,
    outputs: Outputs = "literal",
    custody: Custody = "pool_to_pool",
    guards: tuple[Guard, ...] = (),
) -> bytes:
    """Calldata that asks for the whole profit and is good until the market's deadline."""
    return encode(
        sized,
        settlement_index=0,
        minimum_profit=sized.gross_profit,
        deadline=DEADLINE,
        guards=guards,
        outputs=outputs,
        custody=custody,
    )


def overhead(market: Market, loop: Loop, custody: Custody) -> Overhead:
    """Run one loop through the bare contract and the router from the same state."""
    sized = market.sized(loop)
    amounts = b"".join(amount.to_bytes(16, "big") for amount in sized.amounts[: loop.bare_amounts])
    literal, computed = (plan(sized, outputs, custody) for outputs in ("literal", "computed"))
    bare = market.bare[loop.bare[custody]]
    profit = sized.gross_profit
    return Overhead(
        loop.name,
        custody,
        market.gas(TRADER, bare, amounts, holder=bare, profit=profit),
        market.gas(OPERATOR, market.router, literal, holder=market.router, profit=profit),
        market.gas(OPERATOR, market.router, computed, holder=market.router, profit=profit),
        len(literal),
    )


def overheads(market: Market) -> tuple[Overhead, ...]:
    """Every loop in every custody that has a bare contract."""
    return tuple(overhead(market, loop, custody) for loop in LOOPS for custody in loop.bare)


def extra_hop(rows: Iterable[Overhead]) -> dict[str, int]:
    """What the router pays for one further hop beyond what the bare contract pays for it, by kind of hop."""
    over = {row.loop: row.over for row in rows if row.custody == "pool_to_pool"}
    return {kind: over[longer.name] - over[shorter.name] for kind, (shorter, longer) in FURTHER_HOP.items()}
