"""What the answers of Balancer V3's Vault and of a pool mean: the pool's state.

A pool is weighted or stable if it says so and its code works out the same invariant of made-up balances as
its curve here, and the same trade: the first pools tell that to the Vault only. Pools since 2025 keep least
balances (weighted) or refuse to go far out of balance (stable).
"""

from collections.abc import Sequence
from typing import NoReturn, cast

from executor.domain.abi import decoded, decoded_int
from executor.domain.address import to_address
from executor.domain.errors import MathsError, PoolNotFoundError
from executor.domain.pool import Pool
from executor.domain.pool_details import BalancerV3Details
from executor.venues.balancer_curves import BalancerCurve, StableCurve, WeightedCurve
from executor.venues.balancer_maths import ONE, weighted_invariant
from executor.venues.balancer_v3_state import BalancerV3State

CONFIG = ("(bool,bool,bool,bool)", "uint256", "uint256", "uint256", "uint40", "uint32", *["bool"] * 4)
"""PoolConfig: liquidity management, swap fee, aggregate swap and yield fee, decimals, window, and whether the
pool is registered, initialised, paused and in recovery mode.
"""
HOOKS = (*["bool"] * 10, "address")
"""HooksConfig. What takes part in swaps is adjusted amounts, a dynamic fee, before and after a swap."""
ADJUSTS, DYNAMIC_FEE, BEFORE_SWAP, AFTER_SWAP = 0, 3, 4, 5
WITH_RATE = 1
MOST_RATIO = 10_000
"""The newer stable pools' largest balance must stay below so many times the smallest."""

EVEN, LOPSIDED = 10**24, 2 * MOST_RATIO * 10**24
PROBE = 10**21
Answers = Sequence[bytes | None]


def known(pool: Pool) -> BalancerV3Details:
    """The pool's details. Raises PoolNotFoundError without, or if the pair is not two of its tokens."""
    own = pool.details
    pair = (pool.token0.address, pool.token1.address)
    if not isinstance(own, BalancerV3Details) or any(token not in own.tokens for token in pair):
        raise PoolNotFoundError(
            f"it is not known that {pool.address} holds {pool.token0.symbol} and {pool.token1.symbol}.",
            fix="name the pool's address and two of its tokens",
            pool=pool.address,
        )
    return own


def probes(count: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Live balances to try a pool's code with: about even ones, and ones far out of balance."""
    even = tuple(EVEN + place * PROBE for place in range(count))
    return even, (LOPSIDED, *[EVEN] * (count - 1))


def state_of(pool: Pool, answers: Answers) -> BalancerV3State:
    """The state in the answers, in the order in which `balancer_v3_reads` asks.

    Raises PoolNotFoundError if the Vault or the pool does not answer, MathsError for pools with hooks that
    take part in swaps and those whose maths are not worked out here.
    """
    own = known(pool)
    info, scaling, config, hooks, least_trade, vault_paused, pool_paused, *of_curve = answers
    held = decoded(info, "address[]", "(uint8,address,bool)[]", "uint256[]", "uint256[]")
    scales, set_up = decoded(scaling, "uint256[]", "uint256[]"), decoded(config, *CONFIG)
    hooked, least = decoded(hooks, *HOOKS), decoded_int(least_trade)
    if held is None or scales is None or set_up is None or hooked is None or least is None:
        raise no_pool(pool.address)
    _, fee, aggregate_swap, aggregate_yield, *_, initialised, _, recovery = set_up
    if not initialised:
        raise no_pool(pool.address)
    if any(hooked[place] for place in (ADJUSTS, DYNAMIC_FEE, BEFORE_SWAP, AFTER_SWAP)):
        _refuse(pool, f"has a hook at {hooked[-1]} that takes part in swaps", hook=str(hooked[-1]))
    tokens, balances, last_live = own.tokens, _amounts(held[2]), _amounts(held[3])
    factors, rates = _amounts(scales[0]), _amounts(scales[1])
    kinds = cast(tuple[tuple[int, str, bool], ...], held[1])
    pays = tuple(kind == WITH_RATE and pays for kind, _, pays in kinds)
    if {len(each) for each in (balances, last_live, factors, rates, kinds)} != {len(tokens)}:
        raise no_pool(pool.address)
    if not all((*factors, *rates)) or cast(int, fee) >= ONE:
        _refuse(pool, "has a rate of nothing, or a fee of all")
    curve, ramps = _curve(pool, of_curve)
    return BalancerV3State(
        pool,
        curve,
        balances,
        factors,
        rates,
        tuple(last if paying else 0 for last, paying in zip(last_live, pays, strict=True)),
        cast(int, fee),
        cast(int, aggregate_swap),
        cast(int, aggregate_yield),
        (tokens.index(pool.token0.address), tokens.index(pool.token1.address)),
        pays,
        least,
        recovery=bool(recovery),
        paused=_is_set(vault_paused) or _is_set(pool_paused),
        steady=not ramps and all(kind != WITH_RATE for kind, *_ in kinds),
    )


def no_pool(pool: str) -> PoolNotFoundError:
    """The error for what does not answer as a pool."""
    return PoolNotFoundError(
        f"{pool} does not answer as a pool of Balancer V3's Vault.",
        fix="check the pool's address and kind",
        pool=to_address(pool),
    )


def _curve(pool: Pool, answers: Answers) -> tuple[BalancerCurve, bool]:
    """The curve, and whether its amplification moves."""
    weighted, weights, least, gradual, stable, amplification, even, lopsided, traded = answers
    weighing, amplified = decoded(weights, "uint256[]"), decoded(amplification, "uint256", "bool", "uint256")
    balances, _ = probes(len(known(pool).tokens))
    curve: BalancerCurve
    ramps = False
    if weighted and weighing is not None and not gradual:
        curve = _weighted(pool, _amounts(weighing[0]), least)
        expected = weighted_invariant(curve.weights, balances)
    elif stable and amplified is not None:
        limited = decoded_int(lopsided) is None
        curve = StableCurve(cast(int, amplified[0]), most_ratio=MOST_RATIO if limited else 0)
        expected, ramps = curve.constant(balances), bool(amplified[1])
    else:
        _refuse(pool, "is no weighted and no stable pool whose maths are known here")
    given = curve.out(balances, curve.constant(balances), 0, 1, PROBE)
    if decoded_int(even) != expected or decoded_int(traded) not in (None, given):
        _refuse(pool, "has maths of its own")
    return curve, ramps


def _weighted(pool: Pool, weights: tuple[int, ...], least: bytes | None) -> WeightedCurve:
    told = decoded(least, "uint256[]")
    kept = () if told is None else _amounts(told[0])
    count = len(known(pool).tokens)
    if len(weights) != count or min(weights) <= 0 or (kept and len(kept) != count):
        raise no_pool(pool.address)
    return WeightedCurve(weights, True, 1, kept) if kept else WeightedCurve(weights)


def _refuse(pool: Pool, problem: str, **facts: object) -> NoReturn:
    raise MathsError(
        f"{pool.address} {problem}.",
        fix="simulate trades with it, or use another pool",
        pool=pool.address,
        **facts,
    )


def _is_set(answer: bytes | None) -> bool:
    found = decoded(answer, "bool")
    return found is not None and bool(found[0])


def _amounts(values: object) -> tuple[int, ...]:
    return cast(tuple[int, ...], values)
