"""What is asked of Balancer V3's Vault and of its pools."""

from collections.abc import Sequence

from executor.domain.abi import CODEC, decoded, decoded_address, decoded_int, eth_call, selector
from executor.domain.address import ZERO_ADDRESS, Address, to_address
from executor.domain.call import EthCall, Reading
from executor.domain.dex import Dex
from executor.domain.pool import Pool, PoolIdentity
from executor.domain.pool_details import BalancerV3Details
from executor.venues.balancer_relay import relay_request, relayed
from executor.venues.balancer_v3_answers import PROBE, known, no_pool, probes, state_of
from executor.venues.balancer_v3_state import BalancerV3State

EXACT_IN = 0
SWAP_PARAMS = "(uint8,uint256,uint256[],uint256,uint256,address,bytes)"
ROUND_DOWN = 1
COMPUTE_INVARIANT = selector("computeInvariant(uint256[],uint8)")
OF_CURVE = (
    "getWeightedPoolImmutableData",
    "getNormalizedWeights",
    "getMinTokenBalances",
    "getGradualWeightUpdateParams",
    "getStablePoolImmutableData",
    "getAmplificationParameter",
)
ON_SWAP = selector(f"onSwap({SWAP_PARAMS})")


def details(pool: Address) -> Reading[BalancerV3Details]:
    """Vault and tokens. Raises PoolNotFoundError if it does not answer as a pool that a Vault knows."""
    (answer,) = yield (eth_call(pool, "getVault()"),)
    vault = decoded_address(answer)
    if vault is None:
        raise no_pool(pool)
    (answer,) = yield (eth_call(vault, "getPoolTokens(address)", pool),)
    listed = decoded(answer, "address[]")
    if listed is None:
        raise no_pool(pool)
    tokens = listed[0]
    assert isinstance(tokens, tuple)
    return BalancerV3Details(vault, tuple(to_address(token) for token in tokens))


def identify(address: Address) -> Reading[PoolIdentity]:
    """The Vault as its factory, and its first two tokens. Raises PoolNotFoundError if no Vault knows it."""
    found = yield from details(address)
    token0, token1 = sorted(found.tokens[:2], key=lambda token: int(token, 16))
    return PoolIdentity(address, token0, token1, found.vault, tokens=found.tokens, details=found)


def belongs(dex: Dex, identity: PoolIdentity) -> Reading[bool]:
    """True if the Vault, which stands as the exchange's factory, has registered this pool. Anyone may
    register one: that its code trades as its curve does is found out in reading it.
    """
    (answer,) = yield (eth_call(dex.factory, "isPoolRegistered(address)", identity.address),)
    return decoded_int(answer) == 1


def read(pool: Pool) -> Reading[BalancerV3State]:
    """Read what the maths need, in one round.

    Raises PoolNotFoundError if the Vault or the pool does not answer, MathsError for pools with hooks that
    take part in swaps and those whose maths are not worked out here.
    """
    answers = yield _calls(pool)
    return state_of(pool, answers)


def extend(state: BalancerV3State, toward_low: bool) -> Reading[BalancerV3State]:
    """Nothing lies beyond the balances: the state as it is."""
    yield from ()
    return state


def lens_request(pool: Pool, reach: tuple[int, int]) -> bytes:
    """What the lens (contracts/lens/BalancerV3Lens.sol) is asked: the calls of a reading, whatever the reach.
    Raises as `read` does.
    """
    return relay_request(_calls(pool))


def lens_state(pool: Pool, answer: bytes) -> BalancerV3State:
    """The state in the lens's answer. Raises as `read` does."""
    answers = relayed(answer)
    if answers is None or len(answers) != len(_calls(pool)):
        raise no_pool(pool.address)
    return state_of(pool, answers)


def _calls(pool: Pool) -> tuple[EthCall, ...]:
    """All that is asked, in the order in which `state_of` takes the answers."""
    own = known(pool)
    of_pool = ("getPoolTokenInfo", "getPoolTokenRates", "getPoolConfig", "getHooksConfig")
    even, lopsided = probes(len(own.tokens))
    return (
        *(eth_call(own.vault, f"{name}(address)", pool.address) for name in of_pool),
        eth_call(own.vault, "getMinimumTradeAmount()"),
        eth_call(own.vault, "isVaultPaused()"),
        eth_call(own.vault, "isPoolPaused(address)", pool.address),
        *(eth_call(pool.address, f"{name}()") for name in OF_CURVE),
        _invariant(pool.address, even),
        _invariant(pool.address, lopsided),
        _on_swap(pool.address, even),
    )


def _invariant(pool: Address, balances: Sequence[int]) -> EthCall:
    """The pool's invariant of these balances, rounded down."""
    return EthCall(pool, COMPUTE_INVARIANT + CODEC.encode(("uint256[]", "uint8"), (balances, ROUND_DOWN)))


def _on_swap(pool: Address, balances: Sequence[int]) -> EthCall:
    """What the pool's code gives for PROBE of the first token at these balances. The first pools refuse to
    tell anyone but the Vault.
    """
    swap = (EXACT_IN, PROBE, balances, 0, 1, ZERO_ADDRESS, b"")
    return EthCall(pool, ON_SWAP + CODEC.encode((SWAP_PARAMS,), (swap,)))
