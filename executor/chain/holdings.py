"""What many accounts hold of many tokens, with the price of gas and the node's own word of its chain, in one
round trip.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from executor.chain.calls import call_many
from executor.chain.head import parse_head
from executor.chain.multicall import MOST_CALLS, apart, together
from executor.chain.network import NETWORK_CALLS, Network, named_network
from executor.chain.quantities import hex_data, quantity, to_data
from executor.chain.rpc import NodeRefusedError, Rpc, results
from executor.chain.tokens import TokenFacts, read_token
from executor.domain.abi import decoded_address, decoded_int, eth_call
from executor.domain.address import Address
from executor.domain.call import EthCall, drive
from executor.domain.fee_rules import ETHEREUM_BASE_FEE, BaseFeeRule

Key = tuple[Address, Address | None]
"""An account and a token; None is the chain's own coin."""


@dataclass(frozen=True, slots=True)
class Survey:
    """What a node told at once. `held` in smallest units, None for a token that does not answer; `tokens`:
    what tokens that nobody knew say of themselves; `owner`: of the router; `gas_price`: what the next block
    charges for a unit of gas, the suggested tip included, in wei.
    """

    network: Network
    gas_price: int
    owner: Address | None
    held: dict[Key, int | None]
    tokens: dict[Address, TokenFacts]


async def survey(
    rpc: Rpc,
    accounts: Sequence[Address],
    tokens: Sequence[Address],
    *,
    unknown: Sequence[Address] = (),
    router: Address | None = None,
    rule: BaseFeeRule = ETHEREUM_BASE_FEE,
) -> Survey:
    """What `accounts` hold of the native coin, `tokens` and `unknown` ones, in one HTTP request where the
    chain has Multicall3. `unknown` are asked for their names, too. Raises NodeError.
    """
    keys = [(who, token) for who in accounts for token in (*tokens, *unknown)]
    balances = [eth_call(token, "balanceOf(address)", who) for who, token in keys]
    names = [call for token in unknown for call in next(read_token(token))]
    owner = None if router is None else eth_call(router, "owner()")
    asked = [*balances, *names, *([owner] if owner else [])]
    parts = [asked[start : start + MOST_CALLS] for start in range(0, len(asked), MOST_CALLS)]
    chain_id, client, block, tip, *answers = await rpc.batch(
        [
            *NETWORK_CALLS,
            ("eth_getBlockByNumber", ("latest", False)),
            ("eth_maxPriorityFeePerGas", ()),
            *(("eth_getBalance", (who, "latest")) for who in accounts),
            *(("eth_call", (_request(together(part)), "latest")) for part in parts),
        ]
    )
    network = named_network(*results([chain_id, client]))
    coins = [quantity(told, "eth_getBalance") for told in results(answers[: len(accounts)])]
    told = _told(parts, answers[len(accounts) :])
    if told is None:
        told = await call_many(rpc, asked)
    answer_to = dict(zip(asked, told, strict=True))
    native: dict[Key, int | None] = {(who, None): coin for who, coin in zip(accounts, coins, strict=True)}
    return Survey(
        network,
        parse_head(*results([block]), rule=rule).next_base_fee + _tip(tip),
        decoded_address(answer_to[owner]) if owner else None,
        native | {key: decoded_int(answer_to[call]) for key, call in zip(keys, balances, strict=True)},
        {token: drive(read_token(token), answer_to.__getitem__) for token in unknown},
    )


def _request(call: EthCall) -> dict[str, str]:
    return {"to": call.to, "data": to_data(call.data)}


def _told(parts: Sequence[Sequence[EthCall]], answers: Sequence[object]) -> Sequence[bytes | None] | None:
    """The answers to all calls in order; None where Multicall3 is missing or ran out of gas."""
    told: list[bytes | None] = []
    for part, answer in zip(parts, answers, strict=True):
        data = b"" if isinstance(answer, NodeRefusedError) else hex_data(answer, "eth_call of Multicall3")
        if not data:
            return None
        values, enough_gas = apart(data, len(part))
        if not enough_gas:
            return None
        told += values
    return told


def _tip(answer: object) -> int:
    """The suggested tip in wei per gas; 0 from a node that suggests none."""
    return 0 if isinstance(answer, NodeRefusedError) else quantity(answer, "eth_maxPriorityFeePerGas")
