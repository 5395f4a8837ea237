"""The USD prices of an opportunity: of the settlement token and of the native coin.

In this order: the feed of the chain data, the pool that the settings name for the token, the price that the
settings declare. Without any of them there is no price.
"""

import asyncio
from dataclasses import dataclass
from fractions import Fraction

from executor import venues
from executor.chain.prices import FeedAbsentError, UsdPrice, usd_price
from executor.chain.reading import read
from executor.chain.rpc import Rpc
from executor.chain.tokens import resolve_token
from executor.config.settings import ChainSettings, PoolPrice
from executor.domain.address import Address
from executor.domain.chain import ChainData
from executor.domain.errors import ConfigError, MathsError, OpportunityError, PriceUnavailableError
from executor.domain.market import BlockHead
from executor.domain.opportunity import LegRequest
from executor.domain.token import Token
from executor.engine.pools import At, find_pool
from executor.policy.profit import NATIVE_RATE, wei_cost, wei_rate


@dataclass(frozen=True, slots=True)
class Prices:
    """USD per whole token as exact ratios, None where no price is known. `is_native`: the settlement token is
    the wrapped native coin, so that gas needs no price. `feed_absent`: this is a local chain on which the
    settlement token's feed does not exist, and no price was declared."""

    settlement: Token
    is_native: bool
    settlement_usd: Fraction | None
    native_usd: Fraction | None
    feed_absent: bool = False

    @property
    def rate(self) -> Fraction | None:
        """The settlement token's smallest units that one wei is worth; None where no price is known."""
        if self.is_native:
            return NATIVE_RATE
        if self.native_usd is None or self.settlement_usd is None:
            return None
        return wei_rate(self.native_usd, self.settlement_usd, self.settlement.decimals)

    def in_settlement(self, wei: int) -> int:
        """`wei` of the native coin in the settlement token's smallest unit, rounded up; 0 where no price is
        known."""
        return 0 if self.rate is None else wei_cost(wei, self.rate)


async def read_prices(
    rpc: Rpc,
    chain: ChainData,
    settings: ChainSettings,
    settlement: Token,
    head: BlockHead,
    *,
    is_local: bool = False,
) -> Prices:
    """The prices of the settlement token and of the native coin.

    Raises ConfigError where the settings name a pool that cannot price its token, NodeError; a missing price
    is None.
    """
    is_native = settlement.address == chain.wrapped_native.address
    absent: set[Address] = set()

    async def price(token: Token) -> Fraction | None:
        try:
            found = await token_price(rpc, chain, settings, token, head, is_local=is_local)
            return found.usd_per_token
        except FeedAbsentError:
            absent.add(token.address)
            return None
        except PriceUnavailableError:
            return None

    if is_native:
        usd = native_usd = await price(settlement)
    else:
        usd, native_usd = await asyncio.gather(price(settlement), price(chain.wrapped_native))
    return Prices(settlement, is_native, usd, native_usd, settlement.address in absent)


async def token_price(
    rpc: Rpc,
    chain: ChainData,
    settings: ChainSettings,
    token: Token,
    head: BlockHead,
    *,
    is_local: bool = False,
) -> UsdPrice:
    """USD for a whole `token`, from its feed, else from the pool or the price that the settings declare.

    Raises PriceUnavailableError, ConfigError, NodeError.
    """
    named = _named_pool(chain, settings, token)
    if named is not None and chain.feed_for(token.address) is None:
        return await _pool_price(At(rpc, chain, head), settings, token, *named, is_local=is_local)
    return await usd_price(
        rpc,
        chain,
        token,
        fixed=settings.fixed_prices_usd,
        block=head,
        max_age_seconds=settings.price_max_age_seconds,
        is_local=is_local,
    )


def _named_pool(chain: ChainData, settings: ChainSettings, token: Token) -> tuple[str, PoolPrice] | None:
    """The pool that the settings name for the token, by its address or a symbol that means it alone."""
    known = chain.tokens.get(token.symbol, ())
    names = {token.address.lower()}
    if len(known) == 1 and known[0].token.address == token.address:
        names.add(token.symbol.lower())
    found = ((name, pool) for name, pool in settings.pool_prices.items() if name.lower() in names)
    return next(found, None)


async def _pool_price(
    at: At, settings: ChainSettings, token: Token, name: str, named: PoolPrice, *, is_local: bool
) -> UsdPrice:
    """What the pool gives for the next unit of the token, its fee taken off, at the USD price of what it
    gives. Whoever trades there moves it: it serves limits, and turns gas into the settlement token.
    """
    field = f"chains.{at.chain.name}.pool_prices.{name}"
    try:
        quote = await resolve_token(at.rpc, at.chain, named.quote, field=f"{field}.quote", block=at.head)
        leg = LegRequest(named.pool, token.address, dex=named.dex)
        pool = await find_pool(at, field, leg, token, quote)
        given, taken = venues.marginal(await read(at.rpc, venues.read(pool), at.head), token == pool.token0)
    except (OpportunityError, MathsError) as error:
        raise ConfigError(field, error.message, fix=error.fix) from None
    quote_usd = await usd_price(
        at.rpc,
        at.chain,
        quote,
        fixed=settings.fixed_prices_usd,
        block=at.head,
        max_age_seconds=settings.price_max_age_seconds,
        is_local=is_local,
    )
    if given <= 0 or taken <= 0:
        raise PriceUnavailableError(
            f"There is no USD price for {token.symbol} ({token.address}): pool {named.pool} gives nothing.",
            fix="name another pool in pool_prices",
            token=token.address,
            pool=named.pool,
        )
    scale = Fraction(10**token.decimals, 10**quote.decimals)
    usd = Fraction(given, taken) * scale * quote_usd.usd_per_token
    return UsdPrice(token, usd, f"pool {named.pool}, {quote.symbol} by {quote_usd.source}", None)
