"""What Curve's pools tell of themselves, in as few rounds of calls as they allow.

Sources: Curve's pool interfaces. No function says which maths a pool has. So a pool is asked for some quotes,
and has the maths that give the same integers; where none do, its shape is UNKNOWN, and only the pool itself
can quote.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from executor.domain.abi import decoded, decoded_address, decoded_int, eth_call
from executor.domain.address import ZERO_ADDRESS, Address, to_address
from executor.domain.call import EthCall, Reading
from executor.domain.errors import PoolNotFoundError
from executor.domain.pool import Pool, VenueKind
from executor.domain.pool_details import CurveDetails, CurveRates, CurveShape
from executor.domain.token import Token
from executor.venues import curve_crypto, curve_stable
from executor.venues.curve_crypto import CryptoState
from executor.venues.curve_stable import A_UNIT, KeptRate, Ramp, StableState
from executor.venues.quoting import one_quote

NATIVE = to_address("0xeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee")
"""How Curve's pools write the chain's own coin."""

MOST_COINS = 8
PROBE = 10_000
"""Part of a balance that is asked about to learn which indexes a pool takes: too little may be refused."""

PROBES = (9_973, 1_009, 101)
"""Parts of a balance whose quotes tell the shape."""

REBASING = ("getTotalShares()", "scaledTotalSupply()", "rebasingCreditsPerToken()")
"""Functions of coins whose balances change by themselves: Lido's, Aave's, Origin's."""

CRYPTO_SHAPES = {
    (2, False): CurveShape.CRYPTO_TWO,
    (3, False): CurveShape.CRYPTO_THREE,
    (2, True): CurveShape.CRYPTO_TWO_NG,
    (3, True): CurveShape.CRYPTO_THREE_NG,
}
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


def details(pool: Address) -> Reading[CurveDetails]:
    """Everything of the pool that stays. Raises PoolNotFoundError if it does not answer as a Curve pool."""
    coins = yield from _coins(pool)
    answers = yield (
        *(_indexed(pool, "balances", kind, 0) for kind in ("uint256", "int128")),
        eth_call(pool, "gamma()"),
        eth_call(pool, "MATH()"),
    )
    balance = _first(answers[:2])
    if balance is None:
        raise no_pool(pool)
    crypto, newer = (answer is not None and len(answer) >= 32 for answer in answers[2:])
    decimals, holds = yield from _coin_facts(coins)
    amount = max(1, balance // PROBE)
    quotes = yield tuple(_quote_call(pool, wide, 0, 1, amount) for wide in (False, True))
    narrow, wide = (decoded_int(answer) is not None for answer in quotes)
    if not narrow and not wide:
        raise no_pool(pool)
    known = CurveDetails(coins, not narrow, decimals=decimals, holds=holds)
    if decimals and crypto:
        return (yield from _proven(pool, _crypto_candidates(known, newer)))
    if decimals:
        candidates = yield from _stable_candidates(pool, known)
        return (yield from _proven(pool, candidates))
    return known


def quote(
    pool: Address, pool_details: CurveDetails, token_in: Address, token_out: Address, amount_in: int
) -> Reading[int]:
    """What the pool says that it gives for `amount_in`, both in smallest units. Raises MathsError if it
    refuses, PoolNotFoundError if it does not hold a coin.
    """
    i, j = pool_details.index(token_in), pool_details.index(token_out)
    call = _quote_call(pool, pool_details.uint256_indexes, i, j, amount_in)
    return (yield from one_quote(call, pool, amount_in))


def state_calls(pool: Address, pool_details: CurveDetails) -> tuple[EthCall, ...]:
    """The calls that bring the pool's state, all in one round."""
    count = len(pool_details.coins)
    balances = tuple(
        _indexed(pool, "balances", kind, k) for kind in ("uint256", "int128") for k in range(count)
    )
    if pool_details.shape.startswith("crypto"):
        scale = "price_scale()" if count == 2 else "price_scale(uint256)"
        prices = tuple(eth_call(pool, scale, *((k,) if count > 2 else ())) for k in range(count - 1))
        return (*balances, *prices, *(eth_call(pool, name) for name in CRYPTO_TERMS + OTHER_CRYPTO_TERMS))
    base = pool_details.base or pool
    return (
        *balances,
        *(eth_call(pool, name) for name in STABLE_TERMS),
        eth_call(pool, "stored_rates()"),
        eth_call(base, "get_virtual_price()"),
        eth_call(CLOCK, "getCurrentBlockTimestamp()"),
    )


def state_from(pool: Pool, pool_details: CurveDetails, answers: Sequence[bytes | None]) -> State | None:
    """The state that the answers to `state_calls` tell, None where one is missing."""
    count = len(pool_details.coins)
    told = [_first((answers[k], answers[count + k])) for k in range(count)]
    balances = tuple(balance for balance in told if balance is not None)
    if len(balances) != count:
        return None
    rest = answers[2 * count :]
    if pool_details.shape.startswith("crypto"):
        return _crypto_state(pool, pool_details, balances, [decoded_int(answer) for answer in rest])
    return _stable_state(pool, pool_details, balances, rest)


def no_pool(pool: Address) -> PoolNotFoundError:
    """The error for an address that does not answer as a Curve pool."""
    return PoolNotFoundError(
        f"{pool} does not answer as a Curve pool.", fix="check the pool's address and kind", pool=pool
    )


def _coins(pool: Address) -> Reading[tuple[Address, ...]]:
    """The coins up to the first that the pool does not tell."""
    answers = yield tuple(
        _indexed(pool, "coins", kind, k) for kind in ("uint256", "int128") for k in range(MOST_COINS)
    )
    for half in (answers[:MOST_COINS], answers[MOST_COINS:]):
        found: list[Address] = []
        for answer in half:
            coin = decoded_address(answer)
            if coin is None:
                break
            found.append(ZERO_ADDRESS if coin == NATIVE else coin)
        if len(found) > 1:
            return tuple(found)
    raise no_pool(pool)


def _coin_facts(coins: tuple[Address, ...]) -> Reading[tuple[tuple[int, ...], bool]]:
    """The coins' decimals, none where one does not tell them; and whether the balance of one moves by
    itself.
    """
    asked = [coin for coin in coins if coin != ZERO_ADDRESS]
    answers = yield tuple(eth_call(coin, name) for coin in asked for name in ("decimals()", *REBASING))
    width = 1 + len(REBASING)
    told = {coin: decoded_int(answers[k * width]) for k, coin in enumerate(asked)} | {ZERO_ADDRESS: 18}
    moves = any(decoded_int(answer) is not None for k, answer in enumerate(answers) if k % width)
    found = tuple(told[coin] for coin in coins)
    known = tuple(value for value in found if value is not None and value <= 36)
    return (known if len(known) == len(coins) else ()), moves


def _crypto_candidates(known: CurveDetails, newer: bool) -> Iterator[CurveDetails]:
    shape = CRYPTO_SHAPES.get((len(known.coins), newer))
    if shape is not None:
        yield _shaped(known, shape)


def _stable_candidates(pool: Address, known: CurveDetails) -> Reading[list[CurveDetails]]:
    """What the pool may be, the likelier first."""
    last = known.coins[-1]
    answers = yield (
        eth_call(pool, "stored_rates()"),
        eth_call(pool, "offpeg_fee_multiplier()"),
        eth_call(pool, "base_pool()"),
        eth_call(pool, "BASE_POOL()"),
        eth_call(last, "minter()"),
        eth_call(last, "get_virtual_price()"),
        eth_call(pool, "base_virtual_price()"),
    )
    stored = decoded_int(answers[0]) is not None
    bases = [decoded_address(answer) for answer in answers[2:5]]
    if decoded_int(answers[5]) is not None:
        bases.append(last)
    rises = decoded_int(answers[1]) is not None
    shapes = [CurveShape.STABLE, CurveShape.STABLE_ONCE, CurveShape.STABLE_CLASSIC]
    if stored and rises:
        shapes = [CurveShape.STABLE_ONCE]
    shapes.append(CurveShape.STABLE_LENT if rises else CurveShape.STABLE_FIRST)
    kept = CurveRates.BASE if decoded_int(answers[6]) is None else CurveRates.BASE_KEPT
    sources: list[tuple[CurveRates, Address | None]] = [(CurveRates.STORED, None)] if stored else []
    sources += [(kept, base) for base in dict.fromkeys(bases) if base not in (None, pool)]
    sources.append((CurveRates.DECIMALS, None))
    return [_shaped(known, shape, rates, base) for rates, base in sources for shape in shapes]


def _shaped(
    known: CurveDetails,
    shape: CurveShape,
    rates: CurveRates = CurveRates.DECIMALS,
    base: Address | None = None,
) -> CurveDetails:
    return CurveDetails(known.coins, known.uint256_indexes, shape, known.decimals, rates, base, known.holds)


def _proven(pool: Address, candidates: Iterable[CurveDetails]) -> Reading[CurveDetails]:
    """The first of the candidates whose maths give what the pool quotes, else one of UNKNOWN shape."""
    listed = list(candidates)
    asked: dict[Address | None, Sequence[bytes | None]] = {}
    quotes: dict[tuple[int, int, int], int | None] = {}
    for known in listed:
        if known.base not in asked:
            asked[known.base] = yield state_calls(pool, known)
        state = state_from(_nameless(pool, known), known, asked[known.base])
        if state is None:
            continue
        if not quotes:
            probes = tuple(_probes(state.balances))
            answers = yield tuple(_quote_call(pool, known.uint256_indexes, *probe) for probe in probes)
            quotes = dict(zip(probes, map(decoded_int, answers), strict=True))
        if _agrees(state, quotes):
            return known
    first = listed[0] if listed else None
    if first is None:
        raise no_pool(pool)
    return CurveDetails(first.coins, first.uint256_indexes, decimals=first.decimals, holds=first.holds)


def _probes(balances: tuple[int, ...]) -> Iterator[tuple[int, int, int]]:
    """Trades that are asked about: between neighbours, there and back, in some sizes."""
    for k in range(len(balances) - 1):
        for i, j in ((k, k + 1), (k + 1, k)):
            for part in PROBES:
                yield i, j, max(1, balances[i] // part)


def _agrees(state: State, quotes: Mapping[tuple[int, int, int], int | None]) -> bool:
    """True if the maths give every quote that the pool gave, and it gave one."""
    compared = 0
    for (i, j, amount), told in quotes.items():
        if told is None:
            continue
        try:
            worked_out = (
                curve_crypto.viewed(state, i, j, amount)
                if isinstance(state, CryptoState)
                else curve_stable.viewed(state, i, j, amount)
            )
        except ArithmeticError:
            return False
        if worked_out != told:
            return False
        compared += 1
    return compared > 0


def _nameless(pool: Address, known: CurveDetails) -> Pool:
    """The pool for a state that only answers probes."""
    tokens = (
        Token(0, coin, "", decimals) for coin, decimals in zip(known.coins, known.decimals, strict=True)
    )
    token0, token1, *_ = sorted(tokens, key=lambda token: int(token.address, 16))
    return Pool("", VenueKind.CURVE, pool, token0, token1, 0, details=known)


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


def _indexed(pool: Address, name: str, kind: str, index: int) -> EthCall:
    return eth_call(pool, f"{name}({kind})", index)


def _quote_call(pool: Address, uint256_indexes: bool, i: int, j: int, amount: int) -> EthCall:
    kind = "uint256" if uint256_indexes else "int128"
    return eth_call(pool, f"get_dy({kind},{kind},uint256)", i, j, amount)


def _first(answers: Sequence[bytes | None]) -> int | None:
    return next((value for value in map(decoded_int, answers) if value is not None), None)
