"""What each option of a plan adds to one that holds: guards that pass, and a tip."""

from __future__ import annotations

from dataclasses import dataclass, replace

from benchmarks.loops import V2_V3
from benchmarks.market import BASE_FEE, OPERATOR, TRADER, Market
from benchmarks.overhead import plan
from benchmarks.stale import pool_guards
from devnet.node import ETHER
from executor.domain.address import to_address
from executor.plan import Guard, Tip, decode
from executor.plan.encoding import encode_plan
from executor.plan.guards import BaseFeeCeiling, ExactBlock, MaxBlock

HALF = Tip(share_bps=5_000)


@dataclass(frozen=True)
class OptionFigure:
    """Gas that one option adds to a plan of one V2 and one V3 hop."""

    option: str
    gas: int


def option_figures(market: Market) -> tuple[OptionFigure, ...]:
    """Each option alone. The tip is half of the profit, unwrapped, for an account with a balance."""
    following = market.node.block_number + 1
    guards: dict[str, tuple[Guard, ...]] = {
        "maximum block": (MaxBlock(following),),
        "exact block": (ExactBlock(following),),
        "base-fee ceiling": (BaseFeeCeiling(BASE_FEE),),
        "state of both pools": pool_guards(market),
    }
    tips = {
        "tip to the block's builder": HALF,
        "tip to an address": replace(HALF, receiver=to_address(TRADER)),
    }
    with market.node.isolated():
        for receiver in (market.node.block()["miner"], TRADER):
            market.node.set_balance(receiver, ETHER)
        without = _gas(market, (), None)
        gas = {name: _gas(market, chosen, None) for name, chosen in guards.items()}
        gas |= {name: _gas(market, (), tip) for name, tip in tips.items()}
    return tuple(OptionFigure(name, used - without) for name, used in gas.items())


def _gas(market: Market, guards: tuple[Guard, ...], tip: Tip | None) -> int:
    sized = market.sized(V2_V3)
    least = sized.gross_profit // 2
    held = decode(plan(sized, guards=guards))
    calldata = encode_plan(replace(held, header=replace(held.header, minimum_profit=least, tip=tip)))
    return market.gas(OPERATOR, market.router, calldata, holder=market.router, profit=least)
