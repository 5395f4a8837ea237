"""Who may take tokens from whom (ERC-20 `allowance`), read in one batch."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

from executor.chain.blocks import Block
from executor.chain.multicall import call_together
from executor.chain.rpc import Rpc
from executor.domain.abi import decoded_int, eth_call
from executor.domain.address import Address

UNLIMITED = 2**255
"""From here on an allowance is meant to have no bound: many tokens never lower it."""


@dataclass(frozen=True, slots=True)
class Allowance:
    """`spender` may take `amount` (smallest unit) of `token` from `owner`."""

    owner: Address
    token: Address
    spender: Address
    amount: int

    @property
    def unlimited(self) -> bool:
        """True if it is meant to have no bound."""
        return self.amount >= UNLIMITED


async def allowances(
    rpc: Rpc,
    owners: Sequence[Address],
    tokens: Sequence[Address],
    spenders: Sequence[Address],
    block: Block = "latest",
) -> tuple[Allowance, ...]:
    """Every allowance above zero of these owners, tokens and spenders. A token that does not answer has none.
    Raises NodeError.
    """
    asked = list(product(owners, tokens, spenders))
    calls = [eth_call(token, "allowance(address,address)", owner, spender) for owner, token, spender in asked]
    answers = await call_together(rpc, calls, block)
    return tuple(
        Allowance(owner, token, spender, amount)
        for (owner, token, spender), answer in zip(asked, answers, strict=True)
        if (amount := decoded_int(answer))
    )
