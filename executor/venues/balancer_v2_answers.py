"""What the answers of Balancer V2's Vault and of a pool mean: the pool's state.

All pools since 2022 know a recovery mode, and it is those that multiply out simple powers and round the
invariant down. Pools whose weights change with time are told by a function of their own.
"""

from collections.abc import Sequence
from typing import TypeVar, cast

from executor.domain.abi import decoded, decoded_int
from executor.domain.address import ZERO_ADDRESS, Address, to_address
from executor.domain.errors import MathsError, PoolNotFoundError
from executor.domain.pool import Pool
from executor.domain.pool_details import BalancerV2Details
from executor.venues.balancer_curves import BalancerCurve, StableCurve, WeightedCurve
from executor.venues.balancer_maths import ONE
from executor.venues.balancer_v2_state import BalancerV2State

MIN_CACHE_BYTES = 96
MOST_DECIMALS = 18
Answers = Sequence[bytes | None]
Value = TypeVar("Value")


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


def providers_of(answers: Answers) -> tuple[Address, ...]:
    """Whom the pool asks for rates, by place, the zero address for nobody; empty where it knows no rates."""
    found = decoded(answers[0], "address[]")
    if found is None:
        return ()
    return tuple(to_address(address) for address in cast(tuple[str, ...], found[0]))


def state_of(pool: Pool, answers: Answers, rates: Answers) -> BalancerV2State:
    """The state in the answers, in the order in which `balancer_v2_reads` asks; `rates` are the answers of
    the providers, or none.

    Raises PoolNotFoundError if the Vault or the pool does not answer, MathsError for pools whose maths are
    not worked out here.
    """
    own = known(pool)
    tokens = [token for token in own.tokens if token != pool.address]
    count = len(tokens)
    _, held, vault_paused, clock, *rest = answers
    info0, info1, paused, fee, weights, gradual, amplification, recovery, *of_tokens = rest
    owned, swap_fee = decoded(held, "address[]", "uint256[]"), decoded_int(fee)
    managed = [decoded(info, "uint256", "uint256") for info in (info0, info1)]
    if owned is None or swap_fee is None or managed[0] is None or managed[1] is None:
        raise no_pool(pool.address)
    balances = _amounts(owned[1])
    if len(balances) != len(own.tokens) or swap_fee >= ONE:
        raise no_pool(pool.address)
    curve = _curve(pool, weights, amplification, bool(gradual), decoded(recovery, "bool") is not None)
    factors = _factors(pool, of_tokens[:count])
    providers = _others(pool, own, providers_of(answers))
    rated = isinstance(curve, StableCurve) and any(provider != ZERO_ADDRESS for provider in providers)
    later: tuple[int, ...] | None = None
    if rated:
        if len(rates) != len(providers_of(answers)) or len(providers) != count:
            raise no_pool(pool.address)
        asked = list(zip(providers, _others(pool, own, rates), strict=True))
        caches = (of_tokens[count : 2 * count], of_tokens[2 * count :])
        factors, later = _rated(pool, factors, asked, caches, decoded_int(clock))
    return BalancerV2State(
        pool,
        curve,
        tuple(value for token, value in zip(own.tokens, balances, strict=True) if token in tokens),
        factors,
        swap_fee,
        (tokens.index(pool.token0.address), tokens.index(pool.token1.address)),
        (cast(int, managed[0][1]), cast(int, managed[1][1])),
        paused=_is_set(paused) or _is_set(vault_paused),
        steady=not (rated or (isinstance(curve, StableCurve) and _ramps(amplification))),
        later_scaling=later,
    )


def no_pool(pool: Address) -> PoolNotFoundError:
    """The error for what does not answer as a pool."""
    return PoolNotFoundError(
        f"{pool} does not answer as a pool of a Balancer V2 Vault.",
        fix="check the pool's address and kind",
        pool=pool,
    )


def _curve(
    pool: Pool, weights: bytes | None, amplification: bytes | None, changing: bool, later: bool
) -> BalancerCurve:
    weighing, amplified = decoded(weights, "uint256[]"), decoded(amplification, "uint256", "bool", "uint256")
    if weighing is not None and not changing:
        return WeightedCurve(weights_of(pool, weighing[0], len(known(pool).tokens)), shortcuts=later)
    if amplified is not None:
        return StableCurve(cast(int, amplified[0]), first=not later, coarse=True)
    raise MathsError(
        f"{pool.address} is no weighted and no stable pool of Balancer's whose maths are known here.",
        fix="simulate trades with it, or use another pool",
        pool=pool.address,
    )


def weights_of(pool: Pool, told: object, count: int) -> tuple[int, ...]:
    """The weights that a pool tells. Raises PoolNotFoundError if they are not one a token."""
    weights = _amounts(told)
    if len(weights) != count or min(weights) <= 0:
        raise no_pool(pool.address)
    return weights


def _factors(pool: Pool, decimals: Answers) -> tuple[int, ...]:
    """Factors to 18 decimals, in parts of 1e18, without rates."""
    digits = [decoded_int(answer) for answer in decimals]
    if any(digit is None or digit > MOST_DECIMALS for digit in digits):
        raise no_pool(pool.address)
    return tuple(10 ** (2 * MOST_DECIMALS - digit) for digit in digits if digit is not None)


def _rated(
    pool: Pool,
    factors: tuple[int, ...],
    asked: Sequence[tuple[Address, bytes | None]],
    caches: tuple[Answers, Answers],
    now: int | None,
) -> tuple[tuple[int, ...], tuple[int, ...] | None]:
    """The factors with the rates that the next swap takes, and those from then on where they differ. `asked`
    are the providers with what they tell, `caches` the answers to both ways to ask for what the pool stored.
    """
    stored, fresh = [], []
    for (provider, told), *answers in zip(asked, *caches, strict=True):
        rate, new = (
            _rate(pool, told, answers[0] or answers[1], now) if provider != ZERO_ADDRESS else (ONE, ONE)
        )
        stored.append(rate)
        fresh.append(new)
    # Phantom pools, the only ones with so short an answer here, store a new rate after the swap.
    late = any(len(answer or b"") == MIN_CACHE_BYTES for answer in caches[0])
    if late and fresh != stored:
        return _scaled(factors, stored), _scaled(factors, fresh)
    return _scaled(factors, fresh), None


def _rate(pool: Pool, told: bytes | None, cache: bytes | None, now: int | None) -> tuple[int, int]:
    """The rate that the pool has stored, and the one after it: what the provider tells, once its time is
    over. Raises MathsError where that cannot be known.
    """
    if cache is not None and len(cache) >= MIN_CACHE_BYTES:
        # The rate comes first and the end of its time last; what stands between differs.
        stored, over = int.from_bytes(cache[:32]), now is None or now > int.from_bytes(cache[-32:])
        provided = decoded_int(told)
        if stored and (not over or provided == stored):
            return stored, stored
        if stored and now is not None and provided:
            return stored, provided
    raise MathsError(
        f"a rate that {pool.address} takes cannot be told.",
        fix="simulate trades with it, or use another pool",
        pool=pool.address,
    )


def _scaled(factors: Sequence[int], rates: Sequence[int]) -> tuple[int, ...]:
    return tuple(factor * rate // ONE for factor, rate in zip(factors, rates, strict=True))


def _others(pool: Pool, own: BalancerV2Details, values: Sequence[Value]) -> list[Value]:
    """The values without that of the pool's own token, where there is one."""
    if len(values) == len(own.tokens):
        return [value for token, value in zip(own.tokens, values, strict=True) if token != pool.address]
    return list(values)


def _ramps(amplification: bytes | None) -> bool:
    found = decoded(amplification, "uint256", "bool")
    return found is not None and bool(found[1])


def _is_set(answer: bytes | None) -> bool:
    found = decoded(answer, "bool")
    return found is not None and bool(found[0])


def _amounts(values: object) -> tuple[int, ...]:
    return cast(tuple[int, ...], values)
