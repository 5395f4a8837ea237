"""The state of Curve's pools, in one round of calls.

Sources: Curve's pool interfaces; which functions a pool has depends on its generation.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from executor.domain.abi import decoded, decoded_int, eth_call
from executor.domain.address import Address, to_address
from executor.domain.call import EthCall
from executor.domain.pool import Pool
from executor.domain.pool_details import CurveDetails, CurveRates, CurveShape
from executor.venues import curve_crypto, curve_stable
from executor.venues.curve_crypto import CryptoState
from executor.venues.curve_stable import A_UNIT, KeptRate, Ramp, StableState

ALIKE = {
    CurveShape.STABLE: (CurveShape.STABLE_ONCE, CurveShape.STABLE_CLASSIC),
    CurveShape.STABLE_ONCE: (CurveShape.STABLE, CurveShape.STABLE_CLASSIC),
    CurveShape.STABLE_CLASSIC: (CurveShape.STABLE, CurveShape.STABLE_ONCE),
}
"""Shapes that are told apart by the last digit of some quotes only."""

STABLE_TERMS = (
    "A()",
    "A_precise()",
    "fee()",
    "admin_fee()",
    "offpeg_fee_multiplier()",
    "future_A()",
    "initial_A()",
    "initial_A_time()",
    "future_A_time()",
    "base_virtual_price()",
    "base_cache_updated()",
)
CRYPTO_TERMS = ("A()", "gamma()", "D()", "mid_fee()", "out_fee()", "fee_gamma()")
OTHER_CRYPTO_TERMS = ("future_A_gamma_time()", "future_A_gamma()", "virtual_price()")
CLOCK = to_address("0xca11bde05977b3631167028862be2a173976ca11")
"""Multicall3, which tells the block's second."""

State = StableState | CryptoState


def state_calls(pool: Address, pool_details: CurveDetails) -> tuple[EthCall, ...]:
    """The calls that bring the pool's state, all in one round."""
    count = len(pool_details.coins)
    probe = quote_call(pool, pool_details.uint256_indexes, *_probe(pool_details))
    balances = tuple(
        indexed(pool, "balances", kind, k) for kind in ("uint256", "int128") for k in range(count)
    )
    if pool_details.shape.startswith("crypto"):
        scale = "price_scale()" if count == 2 else "price_scale(uint256)"
        prices = tuple(eth_call(pool, scale, *((k,) if count > 2 else ())) for k in range(count - 1))
        return (
            *balances,
            probe,
            *prices,
            *(eth_call(pool, name) for name in CRYPTO_TERMS + OTHER_CRYPTO_TERMS),
        )
    base = pool_details.base or pool
    return (
        *balances,
        probe,
        *(eth_call(pool, name) for name in STABLE_TERMS),
        eth_call(pool, "stored_rates()"),
        eth_call(base, "get_virtual_price()"),
        eth_call(CLOCK, "getCurrentBlockTimestamp()"),
    )


def state_from(pool: Pool, pool_details: CurveDetails, answers: Sequence[bytes | None]) -> State | None:
    """The state that the answers to `state_calls` tell, None where one is missing.

    Generations whose roundings agree in one state differ in another: the state is of the one that gives what
    the pool quotes now; where none does, it is not settled.
    """
    count = len(pool_details.coins)
    told = [first_number((answers[k], answers[count + k])) for k in range(count)]
    balances = tuple(balance for balance in told if balance is not None)
    if len(balances) != count:
        return None
    quoted, rest = decoded_int(answers[2 * count]), answers[2 * count + 1 :]
    try:
        state = _state(pool, pool_details, balances, rest)
    except ArithmeticError:
        return None
    return None if state is None else _as_quoted(state, ALIKE.get(state.shape, ()), pool_details, quoted)


def _state(
    pool: Pool, known: CurveDetails, balances: tuple[int, ...], answers: Sequence[bytes | None]
) -> State | None:
    if known.shape.startswith("crypto"):
        return _crypto_state(pool, known, balances, [decoded_int(answer) for answer in answers])
    return _stable_state(pool, known, balances, answers)


def _probe(known: CurveDetails) -> tuple[int, int, int]:
    """One whole of a coin for the one with most decimals: coins in and out, and the amount."""
    j = known.decimals.index(max(known.decimals))
    i = 0 if j else 1
    return i, j, 10 ** known.decimals[i]


def _as_quoted(state: State, others: Iterable[CurveShape], known: CurveDetails, quoted: int | None) -> State:
    """The state, in the shape of itself or of the `others` that gives what was quoted, if anything was."""
    if quoted is None:
        return state
    candidates = [state, *(replace(state, shape=shape) for shape in others)]
    agreeing = (each for each in candidates if viewed(each, *_probe(known)) == quoted)
    return next(agreeing, replace(state, settled=False))


def viewed(state: State, i: int, j: int, amount: int) -> int | None:
    """What the pool's own quote is worked out to be, None where it would revert."""
    try:
        if isinstance(state, CryptoState):
            return curve_crypto.viewed(state, i, j, amount)
        return curve_stable.viewed(state, i, j, amount)
    except ArithmeticError:
        return None


def _stable_state(
    pool: Pool, known: CurveDetails, balances: tuple[int, ...], answers: Sequence[bytes | None]
) -> StableState | None:
    told = {name: decoded_int(answer) for name, answer in zip(STABLE_TERMS, answers, strict=False)}
    stored, base, clock = answers[len(STABLE_TERMS) :]
    fee, amplification = told["fee()"], _amplification(told)
    rates = _rates(known, stored, decoded_int(base))
    if amplification is None or fee is None or rates is None:
        return None
    state = StableState(
        pool,
        known.shape,
        balances,
        rates,
        amplification,
        fee,
        told["admin_fee()"],
        told["offpeg_fee_multiplier()"] or 0,
        _ramp(told, amplification),
    )
    if known.rates is not CurveRates.BASE_KEPT:
        return state
    kept, since, now = told["base_virtual_price()"], told["base_cache_updated()"], decoded_int(clock)
    if kept is None or since is None or now is None:
        return None
    state = replace(state, kept_rate=KeptRate(kept, rates[-1], since))
    return curve_stable.at(state, now)


def _amplification(told: Mapping[str, int | None]) -> int | None:
    """A in hundredths: pools keep it so that tell `A_precise`, or whose `future_A` is a hundred times A."""
    a, precise, future = told["A()"], told["A_precise()"], told["future_A()"]
    if precise is not None or a is None:
        return precise
    return future if future and future != a and future // A_UNIT == a else a * A_UNIT


def _ramp(told: Mapping[str, int | None], amplification: int) -> Ramp | None:
    """None unless A is on its way: then it is not yet what it shall be."""
    terms = [told[name] for name in ("initial_A()", "future_A()", "initial_A_time()", "future_A_time()")]
    before, after, start, end = (term or 0 for term in terms)
    if any(term is None for term in terms) or amplification in (after, after * A_UNIT):
        return None
    return Ramp(before, after, start, end, A_UNIT if told["A_precise()"] is not None else 1)


def _rates(known: CurveDetails, stored: bytes | None, base: int | None) -> tuple[int, ...] | None:
    rates = tuple(10 ** (36 - decimals) for decimals in known.decimals)
    if known.rates is CurveRates.DECIMALS:
        return rates
    if known.rates is CurveRates.STORED:
        return _stored_rates(stored, len(rates))
    return None if base is None else (*rates[:-1], base)


def _stored_rates(answer: bytes | None, count: int) -> tuple[int, ...] | None:
    """Newer pools answer with a list, older ones with as many numbers as there are coins."""
    listed = decoded(answer, "uint256[]")
    values = listed[0] if listed is not None else decoded(answer, *("uint256",) * count)
    if not isinstance(values, tuple) or len(values) != count:
        return None
    return tuple(value for value in values if isinstance(value, int))


def _crypto_state(
    pool: Pool, known: CurveDetails, balances: tuple[int, ...], told: Sequence[int | None]
) -> CryptoState | None:
    *terms, changes_until, future, virtual_price = told
    numbers = [value for value in terms if value is not None]
    if len(numbers) != len(terms):
        return None
    scale = tuple(numbers[: len(balances) - 1])
    a, gamma, d, mid_fee, out_fee, fee_gamma = numbers[len(scale) :]
    precisions = tuple(10 ** (18 - decimals) for decimals in known.decimals)
    state = CryptoState(
        pool,
        known.shape,
        balances,
        precisions,
        scale,
        d,
        a,
        gamma,
        mid_fee,
        out_fee,
        fee_gamma,
        repegs=virtual_price is not None,
    )
    if not changes_until:
        return state
    if future != a << 128 | gamma:
        return replace(state, settled=False)
    if known.shape in curve_crypto.NEWTON:
        # A pool of that generation takes D anew at the first trade after a change of A or gamma.
        return replace(state, d=curve_crypto.invariant(a, gamma, curve_crypto.scaled(state, balances)))
    return state


def indexed(pool: Address, name: str, kind: str, index: int) -> EthCall:
    """A call of a function that takes one index of a kind."""
    return eth_call(pool, f"{name}({kind})", index)


def quote_call(pool: Address, uint256_indexes: bool, i: int, j: int, amount: int) -> EthCall:
    """What the pool is asked for its own quote."""
    kind = "uint256" if uint256_indexes else "int128"
    return eth_call(pool, f"get_dy({kind},{kind},uint256)", i, j, amount)


def first_number(answers: Sequence[bytes | None]) -> int | None:
    """The first answer that is one."""
    return next((value for value in map(decoded_int, answers) if value is not None), None)
