"""From an opportunity's words to pools: symbols to tokens, venues to pools, and every pool asked who it
is."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from executor import venues
from executor.chain.reading import read
from executor.chain.rpc import Rpc
from executor.chain.tokens import resolve_token
from executor.domain.address import ZERO_ADDRESS
from executor.domain.chain import ChainData
from executor.domain.dex import Dex
from executor.domain.errors import OpportunityError, PoolNotFoundError
from executor.domain.market import BlockHead
from executor.domain.opportunity import LegRequest, Opportunity
from executor.domain.pool import Pool, VenueKind
from executor.domain.route import Leg, Route
from executor.domain.token import Token
from executor.engine.pools import At, find_pool
from executor.routing.candidates import routes as pair_routes

NATIVE_DECIMALS = 18


@dataclass(frozen=True, slots=True)
class Resolved:
    """The routes that the opportunity may mean, or, where it names several, all of them; all of one
    settlement token, which `settlement_field` named.
    """

    routes: tuple[Route, ...]
    settlement_field: str

    @property
    def settlement(self) -> Token:
        """The token that profit is measured in."""
        return self.routes[0].settlement


async def resolve(rpc: Rpc, chain: ChainData, opportunity: Opportunity, head: BlockHead) -> Resolved:
    """The routes of `opportunity` at the block `head`.

    Raises OpportunityError naming the field, PoolNotFoundError when a venue has no such pool, or NodeError.
    """
    at = At(rpc, chain, head)
    if opportunity.routes is not None:
        return await _several(at, opportunity.routes)
    if opportunity.is_explicit:
        return Resolved((await _explicit(at, "legs", opportunity.legs),), "legs[0].token_in")
    return await _high_level(at, opportunity)


async def _several(at: At, asked: Sequence[Sequence[LegRequest]]) -> Resolved:
    fields = [f"routes[{place}]" for place in range(len(asked))]
    routes = await asyncio.gather(*(_explicit(at, *each) for each in zip(fields, asked, strict=True)))
    taken: dict[str, int] = {}
    for place, route in enumerate(routes):
        if route.settlement.address != routes[0].settlement.address:
            raise OpportunityError(
                f"routes[{place}][0].token_in",
                f"route {place} begins with {route.settlement.symbol}, route 0 with "
                f"{routes[0].settlement.symbol}",
                fix="give routes of one settlement token, or an opportunity for each",
            )
        for index, leg in enumerate(route.legs):
            other = taken.setdefault(leg.pool.identity, place)
            if other != place and leg.pool.kind is not VenueKind.WRAPPED_NATIVE:
                raise OpportunityError(
                    f"routes[{place}][{index}].pool",
                    f"the pool stands in route {other} already",
                    fix="give routes that share no pool, or an opportunity for each",
                )
    return Resolved(tuple(routes), "routes[0][0].token_in")


async def _high_level(at: At, opportunity: Opportunity) -> Resolved:
    buy_dex = at.chain.dex(opportunity.buy_dex or "", "buy_dex")
    sell_dex = at.chain.dex(opportunity.sell_dex or "", "sell_dex")
    quote, token = await pair_tokens(at.rpc, at.chain, opportunity, at.head)
    buy, sell = await asyncio.gather(
        _find(at, buy_dex, quote, token, "buy_dex"), _find(at, sell_dex, quote, token, "sell_dex")
    )
    found = pair_routes(quote, token, buy, sell)
    if not found:
        raise OpportunityError("sell_dex", "has only the pool of buy_dex", fix="name two different exchanges")
    return Resolved(found, "quote_token")


async def pair_tokens(
    rpc: Rpc, chain: ChainData, opportunity: Opportunity, head: BlockHead
) -> tuple[Token, Token]:
    """The opportunity's `quote_token` and `token`. Raises OpportunityError, NodeError."""
    quote = await resolve_token(rpc, chain, opportunity.quote_token or "", field="quote_token", block=head)
    token = await resolve_token(
        rpc, chain, opportunity.token or "", field="token", block=head, display_only=True
    )
    if token.address == quote.address:
        raise OpportunityError("token", "is the quote token itself", fix="name two different tokens")
    return quote, token


async def _find(at: At, dex: Dex, quote: Token, token: Token, field: str) -> tuple[Pool, ...]:
    try:
        return await read(at.rpc, venues.find(dex, quote, token), at.head)
    except PoolNotFoundError as error:
        raise PoolNotFoundError(error.message, fix=error.fix, field=field, **error.facts) from None


async def _explicit(at: At, field: str, legs: Sequence[LegRequest]) -> Route:
    """The route of these legs, of which `field` is the list."""
    fields = [f"{field}[{index}]" for index in range(len(legs))]
    tokens = await asyncio.gather(
        *(_token(at, f"{fields[index]}.token_in", leg, settles=index == 0) for index, leg in enumerate(legs))
    )
    following = (*tokens[1:], tokens[0])
    for index, (token, after) in enumerate(zip(tokens, following, strict=True)):
        if token.address == after.address:
            raise OpportunityError(
                f"{fields[(index + 1) % len(legs)]}.token_in",
                f"leg {index} takes {token.symbol} already",
                fix="let each leg take what the one before gives",
            )
    pools = await asyncio.gather(
        *(
            find_pool(at, fields[index], leg, token, after, following=fields[(index + 1) % len(legs)])
            for index, (leg, token, after) in enumerate(zip(legs, tokens, following, strict=True))
        )
    )
    return _route(fields, pools, tokens)


def _route(fields: Sequence[str], pools: Sequence[Pool], tokens: Sequence[Token]) -> Route:
    identities = [pool.identity for pool in pools]
    for index, identity in enumerate(identities):
        if identity in identities[:index]:
            raise OpportunityError(
                f"{fields[index]}.pool",
                f"the pool stands in leg {identities.index(identity)} already",
                fix="use a pool once",
            )
    return Route(
        tuple(
            Leg(pool, token, taxed=token.transfer_fee is not None)
            for pool, token in zip(pools, tokens, strict=True)
        )
    )


async def _token(at: At, field: str, leg: LegRequest, *, settles: bool) -> Token:
    """The token that goes into the leg; of the first one it is the settlement token, which is no coin."""
    if not settles and is_native(at.chain, leg.token_in):
        return Token(at.chain.chain_id, ZERO_ADDRESS, at.chain.native_symbol, NATIVE_DECIMALS)
    return await resolve_token(
        at.rpc, at.chain, leg.token_in, field=field, block=at.head, display_only=not settles
    )


def is_native(chain: ChainData, text: str) -> bool:
    """Whether `text` means the chain's own coin: its symbol, unless a token bears it, or the zero address."""
    if text.casefold() == chain.native_symbol.casefold():
        return text not in chain.tokens
    return text.lower() == ZERO_ADDRESS.lower()
