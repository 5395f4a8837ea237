"""From an opportunity's words to pools: symbols to tokens, venues to pools, and every pool asked who it
is."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from executor import venues
from executor.chain.reading import read
from executor.chain.rpc import Rpc
from executor.chain.tokens import resolve_token
from executor.domain.address import Address, to_address
from executor.domain.chain import ChainData
from executor.domain.dex import Dex
from executor.domain.errors import AddressError, OpportunityError, PoolNotFoundError
from executor.domain.market import BlockHead
from executor.domain.opportunity import LegRequest, Opportunity
from executor.domain.pool import Pool, PoolIdentity, V3Callback, VenueKind
from executor.domain.route import Leg, Route
from executor.domain.token import Token
from executor.routing.candidates import routes as pair_routes

UNNAMED_DEX = "unnamed"
"""The venue of a pool that no factory of the chain data calls its own."""

UNNAMED_V2_FEE = 3_000
"""Millionths.

A V2 pair does not tell its fee; an unnamed one is taken to ask Uniswap's. The simulation finds out.
"""


@dataclass(frozen=True, slots=True)
class Resolved:
    """The routes that the opportunity may mean, all of one settlement token, which `settlement_field`
    named."""

    routes: tuple[Route, ...]
    settlement_field: str

    @property
    def settlement(self) -> Token:
        """The token that profit is measured in."""
        return self.routes[0].settlement


@dataclass(frozen=True, slots=True)
class _At:
    """Where to look: one node, one chain, one block."""

    rpc: Rpc
    chain: ChainData
    head: BlockHead


async def resolve(rpc: Rpc, chain: ChainData, opportunity: Opportunity, head: BlockHead) -> Resolved:
    """The routes of `opportunity` at the block `head`.

    Raises OpportunityError naming the field, PoolNotFoundError when a venue has no such pool, or NodeError.
    """
    at = _At(rpc, chain, head)
    return await (_explicit(at, opportunity) if opportunity.is_explicit else _high_level(at, opportunity))


async def _high_level(at: _At, opportunity: Opportunity) -> Resolved:
    buy_dex = at.chain.dex(opportunity.buy_dex or "", "buy_dex")
    sell_dex = at.chain.dex(opportunity.sell_dex or "", "sell_dex")
    quote = await resolve_token(
        at.rpc, at.chain, opportunity.quote_token or "", field="quote_token", block=at.head
    )
    token = await resolve_token(
        at.rpc, at.chain, opportunity.token or "", field="token", block=at.head, display_only=True
    )
    if token.address == quote.address:
        raise OpportunityError("token", "is the quote token itself", fix="name two different tokens")
    buy, sell = await asyncio.gather(
        _find(at, buy_dex, quote, token, "buy_dex"), _find(at, sell_dex, quote, token, "sell_dex")
    )
    found = pair_routes(quote, token, buy, sell)
    if not found:
        raise OpportunityError("sell_dex", "has only the pool of buy_dex", fix="name two different exchanges")
    return Resolved(found, "quote_token")


async def _find(at: _At, dex: Dex, quote: Token, token: Token, field: str) -> tuple[Pool, ...]:
    try:
        return await read(at.rpc, venues.find(dex, quote, token), at.head)
    except PoolNotFoundError as error:
        raise PoolNotFoundError(error.message, fix=error.fix, field=field, **error.facts) from None


async def _explicit(at: _At, opportunity: Opportunity) -> Resolved:
    legs = opportunity.legs
    tokens = await asyncio.gather(*(_token(at, index, leg) for index, leg in enumerate(legs)))
    found = await asyncio.gather(*(_identity(at, f"legs[{index}]", leg) for index, leg in enumerate(legs)))
    for index, (identity, *_) in enumerate(found):
        _check_walk(identity, index, tokens)
    pools = (
        _pool(f"legs[{index}]", leg, *what, tokens)
        for index, (leg, what) in enumerate(zip(legs, found, strict=True))
    )
    return Resolved(
        (Route(tuple(Leg(pool, token) for pool, token in zip(pools, tokens, strict=True))),),
        "legs[0].token_in",
    )


async def _token(at: _At, index: int, leg: LegRequest) -> Token:
    field = f"legs[{index}].token_in"
    return await resolve_token(
        at.rpc, at.chain, leg.token_in, field=field, block=at.head, display_only=index > 0
    )


def _check_walk(identity: PoolIdentity, index: int, tokens: Sequence[Token]) -> None:
    """The pool must take this leg's token and give the next one's."""
    following = (index + 1) % len(tokens)
    given, taken = tokens[index].address, tokens[following].address
    if given not in (identity.token0, identity.token1):
        raise OpportunityError(
            f"legs[{index}].token_in",
            f"the pool {identity.address} holds {identity.token0} and {identity.token1}, not {given}",
            fix="name a token that the pool holds",
        )
    gives = identity.token1 if given == identity.token0 else identity.token0
    if gives != taken:
        raise OpportunityError(
            f"legs[{following}].token_in",
            f"leg {index} gives {gives}, not {taken}",
            fix="let each leg take what the one before gives, and the first what the last gives",
        )


async def _identity(at: _At, field: str, leg: LegRequest) -> tuple[PoolIdentity, VenueKind, Dex | None]:
    """Who answers at the leg's address, of which kind, and whose factory calls it its own."""
    address = _address(leg.pool, f"{field}.pool")
    named = None if leg.dex is None else at.chain.dex(leg.dex, f"{field}.dex")
    identity, kind = await _identify(at, field, leg, address, named)
    if named is None:
        return identity, kind, await _maker(at, identity, kind)
    if not await read(at.rpc, venues.belongs(named, identity), at.head):
        raise OpportunityError(
            f"{field}.dex",
            f"{named.name} does not know {address} as its pool",
            fix="name the right exchange, or none",
        )
    return identity, kind, named


def _pool(
    field: str,
    leg: LegRequest,
    identity: PoolIdentity,
    kind: VenueKind,
    dex: Dex | None,
    tokens: Sequence[Token],
) -> Pool:
    by_address = {token.address: token for token in tokens}
    return Pool(
        dex=dex.name if dex else UNNAMED_DEX,
        kind=kind,
        address=identity.address,
        token0=by_address[identity.token0],
        token1=by_address[identity.token1],
        fee=_fee(field, leg, identity, dex),
        tick_spacing=identity.tick_spacing or 0,
        callback=dex.callback if dex else V3Callback.UNISWAP,
    )


async def _identify(
    at: _At, field: str, leg: LegRequest, address: Address, named: Dex | None
) -> tuple[PoolIdentity, VenueKind]:
    """What answers at `address`, asked as the kind that the leg names, or as each kind in turn."""
    kind = None if leg.kind is None else VenueKind(leg.kind)
    if named is not None and kind not in (None, named.kind):
        raise OpportunityError(
            f"{field}.kind", f"{named.name} has pools of kind {named.kind}", fix="leave out kind or dex"
        )
    wanted = named.kind if named else kind
    for candidate in (wanted,) if wanted else tuple(venues.VENUES):
        try:
            return await read(at.rpc, venues.identify(candidate, address), at.head), candidate
        except PoolNotFoundError:
            continue
    told = f"pool of kind {wanted}" if wanted else "pool of a known kind"
    raise OpportunityError(
        f"{field}.pool", f"{address} does not answer as a {told}", fix="check the address, dex and kind"
    )


async def _maker(at: _At, identity: PoolIdentity, kind: VenueKind) -> Dex | None:
    """The exchange whose factory says that the pool is its own; the pool's own word is not enough."""
    for entry in at.chain.dexes.values():
        if entry.dex.kind is kind and entry.dex.factory == identity.factory:
            return entry.dex if await read(at.rpc, venues.belongs(entry.dex, identity), at.head) else None
    return None


def _fee(field: str, leg: LegRequest, identity: PoolIdentity, dex: Dex | None) -> int:
    """Millionths: what the pool says, else its exchange, else the leg, else Uniswap's."""
    known = identity.fee if identity.fee is not None else (dex.fee if dex else None)
    if known is None:
        return UNNAMED_V2_FEE if leg.fee is None else leg.fee
    if leg.fee not in (None, known):
        raise OpportunityError(
            f"{field}.fee", f"the pool's fee is {known} millionths", fix="leave it out, or correct it"
        )
    return known


def _address(text: str, field: str) -> Address:
    try:
        return to_address(text, field)
    except AddressError as error:
        problem = error.message.removeprefix(f"{field}: ").rstrip(".")
        raise OpportunityError(field, problem, fix=error.fix) from None
