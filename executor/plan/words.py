"""Phrases that explanations share."""

from executor.domain.address import Address
from executor.plan.format import Payer, Recipient

PAYERS = {
    Payer.NONE: "paid by an earlier step or the steps inside",
    Payer.SETTLEMENT: "paid by the router in the settlement token",
    Payer.TRACKED: "paid by the router in a tracked token",
}
RECIPIENTS = {
    Recipient.ROUTER: "the router",
    Recipient.CALLER: "the waiting pool",
    Recipient.NEXT_POOL: "the next pool",
}


def amount(literal: int | None) -> str:
    """A literal amount, or what stands for it."""
    return "what the last step gave" if literal is None else str(literal)


def direction(zero_for_one: bool) -> str:
    """Which of a pool's two tokens goes in."""
    return "token0 for token1" if zero_for_one else "token1 for token0"


def recipient(kind: Recipient, to: Address | None) -> str:
    """Who receives."""
    return RECIPIENTS.get(kind, str(to))


def token(address: Address | None, otherwise: str = "the settlement token") -> str:
    """A token by address; the zero address is the chain's own coin."""
    if address is None:
        return otherwise
    return "the chain's own coin" if int(address, 16) == 0 else f"token {address}"
