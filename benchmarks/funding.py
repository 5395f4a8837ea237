"""What borrowed money costs over own money: the same route in the same market, paid from each source."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from benchmarks.loops import V2_V2, V2_V3, Loop
from benchmarks.market import AMOUNT_IN, OPERATOR, Market
from benchmarks.overhead import plan
from devnet.books import book_of
from executor.domain.address import to_address
from executor.domain.call import drive
from executor.domain.route import Funding
from executor.lenders import premium, read_terms

LENDERS: Mapping[Funding, str] = {
    Funding.AAVE_V3: "aave_v3_pool",
    Funding.BALANCER_V2: "balancer_v2_vault",
}
"""Each lender's name in the address book."""
REPORTED_AS: Mapping[Funding, str] = {}


@dataclass(frozen=True)
class FundingFigure:
    """Gas used by one loop paid from `funding`, and what that is `over` own inventory."""

    loop: str
    funding: str
    gas: int
    over: int

    @property
    def borrowed(self) -> bool:
        """Whether the money was another's."""
        return self.funding != Funding.INVENTORY.value


def funding_figures(market: Market) -> tuple[FundingFigure, ...]:
    """One V2 and one V3 hop paid from every source; two V2 hops, which have no callback to pay in, from the
    last pair.
    """
    sources = (Funding.INVENTORY, Funding.CALLBACK_CHAIN, *LENDERS)
    return (
        *_figures(market, V2_V3, sources),
        *_figures(market, V2_V2, (Funding.INVENTORY, Funding.CALLBACK_CHAIN)),
    )


def _figures(market: Market, loop: Loop, sources: tuple[Funding, ...]) -> tuple[FundingFigure, ...]:
    gas = {source: _gas(market, loop, source) for source in sources}
    own = gas[Funding.INVENTORY]
    return tuple(
        FundingFigure(loop.name, REPORTED_AS.get(source, source.value), used, used - own)
        for source, used in gas.items()
    )


def _gas(market: Market, loop: Loop, source: Funding) -> int:
    sized = market.sized(loop, source, _premium(market, source))
    return market.gas(OPERATOR, market.router, plan(sized), holder=market.router, profit=sized.gross_profit)


def _premium(market: Market, source: Funding) -> int:
    """The lender's fee for the measured amount, in the smallest unit."""
    if source not in LENDERS:
        return 0
    lender = to_address(book_of(market.node).contracts[LENDERS[source]])
    terms = drive(read_terms(source, lender, market.weth.address), market.answer)
    return premium(AMOUNT_IN, terms)
