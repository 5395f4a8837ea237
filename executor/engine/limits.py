"""The user's limits as the policy takes them."""

from collections.abc import Collection

from executor.config.settings import ChainSettings
from executor.domain.chain import ChainData
from executor.engine.pricing import Prices
from executor.policy.decide import Limits

SIZE_LIMIT = "max_trade_size_usd"


def skipped_limits(settings: ChainSettings, prices: Prices) -> tuple[str, ...]:
    """The size limit where a local chain has no feed to judge it by: nothing real is at stake there.

    A feed that is there but stale or wrong skips nothing, and min_profit_usd always needs its price.
    """
    unjudged = prices.feed_absent and settings.max_trade_size_usd is not None
    return (SIZE_LIMIT,) if unjudged else ()


def limits_of(settings: ChainSettings, chain: ChainData, skipped: Collection[str] = ()) -> Limits:
    """The user's limits as the policy takes them, without the `skipped` ones."""
    return Limits(
        min_profit_usd=settings.min_profit_usd,
        max_trade_size_usd=None if SIZE_LIMIT in skipped else settings.max_trade_size_usd,
        profit_share_bps=settings.profit_share_bps,
        max_base_fee=settings.max_base_fee,
        max_fee_per_gas=settings.bids.max_fee_per_gas,
        least_priority_fee=chain.fees.least_priority_fee,
    )
