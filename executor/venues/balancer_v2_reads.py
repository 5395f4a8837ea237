"""What is asked of Balancer V2's Vault and of its pools."""

from executor.domain.abi import CODEC, decoded, decoded_address, eth_call, selector
from executor.domain.address import ZERO_ADDRESS, Address, to_address
from executor.domain.call import EthCall, Reading
from executor.domain.dex import Dex
from executor.domain.pool import Pool, PoolIdentity
from executor.domain.pool_details import BalancerV2Details
from executor.venues.balancer_relay import relay_request, relayed
from executor.venues.balancer_v2_answers import known, no_pool, providers_of, state_of
from executor.venues.balancer_v2_state import BalancerV2State
from executor.venues.quoting import refuse

GIVEN_IN = 0
QUERY_TYPES = (
    "uint8",
    "(bytes32,uint256,uint256,uint256,bytes)[]",
    "address[]",
    "(address,bool,address,bool)",
)
QUERY = selector(f"queryBatchSwap({','.join(QUERY_TYPES)})")
CLOCK = to_address("0xcA11bde05977b3631167028862bE2a173976CA11")
"""Multicall3, the same on all chains: tells the block's time."""


def details(pool: Address) -> Reading[BalancerV2Details]:
    """Id, Vault and tokens. Raises PoolNotFoundError if it does not answer as a pool that a Vault knows."""
    answers = yield (eth_call(pool, "getPoolId()"), eth_call(pool, "getVault()"))
    pool_id, vault = decoded(answers[0], "bytes32"), decoded_address(answers[1])
    if pool_id is None or vault is None:
        raise no_pool(pool)
    raw = pool_id[0]
    assert isinstance(raw, bytes)
    (answer,) = yield (eth_call(vault, "getPoolTokens(bytes32)", raw),)
    tokens = decoded(answer, "address[]")
    if tokens is None or to_address("0x" + raw[:20].hex()) != pool:
        raise no_pool(pool)
    listed = tokens[0]
    assert isinstance(listed, tuple)
    return BalancerV2Details(vault, "0x" + raw.hex(), tuple(to_address(token) for token in listed))


def identify(address: Address) -> Reading[PoolIdentity]:
    """The Vault as its factory, and the first two of its tokens, its own left out. Raises PoolNotFoundError
    if no Vault knows it.
    """
    found = yield from details(address)
    others = [token for token in found.tokens if token != address]
    token0, token1 = sorted(others[:2], key=lambda token: int(token, 16))
    return PoolIdentity(address, token0, token1, found.vault, tokens=tuple(others), details=found)


def belongs(dex: Dex, identity: PoolIdentity) -> Reading[bool]:
    """True if the Vault, which stands as the exchange's factory, has this pool under the id that it tells."""
    (answer,) = yield (eth_call(identity.address, "getPoolId()"),)
    pool_id = decoded(answer, "bytes32")
    if pool_id is None:
        return False
    (answer,) = yield (eth_call(dex.factory, "getPool(bytes32)", pool_id[0]),)
    return decoded_address(answer) == identity.address


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


def read(pool: Pool) -> Reading[BalancerV2State]:
    """Read what the maths need: one round, a second for pools that take rates.

    Raises PoolNotFoundError if the Vault or the pool does not answer, MathsError for pools whose maths are
    not worked out here.
    """
    answers = yield _calls(pool)
    providers = providers_of(answers)
    rates: tuple[bytes | None, ...] = ()
    if any(provider != ZERO_ADDRESS for provider in providers):
        rates = yield tuple(eth_call(provider, "getRate()") for provider in providers)
    return state_of(pool, answers, rates)


def extend(state: BalancerV2State, toward_low: bool) -> Reading[BalancerV2State]:
    """Nothing lies beyond the balances: the state as it is."""
    yield from ()
    return state


def lens_request(pool: Pool, reach: tuple[int, int]) -> bytes:
    """What the lens (contracts/lens/BalancerV2Lens.sol) is asked: the calls of a reading, whatever the reach.
    The answer to the first lists who is asked for rates. Raises as `read` does.
    """
    return relay_request(_calls(pool))


def lens_state(pool: Pool, answer: bytes) -> BalancerV2State:
    """The state in the lens's answer. Raises as `read` does."""
    answers = relayed(answer)
    asked = len(_calls(pool))
    if answers is None or len(answers) < asked:
        raise no_pool(pool.address)
    return state_of(pool, answers[:asked], answers[asked:])


def _calls(pool: Pool) -> tuple[EthCall, ...]:
    """All that is asked in the first round, in the order in which `state_of` takes the answers."""
    own = known(pool)
    pool_id = bytes.fromhex(own.pool_id[2:])
    tokens = [token for token in own.tokens if token != pool.address]
    pair = (pool.token0.address, pool.token1.address)
    return (
        eth_call(pool.address, "getRateProviders()"),
        eth_call(own.vault, "getPoolTokens(bytes32)", pool_id),
        eth_call(own.vault, "getPausedState()"),
        eth_call(CLOCK, "getCurrentBlockTimestamp()"),
        *(eth_call(own.vault, "getPoolTokenInfo(bytes32,address)", pool_id, token) for token in pair),
        eth_call(pool.address, "getPausedState()"),
        eth_call(pool.address, "getSwapFeePercentage()"),
        eth_call(pool.address, "getNormalizedWeights()"),
        eth_call(pool.address, "getGradualWeightUpdateParams()"),
        eth_call(pool.address, "getAmplificationParameter()"),
        eth_call(pool.address, "inRecoveryMode()"),
        *(eth_call(token, "decimals()") for token in tokens),
        *(eth_call(pool.address, "getTokenRateCache(address)", token) for token in tokens),
        *(eth_call(pool.address, "getPriceRateCache(address)", token) for token in tokens),
    )


def _query(pool_details: BalancerV2Details, token_in: Address, token_out: Address, amount_in: int) -> EthCall:
    step = (bytes.fromhex(pool_details.pool_id[2:]), 0, 1, amount_in, b"")
    nobody = (ZERO_ADDRESS, False, ZERO_ADDRESS, False)
    return EthCall(
        pool_details.vault,
        QUERY + CODEC.encode(QUERY_TYPES, (GIVEN_IN, [step], [token_in, token_out], nobody)),
    )
