"""Curve's pools, StableSwap and crypto: exact amounts of the shapes that are known, and the pools' own
quotes.

What is exact is what `exchange` gives, which is not always what `get_dy` says: the oldest pools take the fee
in finer units when they quote. The maths stand in `curve_stable` and `curve_crypto`.

StableSwap is model-checked (see `curve_stable`). Crypto pools of three coins, older and newer, are
bytecode-checked: equal to the bytecode of mainnet's pools tricrypto2 and TricryptoUSDC on recorded state,
and in any state written into their storage. Those of two coins are model-checked, and the newer kind of them
equals its published source, compiled. While A ramps, or a metapool keeps the virtual price of its base, a
state holds for the second of its block, and `at` moves it to another.
"""

from collections.abc import Sequence
from typing import NoReturn

from executor.domain.address import Address
from executor.domain.call import Reading
from executor.domain.dex import Dex
from executor.domain.errors import MathsError, PoolNotFoundError
from executor.domain.pool import Pool, PoolIdentity
from executor.domain.pool_details import CurveDetails, CurveShape
from executor.venues import curve_crypto, curve_stable
from executor.venues.balancer_relay import relay_request, relayed
from executor.venues.curve import Curve
from executor.venues.curve_crypto import CryptoState
from executor.venues.curve_events import FOLLOWABLE, TOPICS, emitters, follow, followable
from executor.venues.curve_identity import details, quote
from executor.venues.curve_reads import State, state_calls, state_from
from executor.venues.curve_stable import StableState
from executor.venues.pairing import unlisted as find

__all__ = [
    "FOLLOWABLE",
    "TOPICS",
    "CryptoState",
    "StableState",
    "State",
    "after",
    "amount_in",
    "amount_out",
    "at",
    "belongs",
    "details",
    "emitters",
    "extend",
    "find",
    "follow",
    "followable",
    "gas",
    "identify",
    "lens_request",
    "lens_state",
    "local_curve",
    "marginal",
    "quote",
    "read",
    "stretch",
]

STABLE_GAS, STABLE_COIN_STEP_GAS = 91_600, 300
"""Gas of a StableSwap leg through the router, and of each of Newton's steps for each coin.

Fitted to random routes over the pools of the local chain, which are models.
"""

CRYPTO_GAS = {2: 91_800, 3: 106_200}
CRYPTO_STEP_GAS = {2: 3_900, 3: 4_300}
"""By number of coins: gas of a leg of an older crypto pool, and of each of Newton's steps.

Fitted to random routes over the pools of the local chain, which do not move their price scale.
"""

PRICE_GAS = 215_000
"""What moving prices adds, measured on mainnet's bytecode of tricrypto2: 340,000 to 401,000 in all."""

CUBIC_GAS = 181_000
"""Gas of a leg of a newer crypto pool, measured on mainnet's bytecode of TricryptoUSDC: 162,000 to 192,000.
"""


def amount_out(state: State, zero_for_one: bool, amount_in: int) -> int:
    """What the pool's `exchange` gives for all of `amount_in`, in smallest units.

    Raises MathsError where the pool would revert (so little that nothing comes out of a coin of 18 decimals,
    or so much that its own search fails), and where its state must be read again before it trades.
    """
    i, j = _coins(state, zero_for_one)
    _check_settled(state)
    if amount_in <= 0:
        _refuse(state, "takes a positive amount only", amount_in=amount_in)
    try:
        if isinstance(state, CryptoState):
            return curve_crypto.exchanged(state, i, j, amount_in)
        return curve_stable.exchanged(state, i, j, amount_in)
    except ArithmeticError as error:
        _refuse(state, f"would revert: {error}", amount_in=amount_in)


def amount_in(state: State, zero_for_one: bool, amount_out: int) -> int:
    """The least amount for which `exchange` gives at least `amount_out`: one unit less gives less.

    Where the output falls back now and then as the input grows (a fee that rises off the peg, a crypto
    pool's own accuracy), a smaller amount may exist that happens to do. Raises as `amount_out` does.
    """
    i, j = _coins(state, zero_for_one)
    _check_settled(state)
    if amount_out <= 0:
        _refuse(state, "gives a positive amount only", amount_out=amount_out)
    try:
        if isinstance(state, CryptoState):
            return curve_crypto.least_in(state, i, j, amount_out)
        return curve_stable.least_in(state, i, j, amount_out)
    except ArithmeticError as error:
        _refuse(state, f"cannot give so much: {error}", amount_out=amount_out)


def after(state: State, zero_for_one: bool, amount_in: int) -> State:
    """The state after a swap of `amount_in`. Raises as `amount_out` does.

    A crypto pool may then move its price scale by what only the chain knows: of such a state the price can
    be asked, but a further trade raises MathsError until it is read again. Tokens whose transfers lose a
    unit leave a pool that goes by what it holds with that much less.
    """
    i, j = _coins(state, zero_for_one)
    _check_settled(state)
    if amount_in <= 0:
        _refuse(state, "takes a positive amount only", amount_in=amount_in)
    try:
        if isinstance(state, CryptoState):
            return curve_crypto.traded(state, i, j, amount_in)
        return curve_stable.traded(state, i, j, amount_in)
    except ArithmeticError as error:
        _refuse(state, f"would revert: {error}", amount_in=amount_in)


def marginal(state: State, zero_for_one: bool) -> tuple[int, int]:
    """What the next infinitesimal unit gives, fee included: numerator and denominator, in smallest units."""
    i, j = _coins(state, zero_for_one)
    try:
        if isinstance(state, CryptoState):
            return curve_crypto.slope(state, i, j)
        return curve_stable.slope(state, i, j)
    except ArithmeticError as error:
        _refuse(state, f"has no price: {error}")


def at(state: State, timestamp: int) -> State:
    """The state as it stands in a block of that second: of a StableSwap pool whose A ramps, or that keeps the
    virtual price of another for some time, what it reckons with changes by itself.
    """
    return curve_stable.at(state, timestamp) if isinstance(state, StableState) else state


def stretch(state: State, zero_for_one: bool, index: int) -> None:
    """These curves have no pieces of the Moebius shape."""


def local_curve(state: State, zero_for_one: bool) -> Curve | None:
    """None: these curves are not of that shape."""
    return None


def gas(state: State, zero_for_one: bool, amount_in: int) -> int:
    """Estimate of the gas of one swap as a leg, by the steps that the pool's search takes. Raises
    MathsError.
    """
    i, j = _coins(state, zero_for_one)
    count = len(state.balances)
    try:
        if isinstance(state, StableState):
            steps = curve_stable.rounds(state, i, j, amount_in)
            return STABLE_GAS + STABLE_COIN_STEP_GAS * count * steps
        if state.shape not in curve_crypto.NEWTON:
            return CUBIC_GAS
        searching, _, solving = curve_crypto.rounds(state, i, j, amount_in)
    except ArithmeticError as error:
        _refuse(state, f"would revert: {error}", amount_in=amount_in)
    prices = PRICE_GAS if state.repegs else 0
    return CRYPTO_GAS[count] + CRYPTO_STEP_GAS[count] * (searching + solving) + prices


def read(pool: Pool) -> Reading[State]:
    """Everything that the maths need, in one round. Raises PoolNotFoundError if the pool does not answer as
    the one it is said to be, MathsError if its maths are not known.
    """
    answers = yield state_calls(pool.address, _details(pool))
    return _state(pool, answers)


def lens_request(pool: Pool, reach: tuple[int, int]) -> bytes:
    """What CurveLens is asked: the calls of `read`. Raises as `read` does."""
    return relay_request(state_calls(pool.address, _details(pool)))


def lens_state(pool: Pool, answer: bytes) -> State:
    """The state in the lens's answer. Raises as `read` does."""
    return _state(pool, relayed(answer) or ())


def extend(state: State, toward_low: bool) -> Reading[State]:
    """Nothing lies beyond the balances: the state as it is."""
    yield from ()
    return state


def identify(address: Address) -> Reading[PoolIdentity]:
    """What the pool says of itself: its coins, how it takes their indexes, and which maths it has. Raises
    PoolNotFoundError if it does not answer as a Curve pool.
    """
    known = yield from details(address)
    return PoolIdentity(address, known.coins[0], known.coins[1], tokens=known.coins, details=known)


def belongs(dex: Dex, identity: PoolIdentity) -> Reading[bool]:
    """False: no registry is asked, so nothing proves where the pool comes from."""
    yield from ()
    return False


def _state(pool: Pool, answers: Sequence[bytes | None]) -> State:
    known = _details(pool)
    state = None
    if len(answers) == len(state_calls(pool.address, known)):
        state = state_from(pool, known, answers)
    if state is None:
        raise PoolNotFoundError(
            f"{pool.address} on {pool.dex} does not tell its state.",
            fix="check the pool's address and kind",
            pool=pool.address,
        )
    return state


def _details(pool: Pool) -> CurveDetails:
    known = pool.details
    if not isinstance(known, CurveDetails):
        raise PoolNotFoundError(
            f"{pool.address} on {pool.dex} was not asked for its coins.",
            fix="identify the pool before it is read",
            pool=pool.address,
        )
    if known.shape is CurveShape.UNKNOWN:
        raise MathsError(
            f"Curve pool {pool.address} computes in a way that is not known here.",
            fix="simulate the trade, or use another pool",
            pool=pool.address,
        )
    return known


def _coins(state: State, zero_for_one: bool) -> tuple[int, int]:
    """Index of the coin that goes in, then of the one that comes out."""
    known = _details(state.pool)
    first, second = known.index(state.pool.token0.address), known.index(state.pool.token1.address)
    return (first, second) if zero_for_one else (second, first)


def _check_settled(state: State) -> None:
    if not state.settled:
        raise MathsError(
            f"pool {state.pool.address} on {state.pool.dex} is in a state that only the chain knows.",
            fix="read the pool again before the next trade, or simulate it",
            pool=state.pool.address,
        )


def _refuse(state: State, problem: str, **facts: object) -> NoReturn:
    raise MathsError(
        f"pool {state.pool.address} on {state.pool.dex} {problem}.",
        fix="trade less, or use another pool",
        pool=state.pool.address,
        balances=list(state.balances),
        **facts,
    )
