"""Balancer V3: everything between a lock's opening and its end nets out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from executor.domain.address import Address
from executor.plan import words
from executor.plan.format import Opcode, Payer, Recipient
from executor.plan.layout import (
    IF_TRACKED,
    POOL,
    PULLED_PAYER,
    RECIPIENT,
    TO,
    Flags,
    Layout,
    address_field,
    amount_field,
    last,
    steps_field,
)
from executor.plan.steps.step import Step


@dataclass(frozen=True, slots=True)
class BalancerV3Unlock(Step):
    """Opens the Vault's lock; when the steps inside end, nothing may be owed either way."""

    continuation: tuple[Step, ...]

    INSIDE: ClassVar[str] = "inside the lock"
    LAYOUT: ClassVar[Layout] = Layout(Opcode.BALANCER_V3_UNLOCK, (steps_field("the steps inside the lock"),))

    def in_words(self) -> str:
        """What the step does, in words."""
        return "unlock the Balancer V3 Vault"


@dataclass(frozen=True, slots=True)
class BalancerV3Swap(Step):
    """Swaps an exact input in one pool. `amount_in` None: what the last step gave."""

    pool: Address
    token_in: Address
    token_out: Address
    amount_in: int | None = None

    LAYOUT: ClassVar[Layout] = Layout(
        Opcode.BALANCER_V3_SWAP,
        (
            Flags((last(),)),
            Flags((), "extra"),
            POOL,
            address_field("token_in", "the token that goes in"),
            address_field("token_out", "the token that comes out"),
            amount_field(),
        ),
    )

    def in_words(self) -> str:
        """What the step does, in words."""
        return (
            f"swap {words.amount(self.amount_in)} of token {self.token_in} for token {self.token_out}"
            f" on Balancer V3 pool {self.pool}"
        )


@dataclass(frozen=True, slots=True)
class BalancerV3Send(Step):
    """Takes `amount` of what the Vault owes; None: what the last step gave."""

    token: Address
    recipient: Recipient
    amount: int | None = None
    to: Address | None = None

    LAYOUT: ClassVar[Layout] = Layout(
        Opcode.BALANCER_V3_SEND,
        (
            Flags((last("amount"), RECIPIENT)),
            address_field("token", "the token"),
            amount_field("amount", "the amount"),
            TO,
        ),
    )

    def in_words(self) -> str:
        """What the step does, in words."""
        return (
            f"take {words.amount(self.amount)} of token {self.token} from the Vault, "
            f"send to {words.recipient(self.recipient, self.to)}"
        )


@dataclass(frozen=True, slots=True)
class BalancerV3Settle(Step):
    """Pays `amount` to the Vault; None: what the last step gave. `token` is present when the payer is
    TRACKED.
    """

    payer: Payer
    amount: int | None = None
    token: Address | None = None

    LAYOUT: ClassVar[Layout] = Layout(
        Opcode.BALANCER_V3_SETTLE,
        (
            Flags((last("amount"), PULLED_PAYER)),
            address_field("token", "the token", IF_TRACKED),
            amount_field("amount", "the amount"),
        ),
    )

    def in_words(self) -> str:
        """What the step does, in words."""
        return f"pay {words.amount(self.amount)} of {words.token(self.token)} to the Vault"
