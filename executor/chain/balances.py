"""What an account holds, read in one batch."""

from collections.abc import Sequence
from dataclasses import dataclass

from executor.chain.blocks import Block, block_param, refuses_block_hash
from executor.chain.quantities import answer_error, hex_data, quantity, to_data
from executor.chain.rpc import Rpc, results
from executor.domain.abi import eth_call
from executor.domain.address import Address


@dataclass(frozen=True, slots=True)
class Balances:
    """`native` in wei, `tokens` by token address in each token's smallest unit."""

    native: int
    tokens: dict[Address, int]


async def balances(rpc: Rpc, owner: Address, tokens: Sequence[Address], block: Block = "latest") -> Balances:
    """The native coin and `tokens` that `owner` holds at `block`. Raises NodeError, also when a token does
    not answer.
    """
    param = block_param(rpc, block)
    calls = [eth_call(token, "balanceOf(address)", owner) for token in tokens]
    answers = await rpc.batch(
        [
            ("eth_getBalance", (owner, param)),
            *(("eth_call", ({"to": call.to, "data": to_data(call.data)}, param)) for call in calls),
        ]
    )
    if any(refuses_block_hash(rpc, param, answer) for answer in answers):
        return await balances(rpc, owner, tokens, block)
    native, *held = results(answers)
    return Balances(
        native=quantity(native, "eth_getBalance"),
        tokens={token: _amount(token, answer) for token, answer in zip(tokens, held, strict=True)},
    )


def _amount(token: Address, answer: object) -> int:
    data = hex_data(answer, f"balanceOf of {token}")
    if len(data) < 32:
        raise answer_error(f"balanceOf of {token}", "is empty (is there a token at that address?)")
    return int.from_bytes(data[:32], "big")
