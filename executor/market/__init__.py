"""Floor 2: the states of many pools, kept at the newest block. No I/O."""

from executor.market.book import MarketBook
from executor.market.errors import BlockGapError, ReorgTooDeepError, StaleStateError

__all__ = ["BlockGapError", "MarketBook", "ReorgTooDeepError", "StaleStateError"]
