"""Pools of Balancer V2's Vault, which quotes for them.

Sources: Balancer V2's `IVault` and `IBasePool`. `queryBatchSwap` runs the swap and undoes it: its answer is
what the swap gives.
"""

from dataclasses import dataclass

from executor.domain.abi import CODEC, decoded, decoded_address, eth_call, selector
from executor.domain.address import ZERO_ADDRESS, Address, to_address
from executor.domain.call import EthCall, Reading
from executor.domain.errors import PoolNotFoundError
from executor.domain.pool_details import BalancerV2Details
from executor.venues.quoting import refuse

GIVEN_IN = 0
QUERY_TYPES = (
    "uint8",
    "(bytes32,uint256,uint256,uint256,bytes)[]",
    "address[]",
    "(address,bool,address,bool)",
)
QUERY = selector(f"queryBatchSwap({','.join(QUERY_TYPES)})")


@dataclass(frozen=True, slots=True)
class BalancerV2State:
    """What the Vault holds for the pool, by token in the Vault's order, in smallest units; `swap_fee` in
    parts of 1e18.
    """

    balances: tuple[int, ...]
    swap_fee: int


def details(pool: Address) -> Reading[BalancerV2Details]:
    """Id, Vault and tokens. Raises PoolNotFoundError if it does not answer as a pool that a Vault knows."""
    answers = yield (eth_call(pool, "getPoolId()"), eth_call(pool, "getVault()"))
    pool_id, vault = decoded(answers[0], "bytes32"), decoded_address(answers[1])
    if pool_id is None or vault is None:
        raise _no_pool(pool)
    raw = pool_id[0]
    assert isinstance(raw, bytes)
    (answer,) = yield (eth_call(vault, "getPoolTokens(bytes32)", raw),)
    tokens = decoded(answer, "address[]")
    if tokens is None or to_address("0x" + raw[:20].hex()) != pool:
        raise _no_pool(pool)
    listed = tokens[0]
    assert isinstance(listed, tuple)
    return BalancerV2Details(vault, "0x" + raw.hex(), tuple(to_address(token) for token in listed))


def quote(
    pool: Address, pool_details: BalancerV2Details, token_in: Address, token_out: Address, amount_in: int
) -> Reading[int]:
    """What the Vault gives for `amount_in`, both in smallest units. Raises MathsError if it refuses."""
    (answer,) = yield (_query(pool_details, token_in, token_out, amount_in),)
    deltas = decoded(answer, "int256[]")
    if deltas is None:
        refuse(pool, amount_in)
    changes = deltas[0]
    assert isinstance(changes, tuple)
    # Of the Vault's assets: what it gives is negative.
    return -int(changes[1])


def read_state(pool: Address, pool_details: BalancerV2Details) -> Reading[BalancerV2State]:
    """Balances and fee. Raises PoolNotFoundError if the Vault or the pool does not tell them."""
    answers = yield (
        eth_call(pool_details.vault, "getPoolTokens(bytes32)", bytes.fromhex(pool_details.pool_id[2:])),
        eth_call(pool, "getSwapFeePercentage()"),
    )
    held, fee = decoded(answers[0], "address[]", "uint256[]"), decoded(answers[1], "uint256")
    if held is None or fee is None:
        raise _no_pool(pool)
    balances, swap_fee = held[1], fee[0]
    assert isinstance(balances, tuple) and isinstance(swap_fee, int)
    return BalancerV2State(balances, swap_fee)


def _query(pool_details: BalancerV2Details, token_in: Address, token_out: Address, amount_in: int) -> EthCall:
    step = (bytes.fromhex(pool_details.pool_id[2:]), 0, 1, amount_in, b"")
    nobody = (ZERO_ADDRESS, False, ZERO_ADDRESS, False)
    return EthCall(
        pool_details.vault,
        QUERY + CODEC.encode(QUERY_TYPES, (GIVEN_IN, [step], [token_in, token_out], nobody)),
    )


def _no_pool(pool: Address) -> PoolNotFoundError:
    return PoolNotFoundError(
        f"{pool} does not answer as a pool of a Balancer V2 Vault.",
        fix="check the pool's address and kind",
        pool=pool,
    )
