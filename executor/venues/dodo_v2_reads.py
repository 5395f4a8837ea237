"""How pools of DODO V2 are found and read, and whether they quote as these maths do."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import chain, islice

from executor.domain.abi import decoded, decoded_address, decoded_int, eth_call
from executor.domain.address import Address, to_address
from executor.domain.call import EthCall, Reading
from executor.domain.dex import Dex
from executor.domain.errors import PoolNotFoundError
from executor.domain.pool import Pool, PoolIdentity, VenueKind
from executor.domain.pool_details import DodoV2Details
from executor.domain.token import Token
from executor.venues.dodo_v2_maths import ONE, RState
from executor.venues.dodo_v2_state import MOST_HELD, DodoV2State
from executor.venues.pairing import ordered
from executor.venues.quoting import one_quote

SOMEBODY = to_address("0x000000000000000000000000000000000000dEaD")
"""Whose fee rates are read: they are the same for all, but where a fee model favours somebody."""

PMM = ("uint256",) * 7
Numbers = tuple[int, int, int, int, int, int, int]
"""Price, slope, base, quote, both targets and the state, as `getPMMStateForCall` has them."""

LOOKED_AT = 64
MOST_FOUND = 8
"""Anybody may have a pool listed, and DODO's first factory of private pools took any contract: what is behind
the first of a list is not looked at, and of the others only those count that hold most.
"""

CHOOSING = ("_TRADE_PERMISSION_()", "_GAS_PRICE_LIMIT_()", "_BUYING_CLOSE_()", "_SELLING_CLOSE_()")
"""What only the first versions have: they let trade whom and when their owner chooses."""


def details(pool: Address) -> Reading[DodoV2Details]:
    """The pool's base, and whether it keeps its targets. Raises PoolNotFoundError if it does not answer as a
    pool of DODO V2.
    """
    return (yield from _known(pool))[0]


def quote(pool: Address, pool_details: DodoV2Details, token_in: Address, amount_in: int) -> Reading[int]:
    """What the pool itself quotes anybody for `amount_in` of `token_in`, both in smallest units. Raises
    MathsError if it refuses.
    """
    return (yield from one_quote(_query(pool, token_in == pool_details.base, amount_in), pool, amount_in))


def read(pool: Pool) -> Reading[DodoV2State]:
    """Prices, reserves, targets, fees and what is waiting, and a few quotes to compare with.

    A pool that answered as one when it was found may tell no state later, as one whose base is below its
    target does: such a state is refused, and ends no reading of others.
    """
    asked = (*_states(pool.address), *_terms(pool.address))
    lately, always, fees, base_waiting, quote_waiting, rate, k, *chosen = yield asked
    numbers = _numbers(lately) or _numbers(always)
    if numbers is None:
        return DodoV2State(pool, *(0,) * 6, RState.ONE, 0, 0, refused="tells no state that a pool can have")
    told = decoded(fees, "uint256", "uint256")
    lp_fee, mt_fee = (0, 0) if told is None else (int(str(each)) for each in told)
    waiting = decoded_int(base_waiting), decoded_int(quote_waiting)
    above = waiting[0] or 0, waiting[1] or 0
    state = DodoV2State(pool, *numbers[:6], RState(numbers[6]), lp_fee, mt_fee, *above)
    if told is None or lp_fee + mt_fee >= ONE:
        return replace(state, refused="tells no fee rates, or takes all")
    if any(answer is not None and len(answer) >= 32 for answer in chosen):
        return replace(state, refused="lets trade whom and when its owner chooses")
    if decoded_int(rate) != state.rate or decoded_int(k) != state.k:
        return replace(state, refused="takes its price from elsewhere, which may refuse")
    if None in waiting:
        return replace(state, refused="holds less than it wrote down")
    probes = [(base_in, amount) for base_in in (True, False) for amount in _amounts(state, base_in)]
    quotes = yield tuple(_query(pool.address, *probe) for probe in probes)
    agreed = all(
        _told(state, answer) == _expected(state, *probe) for probe, answer in zip(probes, quotes, strict=True)
    )
    return state if agreed else replace(state, refused="does not quote as DODO's pools do")


def extend(state: DodoV2State, toward_low: bool) -> Reading[DodoV2State]:
    """There is nothing more to read: the state as it is."""
    yield from ()
    return state


def lens_request(pool: Pool, reach: tuple[int, int]) -> bytes:
    """No lens reads these pools: their calls go together."""
    return b""


def lens_state(pool: Pool, answer: bytes) -> DodoV2State:
    """Raises PoolNotFoundError: no lens answers for these pools."""
    raise _no_pool(pool.address)


def find(dex: Dex, token_a: Token, token_b: Token) -> Reading[tuple[Pool, ...]]:
    """The factory's pools of the two tokens, whichever is the base: of the first `LOOKED_AT` of either list
    those that tell these tokens and a state, and of these the `MOST_FOUND` that hold most, each holding as a
    share of that of all. Raises PoolNotFoundError if it has none.
    """
    token0, token1 = ordered(token_a, token_b)
    both = (token0.address, token1.address)
    (answer,) = yield (eth_call(dex.factory, "getDODOPoolBidirection(address,address)", *both),)
    lists = decoded(answer, "address[]", "address[]") or ()
    pools = tuple(dict.fromkeys(to_address(each) for listed in lists for each in _all(listed)[:LOOKED_AT]))
    asked = [
        (*_own_words(pool), *(eth_call(token, "balanceOf(address)", pool) for token in both))
        for pool in pools
    ]
    answers = iter((yield tuple(call for calls in asked for call in calls)))
    found = []
    for pool, calls in zip(pools, asked, strict=True):
        *own, held0, held1 = islice(answers, len(calls))
        known = _understood(own)
        if known is not None and {known[0].base, known[1]} == set(both):
            found.append((pool, known[0], decoded_int(held0) or 0, decoded_int(held1) or 0))
    if not found:
        raise PoolNotFoundError(
            f"{dex.name} has no pool of {token0.symbol} and {token1.symbol} that tells its state.",
            fix="name another exchange or other tokens",
            dex=dex.name,
        )
    all0, all1 = max(sum(each[2] for each in found), 1), max(sum(each[3] for each in found), 1)
    found.sort(key=lambda each: each[2] * all1 + each[3] * all0, reverse=True)
    return tuple(
        Pool(dex.name, VenueKind.DODO_V2, pool, token0, token1, 0, details=kept)
        for pool, kept, *_ in found[:MOST_FOUND]
    )


def identify(address: Address) -> Reading[PoolIdentity]:
    """What the code at `address` says of itself. Raises PoolNotFoundError if it is no pool of DODO V2."""
    found, quote_token = yield from _known(address)
    token0, token1 = sorted((found.base, quote_token), key=lambda each: int(each, 16))
    return PoolIdentity(address, token0, token1, details=found)


def belongs(dex: Dex, identity: PoolIdentity) -> Reading[bool]:
    """True if the factory lists the pool under its base and quote."""
    found = identity.details
    if not isinstance(found, DodoV2Details):
        return False
    other = identity.token1 if identity.token0 == found.base else identity.token0
    (answer,) = yield (eth_call(dex.factory, "getDODOPool(address,address)", found.base, other),)
    listed = decoded(answer, "address[]")
    return listed is not None and identity.address in {to_address(each) for each in _all(listed[0])}


def _known(pool: Address) -> Reading[tuple[DodoV2Details, Address]]:
    """The details, and the quote."""
    known = _understood((yield _own_words(pool)))
    if known is None:
        raise _no_pool(pool)
    return known


def _own_words(pool: Address) -> tuple[EthCall, ...]:
    """What the pool says that it is, and its state."""
    tokens = (eth_call(pool, each) for each in ("_BASE_TOKEN_()", "_QUOTE_TOKEN_()"))
    return (*tokens, *_kind(pool), *_states(pool))


def _understood(answers: Sequence[bytes | None]) -> tuple[DodoV2Details, Address] | None:
    """The details and the quote, where that is what a pool says."""
    base_answer, quote_answer, r_state, kept_fees, *states = answers
    base, quote_token = decoded_address(base_answer), decoded_address(quote_answer)
    if base is None or quote_token is None or base == quote_token or not any(map(_numbers, states)):
        return None
    return _details(base, r_state, kept_fees), quote_token


def _kind(pool: Address) -> tuple[EthCall, EthCall]:
    """What a DVM does not know, and what only a GSP does."""
    return eth_call(pool, "_RState_()"), eth_call(pool, "getMtFeeTotal()")


def _details(base: Address, r_state: bytes | None, kept_fees: bytes | None) -> DodoV2Details:
    return DodoV2Details(base, decoded_int(r_state) is not None, decoded_int(kept_fees) is not None)


def _states(pool: Address) -> tuple[EthCall, EthCall]:
    """The state as numbers, and as a struct, which is the same words; the first versions have only that."""
    return eth_call(pool, "getPMMStateForCall()"), eth_call(pool, "getPMMState()")


def _terms(pool: Address) -> tuple[EthCall, ...]:
    names = ("getBaseInput()", "getQuoteInput()", "_I_()", "_K_()", *CHOOSING)
    return (
        eth_call(pool, "getUserFeeRate(address)", SOMEBODY),
        *(eth_call(pool, each) for each in names),
    )


def _numbers(answer: bytes | None) -> Numbers | None:
    """The numbers of a state, where they are what a pool can have."""
    values = decoded(answer, *PMM)
    if values is None:
        return None
    rate, k, base, quote_held, base_target, quote_target, r = (int(str(each)) for each in values)
    if not 0 < rate <= ONE**2 or k > ONE or max(base, quote_held) > MOST_HELD or r not in set(RState):
        return None
    return rate, k, base, quote_held, base_target, quote_target, r


def _amounts(state: DodoV2State, base_in: bool) -> tuple[int, ...]:
    """Sizes on every piece of the curve: up to where the pool is at its targets, there, and beyond."""
    side = state.side(base_in)
    back = max(side.target_in - side.held_in, 0) if side.toward else 0
    sizes = {
        1,
        back // 2,
        back - 1,
        back,
        back + 1,
        back + side.held_in // 7 + 3,
        back + 3 * side.held_in + 11,
    }
    return tuple(sorted(size for size in sizes if size > 0))


def _query(pool: Address, base_in: bool, amount: int) -> EthCall:
    name = "querySellBase" if base_in else "querySellQuote"
    return eth_call(pool, f"{name}(address,uint256)", SOMEBODY, amount)


def _told(state: DodoV2State, answer: bytes | None) -> tuple[int, ...] | None:
    """The trader's part and the maintainer's; of a pool that keeps targets the state and the target, too."""
    values = decoded(answer, *("uint256",) * (4 if state.details.keeps_targets else 2))
    return None if values is None else tuple(int(str(each)) for each in values)


def _expected(state: DodoV2State, base_in: bool, amount: int) -> tuple[int, ...] | None:
    try:
        traders, maintainers, r = state.sold(base_in, amount)
    except ArithmeticError:
        return None
    if not state.details.keeps_targets:
        return traders, maintainers
    return traders, maintainers, r, state.base_target if base_in else state.quote_target


def _all(listed: object) -> Sequence[str]:
    assert isinstance(listed, Sequence)
    return tuple(chain(listed))


def _no_pool(pool: Address) -> PoolNotFoundError:
    return PoolNotFoundError(
        f"{pool} does not answer as a pool of DODO V2.", fix="check the pool's address", pool=pool
    )
