"""How pools of the Solidly shape are found and read, and whether they quote as these maths do."""

from collections.abc import Sequence
from dataclasses import replace

from executor.domain.abi import decoded, decoded_address, decoded_int, eth_call
from executor.domain.address import Address
from executor.domain.call import EthCall, Reading
from executor.domain.dex import Dex
from executor.domain.errors import PoolNotFoundError
from executor.domain.pool import FEE_UNIT, Pool, PoolIdentity, VenueKind
from executor.domain.pool_details import SolidlyDetails
from executor.domain.token import Token
from executor.venues.pairing import ordered
from executor.venues.quoting import one_quote
from executor.venues.solidly_maths import FEE_BASIS
from executor.venues.solidly_state import SolidlyState

METADATA = ("uint256", "uint256", "uint256", "uint256", "bool")
LENS_ANSWER = (*METADATA, "uint256", "bool", *("uint256",) * 6)
NO_ANSWER = 2**256 - 1
"""What a lens puts where the pool reverted."""

MOST_HELD = 2**224
"""More than any pool has: beyond, what quotes are asked of would not fit a word."""

BY_FEE_OF_POOL = "getFee(address,bool)"
BY_FEE_OF_KIND = "getFee(bool)"
Probe = tuple[bool, int]


def details(pool: Address) -> Reading[SolidlyDetails]:
    """What kind of pool it is. Raises PoolNotFoundError if it does not answer as one of this shape."""
    (answer,) = yield (eth_call(pool, "stable()"),)
    stable = decoded(answer, "bool")
    if stable is None:
        raise _no_pool(pool)
    return SolidlyDetails(bool(stable[0]))


def quote(pool: Address, token_in: Address, amount_in: int) -> Reading[int]:
    """What the pool itself quotes for `amount_in` of `token_in`, both in smallest units. Raises MathsError if
    it refuses.
    """
    return (yield from one_quote(_quote(pool, token_in, amount_in), pool, amount_in))


def read(pool: Pool) -> Reading[SolidlyState]:
    """Reserves, decimals and fee, and a few quotes to compare with. Raises PoolNotFoundError if the pool does
    not answer as one of this shape.
    """
    metadata, factory_answer = yield (
        eth_call(pool.address, "metadata()"),
        eth_call(pool.address, "factory()"),
    )
    held = decoded(metadata, *METADATA)
    factory = decoded_address(factory_answer)
    if held is None or factory is None:
        raise _no_pool(pool.address)
    whole0, whole1, reserve0, reserve1, stable = held
    assert isinstance(reserve0, int) and isinstance(reserve1, int)
    assert isinstance(whole0, int) and isinstance(whole1, int)
    if max(reserve0, reserve1) > MOST_HELD:
        raise _no_pool(pool.address)
    asked = probes(reserve0, reserve1)
    by_pool, by_kind, paused, *quotes = yield (
        eth_call(factory, BY_FEE_OF_POOL, pool.address, stable),
        eth_call(factory, BY_FEE_OF_KIND, stable),
        eth_call(factory, "isPaused()"),
        *(_quote(pool.address, _token_in(pool, first), amount) for first, amount in asked),
    )
    fee = decoded_int(by_pool)
    fee = decoded_int(by_kind) if fee is None else fee
    stopped = decoded(paused, "bool")
    return _compared(
        SolidlyState(
            pool,
            reserve0,
            reserve1,
            bool(stable),
            whole0,
            whole1,
            fee_bps=NO_ANSWER if fee is None else fee,
            paused=stopped is not None and bool(stopped[0]),
        ),
        [decoded_int(answer) for answer in quotes],
    )


def extend(state: SolidlyState, toward_low: bool) -> Reading[SolidlyState]:
    """Nothing lies beyond the reserves: the state as it is."""
    yield from ()
    return state


def probes(reserve0: int, reserve1: int) -> tuple[Probe, ...]:
    """Which amounts of which token the pool is asked a quote for: little, some, and more than it holds."""
    return tuple(
        (first, amount)
        for first, reserve in ((True, reserve0), (False, reserve1))
        for amount in (reserve // 1009 + 1, reserve // 7 + 3, 5 * reserve + 1)
    )


def lens_request(pool: Pool, reach: tuple[int, int]) -> bytes:
    """What a lens is asked: the pool. How far sizes reach plays no part."""
    return bytes.fromhex(pool.address[2:])


def lens_state(pool: Pool, answer: bytes) -> SolidlyState:
    """The state that a lens answers. Raises PoolNotFoundError if the answer is malformed."""
    held = decoded(answer, *LENS_ANSWER)
    if held is None:
        raise _no_pool(pool.address)
    numbers = [int(str(value)) if not isinstance(value, bool) else value for value in held]
    whole0, whole1, reserve0, reserve1, stable, fee, paused, *quotes = numbers
    state = SolidlyState(pool, reserve0, reserve1, bool(stable), whole0, whole1, fee, bool(paused))
    return _compared(state, [None if each == NO_ANSWER else each for each in quotes])


def find(dex: Dex, token_a: Token, token_b: Token) -> Reading[tuple[Pool, ...]]:
    """The factory's pools of the two tokens, volatile and stable. Raises PoolNotFoundError if it has none."""
    token0, token1 = ordered(token_a, token_b)
    answers = yield tuple(_lookups(dex.factory, token0.address, token1.address))
    found = [
        (address, stable)
        for address, stable in zip(map(decoded_address, answers), (False, True, False, True), strict=True)
        if address is not None
    ]
    if not found:
        raise PoolNotFoundError(
            f"{dex.name} has no pool of {token0.symbol} and {token1.symbol}.",
            fix="name another exchange, or the pools themselves",
            dex=dex.name,
            factory=dex.factory,
        )
    by_pool = yield tuple(eth_call(dex.factory, BY_FEE_OF_POOL, *each) for each in found)
    by_kind = yield tuple(eth_call(dex.factory, BY_FEE_OF_KIND, stable) for _, stable in found)
    fees = [
        _first(decoded_int(each), decoded_int(other)) for each, other in zip(by_pool, by_kind, strict=True)
    ]
    return tuple(
        Pool(
            dex.name,
            VenueKind.SOLIDLY,
            address,
            token0,
            token1,
            fee * FEE_UNIT // FEE_BASIS,
            details=SolidlyDetails(stable),
        )
        for (address, stable), fee in zip(found, fees, strict=True)
    )


def identify(address: Address) -> Reading[PoolIdentity]:
    """What the code at `address` says of itself. Raises PoolNotFoundError if it does not answer as a pool of
    this shape.
    """
    names = ("token0", "token1", "factory", "stable", "metadata")
    answers = yield tuple(eth_call(address, f"{name}()") for name in names)
    token0, token1, factory = (decoded_address(answer) for answer in answers[:3])
    stable = decoded(answers[3], "bool")
    if token0 is None or token1 is None or stable is None or decoded(answers[4], *METADATA) is None:
        raise _no_pool(address)
    return PoolIdentity(address, token0, token1, factory, details=SolidlyDetails(bool(stable[0])))


def belongs(dex: Dex, identity: PoolIdentity) -> Reading[bool]:
    """True if the factory of `dex` names this very address as one of its pools of these tokens."""
    answers = yield tuple(_lookups(dex.factory, identity.token0, identity.token1))
    return identity.address in (decoded_address(answer) for answer in answers)


def _lookups(factory: Address, token0: Address, token1: Address) -> Sequence[EthCall]:
    """Velodrome V2 and its forks answer to `getPool`, older factories to `getPair`."""
    return [
        eth_call(factory, f"{name}(address,address,bool)", token0, token1, stable)
        for name in ("getPool", "getPair")
        for stable in (False, True)
    ]


def _quote(pool: Address, token_in: Address, amount_in: int) -> EthCall:
    return eth_call(pool, "getAmountOut(uint256,address)", amount_in, token_in)


def _token_in(pool: Pool, first: bool) -> Address:
    return pool.token0.address if first else pool.token1.address


def _compared(state: SolidlyState, quotes: Sequence[int | None]) -> SolidlyState:
    """The state, marked as not exact unless all quotes are those of the maths."""
    if state.fee_bps < FEE_BASIS and state.whole0 and state.whole1:
        asked = probes(state.reserve0, state.reserve1)
        if [_quoted(state, first, amount) for first, amount in asked] == list(quotes):
            return state
    return replace(state, exact=False)


def _quoted(state: SolidlyState, zero_for_one: bool, amount: int) -> int | None:
    try:
        return state.quoted(zero_for_one, amount)
    except ArithmeticError:
        return None


def _first(*values: int | None) -> int:
    return next((value for value in values if value is not None), 0)


def _no_pool(pool: Address) -> PoolNotFoundError:
    return PoolNotFoundError(
        f"{pool} does not answer as a pool of the Solidly shape.",
        fix="check the pool's address and kind",
        pool=pool,
    )
