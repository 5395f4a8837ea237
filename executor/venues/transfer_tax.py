"""Tokens that keep a part of each transfer: what arrives, and what must be sent.

Shapes in use: a share of the amount, rounded down (most tokens, Uniswap's `DeflatingERC20`) or up (Statera,
which cuts a hundredth of the next full hundred units). Fees that depend on who sends, or when, are of neither
shape: a token without a fee in the chain data is left to the simulation.
"""

from executor.domain.token import BASIS_POINTS, Token


def arrives(token: Token, amount: int, transfers: int = 1) -> int:
    """What is left of `amount` (smallest units) behind that many transfers; all of it where the token keeps
    nothing.
    """
    fee = token.transfer_fee
    if fee is None:
        return amount
    for _ in range(transfers):
        share = amount * fee.bps
        amount -= -(-share // BASIS_POINTS) if fee.rounded_up else share // BASIS_POINTS
    return amount


def send_for(token: Token, amount: int, transfers: int = 1) -> int:
    """The smallest amount of which at least `amount` (smallest units, positive) is left behind that many
    transfers.

    What arrives grows by one or stands still with each unit more that is sent, so that the bound is sharp:
    sent - floor(sent * bps / 10000) = ceil(sent * left / 10000), and with the fee rounded up the floor of it.
    """
    fee = token.transfer_fee
    if fee is None:
        return amount
    left = BASIS_POINTS - fee.bps
    for _ in range(transfers):
        amount = (
            -(-amount * BASIS_POINTS // left) if fee.rounded_up else (amount - 1) * BASIS_POINTS // left + 1
        )
    return amount
