"""Balancer V2 pools, through the Vault."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from executor.domain.address import Address
from executor.plan import format as f
from executor.plan import words
from executor.plan.format import Opcode, Payer, Recipient
from executor.plan.layout import (
    IF_TRACKED,
    POOL,
    PULLED_PAYER,
    RECIPIENT,
    TO,
    Field,
    Flags,
    Layout,
    address_field,
    amount_field,
    last,
)
from executor.plan.steps.step import Step


@dataclass(frozen=True, slots=True)
class BalancerV2Swap(Step):
    """A hop over a pool of the Vault. Its id is the address `pool` and, behind it, `pool_id_tail` (12 bytes,
    0x-prefixed). `amount_in` None: what the last step gave; `token_in` is present when the payer is TRACKED.
    """

    pool: Address
    pool_id_tail: str
    token_out: Address
    payer: Payer
    recipient: Recipient
    amount_in: int | None = None
    token_in: Address | None = None
    to: Address | None = None

    LAYOUT: ClassVar[Layout] = Layout(
        Opcode.BALANCER_V2_SWAP,
        (
            Flags((last(), PULLED_PAYER, RECIPIENT)),
            Flags((), "extra"),
            POOL,
            Field("pool_id_tail", f.POOL_ID_TAIL_BYTES, "the rest of the pool's id", "hex"),
            address_field("token_out", "the token that comes out"),
            address_field("token_in", "the token that goes in", IF_TRACKED),
            amount_field(),
            TO,
        ),
    )

    def in_words(self) -> str:
        """What the step does, in words."""
        return (
            f"swap {words.amount(self.amount_in)} for token {self.token_out} on Balancer V2 pool {self.pool}"
            f": {words.PAYERS[self.payer]}; send to {words.recipient(self.recipient, self.to)}"
        )
