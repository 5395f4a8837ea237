"""What an account holds, read in one batch."""

from collections.abc import Sequence
from dataclasses import dataclass

from executor.chain.blocks import Block, block_param, refuses_block_hash
from executor.chain.calls import reverted
from executor.chain.quantities import answer_error, hex_data, quantity, to_data
from executor.chain.rpc import Call, NodeRefusedError, Rpc, results
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


async def amounts(
    rpc: Rpc, owners: Sequence[Address], tokens: Sequence[Address], block: Block = "latest"
) -> dict[tuple[Address, Address | None], int | None]:
    """What each owner holds of each token, and under None of the native coin, in one batch; None for a token
    that does not answer. Raises NodeError.
    """
    param = block_param(rpc, block)
    wanted: list[tuple[Address, Address | None]] = [
        (owner, token) for owner in owners for token in (None, *tokens)
    ]
    answers = await rpc.batch([_balance_call(owner, token, param) for owner, token in wanted])
    if any(refuses_block_hash(rpc, param, answer) for answer in answers):
        return await amounts(rpc, owners, tokens, block)
    return {key: _told(key[1], answer) for key, answer in zip(wanted, answers, strict=True)}


def _balance_call(owner: Address, token: Address | None, param: object) -> Call:
    if token is None:
        return "eth_getBalance", (owner, param)
    call = eth_call(token, "balanceOf(address)", owner)
    return "eth_call", ({"to": call.to, "data": to_data(call.data)}, param)


def _told(token: Address | None, answer: object) -> int | None:
    if token is None:
        return quantity(results([answer])[0], "eth_getBalance")
    if isinstance(answer, NodeRefusedError):
        if reverted(answer):
            return None
        raise answer
    data = hex_data(answer, f"balanceOf of {token}")
    return int.from_bytes(data[:32], "big") if len(data) >= 32 else None


def _amount(token: Address, answer: object) -> int:
    data = hex_data(answer, f"balanceOf of {token}")
    if len(data) < 32:
        raise answer_error(f"balanceOf of {token}", "is empty (is there a token at that address?)")
    return int.from_bytes(data[:32], "big")
