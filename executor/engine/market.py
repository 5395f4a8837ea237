"""Everything that a decision rests on, read from one block."""

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeVar

from executor.chain.balances import balances
from executor.chain.head import head
from executor.chain.lens import read_further
from executor.chain.network import Network
from executor.chain.reading import read_all
from executor.chain.rpc import Rpc
from executor.domain.address import Address
from executor.domain.call import Reading
from executor.domain.chain import ChainData
from executor.domain.errors import TicksUnknownError
from executor.domain.lender import LenderTerms
from executor.domain.market import BlockHead, PoolState
from executor.domain.pool import Pool
from executor.domain.route import PayerName, Route
from executor.domain.token import Token
from executor.engine.errors import StaleNodeError
from executor.engine.followed import FollowedMarket
from executor.engine.gas_market import GasMarket, read_gas
from executor.engine.pricing import Prices, read_prices
from executor.engine.resolution import Resolved
from executor.engine.session import Session
from executor.lenders import LENDERS, read_pool_terms, read_terms
from executor.policy.fees import Fees

T = TypeVar("T")

MOST_EXTENSIONS = 64
"""Times that a V3 pool's ticks are read further for one route before it is given up."""


STALE_SECONDS = 120
"""A real network whose newest block is older has stopped, or its node has."""


@dataclass(frozen=True, slots=True)
class Purse:
    """What may be spent: the router's settlement balance, the sender's native coin (wei), and the lenders'
    terms. `pools` are those among the lenders, by address.
    """

    inventory: int
    gas_money: int
    terms: tuple[LenderTerms, ...]
    pools: Mapping[Address, Pool] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Market:
    """All that was read for one opportunity, at the block `head`. `refused`: who has failed to pay it;
    `caps`: of several routes, by place, the most that may go into them, beside the opportunity's amount, in
    the settlement token's smallest unit.
    """

    head: BlockHead
    routes: tuple[Route, ...]
    states: dict[str, PoolState]
    prices: Prices
    purse: Purse
    gas: GasMarket
    refused: frozenset[PayerName] = frozenset()
    caps: Mapping[int, int] = field(default_factory=dict)

    @property
    def fees(self) -> Fees:
        """What to offer for gas."""
        return self.gas.fees

    def gas_cost(self, gas: int) -> int:
        """`gas` at the next block's price, in the settlement token's smallest unit."""
        return self.prices.in_settlement(gas * self.fees.effective_price)


def market_of(market: Market, route: Route) -> Market:
    """The market of one of several routes: a pool that any of them trades with lends to none, as what it
    takes for that would move it.
    """
    traded = {leg.pool.address for each in market.routes for leg in each.legs}
    purse = market.purse
    terms = tuple(
        each for each in purse.terms if each.address not in purse.pools or each.address not in traded
    )
    return replace(market, routes=(route,), purse=replace(purse, terms=terms))


def check_fresh(newest: BlockHead, network: Network) -> None:
    """Raises StaleNodeError when the newest block of a real network is old, or of a time that has not come.

    A local chain lives in a time of its own.
    """
    if network.is_local:
        return
    age = int(time.time()) - newest.timestamp
    if age < -STALE_SECONDS:
        raise StaleNodeError(
            f"the node's newest block {newest.number} is {-age} seconds ahead of this machine's clock.",
            fix="set the clock (an old block cannot be told from a new one by a slow clock)",
            block_number=newest.number,
            age_seconds=age,
        )
    if age > STALE_SECONDS:
        raise StaleNodeError(
            f"the node's newest block {newest.number} is {age} seconds old.",
            fix="wait until the node has caught up, or use another one",
            block_number=newest.number,
            age_seconds=age,
        )


async def read_purse(
    rpc: Rpc, chain: ChainData, *, router: Address, sender: Address, settlement: Token, head: BlockHead
) -> Purse:
    """What router, sender and lenders have at `head`. Raises NodeError."""
    held, gas_money, terms = await asyncio.gather(
        balances(rpc, router, [settlement.address], head),
        balances(rpc, sender, [], head),
        read_all(rpc, terms_asked(chain, settlement.address), head),
    )
    pools = {lending.pool.address: lending.pool for lending in chain.pools_lending(settlement.address)}
    return Purse(held.tokens[settlement.address], gas_money.native, tuple(terms), pools)


def terms_asked(chain: ChainData, token: Address) -> list[Reading[LenderTerms]]:
    """What to read of every lender of the chain for the token, of those at one address first, then pools."""
    return [
        *(
            read_terms(funding, lender.known.address, token)
            for funding, lender in chain.lenders.items()
            if funding in LENDERS
        ),
        *(read_pool_terms(lending.funding, lending.pool, token) for lending in chain.pools_lending(token)),
    ]


async def read_states(
    rpc: Rpc, routes: tuple[Route, ...], head: BlockHead, followed: FollowedMarket
) -> dict[str, PoolState]:
    """The state of every pool in `routes`, as far as it is not `followed` at that very block in one call.
    Raises PoolNotFoundError, NodeError.
    """
    return await followed.states(rpc, [leg.pool for route in routes for leg in route.legs], head)


async def read_market(session: Session, now: BlockHead, resolved: Resolved) -> Market:
    """The market of these routes at `now`. Raises PoolNotFoundError, ConfigError, NodeError."""
    settlement, settings = resolved.settlement, session.settings
    (states, purse, gas), prices = await asyncio.gather(
        _read_moving(session, resolved.routes, settlement, now),
        read_prices(session.rpc, session.chain, settings, settlement, now, is_local=session.network.is_local),
    )
    return Market(now, resolved.routes, states, prices, purse, gas)


async def read_again(session: Session, market: Market) -> Market | None:
    """The market at the newest block, at the prices of before; None where no block has come since.

    Raises StaleNodeError, PoolNotFoundError, NodeError.
    """
    now = await head(session.rpc, rule=session.chain.fees.base_fee)
    if now.hash == market.head.hash:
        return None
    check_fresh(now, session.network)
    states, purse, gas = await _read_moving(session, market.routes, market.prices.settlement, now)
    return replace(market, head=now, states=states, purse=purse, gas=gas)


async def newest(session: Session) -> BlockHead:
    """The newest block. Raises StaleNodeError, NodeError."""
    now = await head(session.rpc, rule=session.chain.fees.base_fee)
    check_fresh(now, session.network)
    return now


async def _read_moving(
    session: Session, routes: tuple[Route, ...], settlement: Token, now: BlockHead
) -> tuple[dict[str, PoolState], Purse, GasMarket]:
    """What may be another with each block."""
    return await asyncio.gather(
        read_states(session.rpc, routes, now, session.followed),
        read_purse(
            session.rpc,
            session.chain,
            router=session.router,
            sender=session.sender,
            settlement=settlement,
            head=now,
        ),
        read_gas(session.rpc, session.settings, session.chain.fees, now, is_local=session.network.is_local),
    )


async def with_enough_ticks(
    rpc: Rpc,
    states: dict[str, PoolState],
    head: BlockHead,
    compute: Callable[[Mapping[str, PoolState]], T],
) -> T:
    """What `compute` makes of `states`, reading pools further, at the same block, as often as it asks for
    more.

    Raises TicksUnknownError when it never has enough, NodeError, or whatever `compute` raises.
    """
    for _ in range(MOST_EXTENSIONS):
        try:
            return compute(states)
        except TicksUnknownError as error:
            pool = error.facts["pool"]
            assert isinstance(pool, str)
            further = await read_further(rpc, states[pool], bool(error.facts["toward_low"]), head)
            if further == states[pool]:
                raise
            states[pool] = further
    return compute(states)
