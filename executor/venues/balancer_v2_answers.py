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
    curve = _curve(pool, weights, amplification, bool(gradual), decoded(recovery, "bool") is not None)
    factors = _factors(pool, of_tokens[:count])
    providers = providers_of(answers)
    rated = any(provider != ZERO_ADDRESS for provider in providers)
    later: tuple[int, ...] | None = None
    moving = isinstance(curve, StableCurve) and (rated or _ramps(amplification))
    if isinstance(curve, StableCurve) and rates:
        # A pool answers one of the two ways to ask for what it stored, or neither.
        caches = [
            token or price
            for token, price in zip(of_tokens[count : 2 * count], of_tokens[2 * count :], strict=True)
        ]
        stored, fresh = _rates(pool, caches, _others(pool, own, rates), decoded_int(clock))
        # Phantom pools, the only ones with so short an answer here, store a new rate after the swap.
        late = any(len(answer or b"") == MIN_CACHE_BYTES for answer in of_tokens[count : 2 * count])
        later = _scaled(factors, fresh) if late and fresh != stored else None
        factors = _scaled(factors, stored if late else fresh)
    return BalancerV2State(
        pool,
        curve,
        tuple(value for token, value in zip(own.tokens, _amounts(owned[1]), strict=True) if token in tokens),
        factors,
        swap_fee,
        (tokens.index(pool.token0.address), tokens.index(pool.token1.address)),
        (cast(int, managed[0][1]), cast(int, managed[1][1])),
        paused=_is_set(paused) or _is_set(vault_paused),
        steady=not moving,
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
        return WeightedCurve(_amounts(weighing[0]), shortcuts=later)
    if amplified is not None:
        return StableCurve(cast(int, amplified[0]), first=not later, coarse=True)
    raise MathsError(
        f"{pool.address} is no weighted and no stable pool of Balancer's whose maths are known here.",
        fix="simulate trades with it, or use another pool",
        pool=pool.address,
    )


def _factors(pool: Pool, decimals: Answers) -> tuple[int, ...]:
    """Factors to 18 decimals, in parts of 1e18, without rates."""
    digits = [decoded_int(answer) for answer in decimals]
    if any(digit is None or digit > MOST_DECIMALS for digit in digits):
        raise no_pool(pool.address)
    return tuple(10 ** (2 * MOST_DECIMALS - digit) for digit in digits if digit is not None)


def _rates(pool: Pool, caches: Answers, told: Answers, now: int | None) -> tuple[list[int], list[int]]:
    """The rates that the pool has stored, and those with what the providers tell where their time is over."""
    stored, fresh = [], []
    for cache, answer in zip(caches, told, strict=True):
        rate = new = ONE
        if cache is not None and len(cache) >= MIN_CACHE_BYTES and any(cache):
            # The rate comes first and the end of its time last; what stands between differs.
            rate = new = int.from_bytes(cache[:32])
            provided = decoded_int(answer)
            if now is None or now > int.from_bytes(cache[-32:]):
                if provided is None or (now is None and provided != rate):
                    raise MathsError(
                        f"a rate that {pool.address} takes cannot be told.",
                        fix="simulate trades with it, or use another pool",
                        pool=pool.address,
                    )
                new = provided
        stored.append(rate)
        fresh.append(new)
    return stored, fresh


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
