"""The chain and router that the command line works on."""

from tests.support.bookkeeping import office
from tests.support.trading import _deployed, _trading_node, trading

__all__ = ["_deployed", "_trading_node", "office", "trading"]
