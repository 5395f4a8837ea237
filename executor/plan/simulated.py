"""The router's `simulate`: the same plan under another selector, and the result that its revert carries."""

from dataclasses import dataclass

from eth_abi.exceptions import DecodingError

from executor.domain.abi import CODEC, selector
from executor.domain.errors import PlanError

EXECUTE = selector("execute()")
SIMULATE = selector("simulate()")

_RESULT = selector("Simulated(uint256,uint256,(uint256,uint256,uint256)[])")
_RESULT_TYPES = ("uint256", "uint256", "(uint256,uint256,uint256)[]")


@dataclass(frozen=True, slots=True)
class SimulatedHop:
    """One step of a simulated plan.

    `output` is what it gave, in the smallest unit of that token; `gas_used` its own gas, without that of the
    steps inside it.
    """

    opcode: int
    output: int
    gas_used: int


@dataclass(frozen=True, slots=True)
class SimulatedPlan:
    """What a plan gives: `profit` after the tip in the settlement token's smallest unit, `tip` in wei.

    `hops` are all its steps, those inside others too, in the order in which they stand in the plan's bytes.
    """

    profit: int
    tip: int
    hops: tuple[SimulatedHop, ...]


def simulation_of(calldata: bytes) -> bytes:
    """The call of `simulate` that rehearses `calldata`, a call of `execute`. Raises PlanError for others."""
    if calldata[:4] != EXECUTE:
        raise PlanError("this is no call of the router's execute()", fix="give the calldata of a plan")
    return SIMULATE + calldata[4:]


def decode_simulated(data: bytes) -> SimulatedPlan | None:
    """The result in what `simulate` reverted with; None when that is something else: a plan that fails."""
    if data[:4] != _RESULT:
        return None
    try:
        profit, tip, hops = CODEC.decode(_RESULT_TYPES, data[4:])
    except (DecodingError, OverflowError):
        return None
    return SimulatedPlan(profit, tip, tuple(SimulatedHop(*hop) for hop in hops))
