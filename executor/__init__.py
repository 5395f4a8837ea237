"""Arbitrage execution engine: turns one opportunity into realised profit, or declines it for a stated reason.

async with Executor("config.yaml") as executor:
    execution = await executor.execute(opportunity)
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from executor.domain.execution import Execution as Execution
    from executor.domain.execution import Status as Status
    from executor.domain.opportunity import LegRequest as LegRequest
    from executor.domain.opportunity import Opportunity as Opportunity
    from executor.engine.executor import Executor as Executor

__version__ = "0.1.0"

_PUBLIC = {
    "Execution": "executor.domain.execution",
    "Executor": "executor.engine.executor",
    "LegRequest": "executor.domain.opportunity",
    "Opportunity": "executor.domain.opportunity",
    "Status": "executor.domain.execution",
}

__all__ = ["Execution", "Executor", "LegRequest", "Opportunity", "Status", "__version__"]


def __getattr__(name: str) -> Any:
    """The public names, loaded when asked for: the pure core must not drag the shell in with it."""
    if name not in _PUBLIC:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_PUBLIC[name]), name)
