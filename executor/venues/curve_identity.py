"""Which maths a Curve pool has, and what else of it stays.

Sources: Curve's pool interfaces. No function says which maths a pool has. So a pool is asked for some quotes,
and has the maths that give the same integers; where none do, its shape is UNKNOWN, and only the pool itself
can quote.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from executor.domain.abi import decoded_address, decoded_int, eth_call
from executor.domain.address import ZERO_ADDRESS, Address, to_address
from executor.domain.call import Reading
from executor.domain.errors import PoolNotFoundError
from executor.domain.pool import Pool, VenueKind
from executor.domain.pool_details import CurveDetails, CurveRates, CurveShape
from executor.domain.token import Token
from executor.venues.curve_reads import (
    State,
    first_number,
    indexed,
    quote_call,
    state_calls,
    state_from,
    viewed,
)
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


def details(pool: Address) -> Reading[CurveDetails]:
    """Everything of the pool that stays. Raises PoolNotFoundError if it does not answer as a Curve pool."""
    coins = yield from _coins(pool)
    answers = yield (
        *(indexed(pool, "balances", kind, 0) for kind in ("uint256", "int128")),
        eth_call(pool, "gamma()"),
        eth_call(pool, "MATH()"),
    )
    balance = first_number(answers[:2])
    if balance is None:
        raise _no_pool(pool)
    crypto, newer = (answer is not None and len(answer) >= 32 for answer in answers[2:])
    decimals, holds = yield from _coin_facts(coins)
    amount = max(1, balance // PROBE)
    quotes = yield tuple(quote_call(pool, wide, 0, 1, amount) for wide in (False, True))
    narrow, wide = (decoded_int(answer) is not None for answer in quotes)
    if not narrow and not wide:
        raise _no_pool(pool)
    known = CurveDetails(coins, not narrow, decimals=decimals, holds=holds)
    if not decimals or (crypto and ((len(coins), newer) not in CRYPTO_SHAPES or max(decimals) > 18)):
        return known
    if crypto:
        return (yield from _proven(pool, known, [_shaped(known, CRYPTO_SHAPES[len(coins), newer])]))
    candidates = yield from _stable_candidates(pool, known)
    return (yield from _proven(pool, known, candidates))


def quote(
    pool: Address, pool_details: CurveDetails, token_in: Address, token_out: Address, amount_in: int
) -> Reading[int]:
    """What the pool says that it gives for `amount_in`, both in smallest units. Raises MathsError if it
    refuses, PoolNotFoundError if it does not hold a coin.
    """
    i, j = pool_details.index(token_in), pool_details.index(token_out)
    call = quote_call(pool, pool_details.uint256_indexes, i, j, amount_in)
    return (yield from one_quote(call, pool, amount_in))


def _coins(pool: Address) -> Reading[tuple[Address, ...]]:
    """The coins up to the first that the pool does not tell."""
    answers = yield tuple(
        indexed(pool, "coins", kind, k) for kind in ("uint256", "int128") for k in range(MOST_COINS)
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
    raise _no_pool(pool)


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
        eth_call(pool, "totalSupply()"),
    )
    stored = decoded_int(answers[0]) is not None
    bases = [decoded_address(answer) for answer in answers[2:5]]
    if decoded_int(answers[5]) is not None:
        bases.append(last)
    rises = decoded_int(answers[1]) is not None
    shapes = [CurveShape.STABLE, CurveShape.STABLE_ONCE, CurveShape.STABLE_CLASSIC]
    if (len(known.coins) == 2 and decoded_int(answers[7]) is not None) or (stored and rises):
        # Pools that are their own shares, of two coins, are of the factories that divide once.
        shapes[:2] = [CurveShape.STABLE_ONCE, CurveShape.STABLE]
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


def _proven(
    pool: Address, unknown: CurveDetails, candidates: Iterable[CurveDetails]
) -> Reading[CurveDetails]:
    """The first of the candidates whose maths give what the pool quotes, else `unknown`."""
    asked: dict[Address | None, Sequence[bytes | None]] = {}
    quotes: dict[tuple[int, int, int], int | None] = {}
    for known in candidates:
        if known.base not in asked:
            asked[known.base] = yield state_calls(pool, known)
        state = state_from(_nameless(pool, known), known, asked[known.base])
        if state is None:
            continue
        if not quotes:
            probes = tuple(_probes(state.balances))
            answers = yield tuple(quote_call(pool, known.uint256_indexes, *probe) for probe in probes)
            quotes = dict(zip(probes, map(decoded_int, answers), strict=True))
        if _agrees(state, quotes):
            return replace(known, shape=state.shape)
    return unknown


def _probes(balances: tuple[int, ...]) -> Iterator[tuple[int, int, int]]:
    """Trades that are asked about: between neighbours, there and back, in some sizes."""
    for k in range(len(balances) - 1):
        for i, j in ((k, k + 1), (k + 1, k)):
            for part in PROBES:
                yield i, j, max(1, balances[i] // part)


def _agrees(state: State, quotes: Mapping[tuple[int, int, int], int | None]) -> bool:
    """True if the maths give every quote that the pool gave, and it gave one."""
    given = {probe: told for probe, told in quotes.items() if told is not None}
    return bool(given) and all(viewed(state, *probe) == told for probe, told in given.items())


def _nameless(pool: Address, known: CurveDetails) -> Pool:
    """The pool for a state that only answers probes."""
    tokens = (
        Token(0, coin, "", decimals) for coin, decimals in zip(known.coins, known.decimals, strict=True)
    )
    token0, token1, *_ = sorted(tokens, key=lambda token: int(token.address, 16))
    return Pool("", VenueKind.CURVE, pool, token0, token1, 0, details=known)


def _no_pool(pool: Address) -> PoolNotFoundError:
    return PoolNotFoundError(
        f"{pool} does not answer as a Curve pool.", fix="check the pool's address and kind", pool=pool
    )
