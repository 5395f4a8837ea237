"""What a revert is: a name with figures, what it means for the trade, and the words for it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from eth_hash.auto import keccak


class Meaning(StrEnum):
    """What a revert means for the trade."""

    STALE = "stale"
    MOVED_PRICE = "moved_price"
    NO_LIQUIDITY = "no_liquidity"
    TOKEN_TAX = "token_tax"
    TOKEN_REFUSED = "token_refused"
    LENDER_DRY = "lender_dry"
    PAUSED = "paused"
    LOCK_CLASH = "lock_clash"
    CONFIGURATION = "configuration"
    ATTACK = "attack"
    OUTCOME = "outcome"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class ErrorType:
    """A custom error: its arguments in order, as (type, name), what it means for the trade, and in words."""

    name: str
    arguments: tuple[tuple[str, str], ...]
    meaning: Meaning
    words: str

    @property
    def selector(self) -> bytes:
        """The first four bytes of the revert data."""
        return keccak(f"{self.name}({','.join(kind for kind, _ in self.arguments)})".encode())[:4]


@dataclass(frozen=True, slots=True)
class Reason:
    """What a reason given as text means, under its stable name."""

    name: str
    meaning: Meaning
    words: str


@dataclass(frozen=True, slots=True)
class Reasons:
    """What one protocol's contracts revert with: custom errors, and texts; a text may stand behind a prefix
    that forks change ("UniswapV2: K", "Pancake: K").
    """

    protocol: str
    errors: tuple[ErrorType, ...] = ()
    texts: Mapping[str, Reason] = field(default_factory=dict)
    prefixed: bool = False

    def of_text(self, text: str) -> Reason | None:
        """The reason that `text` gives, if it is known."""
        return self.texts.get(text.rpartition(": ")[2] if self.prefixed else text)


def code_of(name: str) -> str:
    """An error's name as a stable code: PoolNotRegistered becomes pool_not_registered."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()


def plain(meaning: Meaning, words: str, *names: str) -> tuple[ErrorType, ...]:
    """Custom errors without arguments that all mean the same."""
    return tuple(ErrorType(name, (), meaning, words) for name in names)
