"""What is asked of Balancer V2's Vault and of its pools, and what their answers mean."""

from collections.abc import Sequence
from typing import cast

from executor.domain.abi import CODEC, decoded, decoded_address, decoded_int, eth_call, selector
from executor.domain.address import ZERO_ADDRESS, Address, to_address
from executor.domain.call import EthCall, Reading
from executor.domain.errors import MathsError, PoolNotFoundError
from executor.domain.pool import Pool, PoolIdentity
from executor.domain.pool_details import BalancerV2Details
from executor.venues.balancer_curves import BalancerCurve, StableCurve, WeightedCurve
from executor.venues.balancer_maths import ONE
from executor.venues.balancer_v2_state import BalancerV2State
from executor.venues.quoting import refuse

GIVEN_IN = 0
MIN_CACHE_BYTES = 96
QUERY_TYPES = (
    "uint8",
    "(bytes32,uint256,uint256,uint256,bytes)[]",
    "address[]",
    "(address,bool,address,bool)",
)
QUERY = selector(f"queryBatchSwap({','.join(QUERY_TYPES)})")
CLOCK = to_address("0xcA11bde05977b3631167028862bE2a173976CA11")
"""Multicall3, the same on all chains: tells the block's time."""

OF_POOL = (
    "getSwapFeePercentage()",
    "getNormalizedWeights()",
    "getAmplificationParameter()",
    "inRecoveryMode()",
    "getPausedState()",
    "getGradualWeightUpdateParams()",
    "getRateProviders()",
)
"""Which of these a pool answers tells what it is. All since 2022 know a recovery mode, and those multiply out
simple powers and round the invariant down; weights that change are told by a function of their own.
"""


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


def identify(address: Address) -> Reading[PoolIdentity]:
    """The Vault as its factory, and its first two tokens but for its own. Raises PoolNotFoundError if no
    Vault knows it.
    """
    found = yield from details(address)
    token0, token1 = sorted(
        [token for token in found.tokens if token != address][:2], key=lambda token: int(token, 16)
    )
    return PoolIdentity(address, token0, token1, found.vault)


def registered(vault: Address, pool: Address) -> Reading[bool]:
    """True if the Vault knows `pool` under the id that it tells."""
    (answer,) = yield (eth_call(pool, "getPoolId()"),)
    pool_id = decoded(answer, "bytes32")
    if pool_id is None:
        return False
    (answer,) = yield (eth_call(vault, "getPool(bytes32)", pool_id[0]),)
    return decoded_address(answer) == pool


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
    """Read what the maths need: one round, a second for pools whose rates have run out.

    Raises PoolNotFoundError if the Vault or the pool does not answer, MathsError for pools whose maths are
    not worked out here.
    """
    own = known(pool)
    pool_id = bytes.fromhex(own.pool_id[2:])
    pair = (pool.token0.address, pool.token1.address)
    tokens = [token for token in own.tokens if token != pool.address]
    head = (
        eth_call(own.vault, "getPoolTokens(bytes32)", pool_id),
        eth_call(own.vault, "getPausedState()"),
        eth_call(CLOCK, "getCurrentBlockTimestamp()"),
        *(eth_call(own.vault, "getPoolTokenInfo(bytes32,address)", pool_id, token) for token in pair),
        *(eth_call(pool.address, name) for name in OF_POOL),
    )
    answers = yield (
        *head,
        *(eth_call(token, "decimals()") for token in tokens),
        *(eth_call(pool.address, "getTokenRateCache(address)", token) for token in tokens),
        *(eth_call(pool.address, "getPriceRateCache(address)", token) for token in tokens),
    )
    of_tokens = answers[len(head) :]
    told = dict(zip(OF_POOL, answers[5 : len(head)], strict=True))
    count = len(tokens)
    held = decoded(answers[0], "address[]", "uint256[]")
    vault_paused, paused = decoded(answers[1], "bool"), decoded(told["getPausedState()"], "bool")
    fee = decoded_int(told["getSwapFeePercentage()"])
    infos = [decoded(answer, "uint256", "uint256") for answer in answers[3:5]]
    if held is None or fee is None or paused is None or None in infos:
        raise _no_pool(pool.address)
    listed, curve = cast(tuple[str, ...], held[0]), _curve(pool, told)
    owned = _without_own(pool, listed, cast(tuple[int, ...], held[1]))
    scaling = _decimal_factors(pool, of_tokens[:count])
    moving = False
    if isinstance(curve, StableCurve):
        caches = tuple(
            a or b for a, b in zip(of_tokens[count : 2 * count], of_tokens[2 * count :], strict=True)
        )
        providers = _providers(pool, told, listed)
        moving = any(providers) or _ramping(told)
        scaling = yield from _fresh(pool, scaling, providers, caches, decoded_int(answers[2]))
    return BalancerV2State(
        pool,
        curve,
        owned,
        scaling,
        fee,
        (tokens.index(pair[0]), tokens.index(pair[1])),
        (_managed(infos[0]), _managed(infos[1])),
        bool(paused[0]) or (vault_paused is not None and bool(vault_paused[0])),
        not moving,
    )


def known(pool: Pool) -> BalancerV2Details:
    """The pool's details. Raises PoolNotFoundError without, or if the pair is not two of its tokens;
    MathsError where one of the two is the pool's own token.
    """
    own = pool.details
    pair = (pool.token0.address, pool.token1.address)
    if not isinstance(own, BalancerV2Details) or any(token not in own.tokens for token in pair):
        raise PoolNotFoundError(
            f"it is not known that {pool.address} holds {pool.token0.symbol} and {pool.token1.symbol}.",
            fix="name the pool's address and two of its tokens",
            pool=pool.address,
        )
    if pool.address in pair:
        raise MathsError(
            f"{pool.address} mints and burns its own token: a join or an exit, not a swap.",
            fix="simulate it, or trade its other tokens",
            pool=pool.address,
        )
    return own


def curve_of(
    pool: Pool, weights: tuple[int, ...] | None, amplification: int | None, later: bool, changing: bool
) -> BalancerCurve:
    """The curve of a pool that tells weights or an amplification. Raises MathsError where it tells neither,
    or has weights that change.
    """
    if weights and not changing:
        return WeightedCurve(weights, shortcuts=later)
    if amplification:
        return StableCurve(amplification, first=not later, coarse=True)
    raise MathsError(
        f"{pool.address} is no weighted and no stable pool of Balancer's whose maths are known here.",
        fix="simulate trades with it, or use another pool",
        pool=pool.address,
    )


def _curve(pool: Pool, told: dict[str, bytes | None]) -> BalancerCurve:
    weights = decoded(told["getNormalizedWeights()"], "uint256[]")
    amplification = decoded(told["getAmplificationParameter()"], "uint256", "bool", "uint256")
    return curve_of(
        pool,
        cast(tuple[int, ...], weights[0]) if weights else None,
        cast(int, amplification[0]) if amplification else None,
        decoded(told["inRecoveryMode()"], "bool") is not None,
        bool(told["getGradualWeightUpdateParams()"]),
    )


def _without_own(pool: Pool, listed: Sequence[str], values: Sequence[int]) -> tuple[int, ...]:
    """The values of all tokens but the pool's own."""
    pairs = zip(listed, values, strict=True)
    return tuple(value for token, value in pairs if to_address(token) != pool.address)


def _decimal_factors(pool: Pool, decimals: Sequence[bytes | None]) -> tuple[int, ...]:
    """Factors to 18 decimals, in parts of 1e18, without rates."""
    digits = [decoded_int(answer) for answer in decimals]
    if any(digit is None or digit > 18 for digit in digits):
        raise _no_pool(pool.address)
    return tuple(10 ** (36 - digit) for digit in digits if digit is not None)


def _providers(
    pool: Pool, told: dict[str, bytes | None], listed: Sequence[str]
) -> tuple[Address | None, ...]:
    """Where the pool asks for rates, by token; none where the pool knows no rates."""
    found = decoded(told["getRateProviders()"], "address[]")
    if found is None:
        return (None,) * len(listed)
    named = [to_address(address) for address in cast(tuple[str, ...], found[0])]
    if len(named) == len(listed):
        named = [each for each, token in zip(named, listed, strict=True) if to_address(token) != pool.address]
    return tuple(None if provider == ZERO_ADDRESS else provider for provider in named)


def _ramping(told: dict[str, bytes | None]) -> bool:
    amplification = decoded(told["getAmplificationParameter()"], "uint256", "bool")
    return amplification is not None and bool(amplification[1])


def _managed(info: tuple[object, ...] | None) -> int:
    assert info is not None
    return cast(int, info[1])


def _fresh(
    pool: Pool,
    factors: tuple[int, ...],
    providers: Sequence[Address | None],
    caches: Sequence[bytes | None],
    now: int | None,
) -> Reading[tuple[int, ...]]:
    """The factors with the rates that the next swap takes: one that has run out is asked for anew."""
    rates: dict[int, int] = {}
    stale: dict[int, Address] = {}
    for place, (provider, cache) in enumerate(zip(providers, caches, strict=True)):
        if provider is None or cache is None or len(cache) < MIN_CACHE_BYTES:
            continue
        # The rate comes first and the end of its time last; what stands between differs.
        rates[place] = int.from_bytes(cache[:32])
        if now is None or now > int.from_bytes(cache[-32:]):
            stale[place] = provider
    if stale:
        answers = yield tuple(eth_call(provider, "getRate()") for provider in stale.values())
        for place, answer in zip(stale, answers, strict=True):
            rate = decoded_int(answer)
            if rate is None or (now is None and rate != rates[place]):
                raise MathsError(
                    f"a rate that {pool.address} takes cannot be told.",
                    fix="simulate trades with it, or use another pool",
                    pool=pool.address,
                )
            rates[place] = rate
    return tuple(factor * rates.get(place, ONE) // ONE for place, factor in enumerate(factors))


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
