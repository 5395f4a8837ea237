"""Arbitrage execution engine: turns one opportunity into realised profit, or declines it for a stated reason."""

__version__ = "0.1.0"
