"""What goes into the record and what comes out of it."""

from dataclasses import dataclass

from executor.domain.address import Address
from executor.domain.execution import Execution
from executor.domain.intent import Purpose


@dataclass(frozen=True, slots=True)
class StoredExecution:
    """An execution with the opportunity (JSON text) that it answers, when it was taken in (Unix seconds), and
    whose work it is.
    """

    opportunity: str
    execution: Execution
    accepted_at: int
    executor_id: str


@dataclass(frozen=True, slots=True)
class Accepted:
    """What became of an intake. New: it is recorded now; else `stored` is what was recorded before. `slot`:
    the one it holds, None while none is free.
    """

    stored: StoredExecution | None
    new: bool
    slot: int | None


@dataclass(frozen=True, slots=True)
class NewIntent:
    """An intent that is to get a nonce: the lowest free one, or `nonce` where it must be that one.
    `deadline` in Unix seconds. `lost`: how many trades of the opportunity were mined, and failed for good.
    """

    sender: Address
    purpose: Purpose
    opportunity_id: str | None
    deadline: int | None
    chain_id: int
    nonce: int | None = None
    lost: int = 0


@dataclass(frozen=True, slots=True)
class Reached:
    """The highest nonce of a wallet that is recorded, given back ones aside, and the newest block that has
    one of its transactions; None where none is mined.
    """

    nonce: int
    block: int | None


@dataclass(frozen=True, slots=True)
class StopFlag:
    """Nothing may be signed or sent on `chain` (None: on any), since `set_at` (Unix seconds)."""

    chain: str | None
    because: str
    set_at: int
