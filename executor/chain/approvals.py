"""Who may take tokens from whom (ERC-20 `allowance`), read in one batch."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

from eth_hash.auto import keccak

from executor.chain.blocks import Block
from executor.chain.logs import parse_log
from executor.chain.multicall import call_together
from executor.chain.quantities import answer_error, to_data, to_quantity
from executor.chain.rpc import NodeRefusedError, Rpc
from executor.domain.abi import decoded_int, eth_call
from executor.domain.address import Address, to_address

APPROVAL = keccak(b"Approval(address,address,uint256)")
"""ERC-20: owner and spender are indexed. ERC-721 has the same event with all three indexed."""

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


async def spenders_ever(
    rpc: Rpc, owner: Address, first_block: int, last_block: int
) -> tuple[tuple[Address, Address], ...]:
    """Each token and spender that `owner` has approved in these blocks, by the tokens' logs, in the order of
    the first. A range that is too long for the node is asked in halves. Raises NodeError.
    """
    wanted = {
        "fromBlock": to_quantity(first_block),
        "toBlock": to_quantity(last_block),
        "topics": [to_data(APPROVAL), to_data(bytes.fromhex(owner[2:]).rjust(32, b"\0"))],
    }
    (answer,) = await rpc.batch([("eth_getLogs", (wanted,))])
    if isinstance(answer, NodeRefusedError):
        if first_block >= last_block:
            raise answer
        middle = (first_block + last_block) // 2
        earlier = await spenders_ever(rpc, owner, first_block, middle)
        later = await spenders_ever(rpc, owner, middle + 1, last_block)
        return tuple(dict.fromkeys((*earlier, *later)))
    if not isinstance(answer, list):
        raise answer_error("eth_getLogs", "is not a list")
    logs = [parse_log(entry, f"eth_getLogs[{index}]")[0] for index, entry in enumerate(answer)]
    of_tokens = [log for log in logs if len(log.topics) == 3]
    return tuple(
        dict.fromkeys((log.address, to_address("0x" + log.topics[2][12:].hex())) for log in of_tokens)
    )


async def standing_allowances(
    rpc: Rpc, owner: Address, pairs: Sequence[tuple[Address, Address]], block: Block = "latest"
) -> tuple[Allowance, ...]:
    """What of these tokens each of these spenders may take from `owner` now, those above zero. Raises
    NodeError.
    """
    calls = [eth_call(token, "allowance(address,address)", owner, spender) for token, spender in pairs]
    answers = await call_together(rpc, calls, block)
    return tuple(
        Allowance(owner, token, spender, amount)
        for (token, spender), answer in zip(pairs, answers, strict=True)
        if (amount := decoded_int(answer))
    )
