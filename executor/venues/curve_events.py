"""What Curve's pools write into the log, and the state after it.

Source: the events of Curve's published pool contracts, whose lists of amounts have as many places as the
pool has coins, or, in the newest, any number. The admin's part of a fee is in no event: after an exchange it
is worked out anew, and what came out is compared with the log; after a deposit it follows from the logged
fees. A crypto pool may move its price scale at any trade, and a withdrawal in one coin does not tell its
fee: then the pool must be read again. An owner who gives the admin's fees to the pool's shareholders writes
nothing.
"""

from collections.abc import Sequence
from dataclasses import replace

from eth_hash.auto import keccak

from executor.domain.abi import decoded
from executor.domain.address import ZERO_ADDRESS, Address
from executor.domain.log import Log
from executor.domain.pool import Pool
from executor.domain.pool_details import CurveDetails, CurveRates
from executor.venues import curve_stable
from executor.venues.curve_identity import MOST_COINS
from executor.venues.curve_reads import State
from executor.venues.curve_stable import FEE_UNIT, StableState

FOLLOWABLE = True
"""But for crypto pools, pools with rates or a ramp, and coins whose balances move, see `followable`."""

LISTS = ("uint256[]", *(f"uint256[{count}]" for count in range(2, MOST_COINS + 1)))


def _topic(event: str) -> bytes:
    return keccak(event.encode())


def _topics(*events: str) -> frozenset[bytes]:
    """Of events with a `*` for a list of amounts, those with every such list."""
    return frozenset(_topic(event.replace("*", each)) for event in events for each in LISTS)


EXCHANGED = _topic("TokenExchange(address,int128,uint256,int128,uint256)")
EXCHANGED_BY_UINT = _topic("TokenExchange(address,uint256,uint256,uint256,uint256)")
ADDED = _topics("AddLiquidity(address,*,*,uint256,uint256)")
REMOVED = _topics("RemoveLiquidity(address,*,*,uint256)")
REMOVED_UNEVENLY = _topics("RemoveLiquidityImbalance(address,*,*,uint256,uint256)")
LISTED = frozenset(
    map(
        _topic,
        (
            "AddLiquidity(address,uint256[],uint256[],uint256,uint256)",
            "RemoveLiquidity(address,uint256[],uint256[],uint256)",
            "RemoveLiquidityImbalance(address,uint256[],uint256[],uint256,uint256)",
        ),
    )
)
"""Events of the newest pools, whose lists tell their length."""

NEW_FEE = _topic("NewFee(uint256,uint256)")
READ_AGAIN = _topics(
    "TokenExchange(address,uint256,uint256,uint256,uint256,uint256,uint256)",
    "TokenExchangeUnderlying(address,int128,uint256,int128,uint256)",
    "AddLiquidity(address,*,uint256,uint256)",
    "AddLiquidity(address,*,uint256,uint256,uint256)",
    "RemoveLiquidity(address,*,uint256)",
    "RemoveLiquidityOne(address,uint256,uint256)",
    "RemoveLiquidityOne(address,uint256,uint256,uint256)",
    "RemoveLiquidityOne(address,int128,uint256,uint256,uint256)",
    "RemoveLiquidityOne(address,uint256,uint256,uint256,uint256,uint256)",
    "RampA(uint256,uint256,uint256,uint256)",
    "StopRampA(uint256,uint256)",
    "StopRampA(uint256,uint256,uint256)",
    "RampAgamma(uint256,uint256,uint256,uint256,uint256,uint256)",
    "NewFee(uint256,uint256,uint256)",
    "ApplyNewFee(uint256,uint256)",
    "NewParameters(uint256,uint256,uint256)",
    "NewParameters(uint256,uint256,uint256,uint256,uint256,uint256)",
    "NewParameters(uint256,uint256,uint256,uint256,uint256,uint256,uint256)",
    "ClaimAdminFee(address,uint256)",
    "ClaimAdminFee(address,uint256[2])",
)
TOPICS = ADDED | REMOVED | REMOVED_UNEVENLY | READ_AGAIN | {EXCHANGED, EXCHANGED_BY_UINT, NEW_FEE}


def emitters(pool: Pool) -> tuple[Address, ...]:
    """The pool itself."""
    return (pool.address,)


def followable(state: State) -> bool:
    """False where something moves that no log tells: a rate, a ramp, a coin's balance, a price scale."""
    known = state.pool.details
    return (
        isinstance(state, StableState)
        and isinstance(known, CurveDetails)
        and known.rates is CurveRates.DECIMALS
        and not known.holds
        and ZERO_ADDRESS not in known.coins
        and state.ramp is None
        and state.admin_fee is not None
        and state.settled
    )


def follow(state: State, log: Log) -> State | None:
    """The state after that log; the same object where it is about something else. None where the pool must be
    read again.
    """
    if log.address != state.pool.address or not log.topics or log.topics[0] not in TOPICS:
        return state
    if not followable(state) or not isinstance(state, StableState):
        return None
    event = log.topics[0]
    if event in (EXCHANGED, EXCHANGED_BY_UINT):
        return _exchanged(state, log.data, "int128" if event == EXCHANGED else "uint256")
    if event == NEW_FEE:
        told = _numbers(log.data, 2)
        return None if told is None else replace(state, fee=told[0], admin_fee=told[1])
    if event in READ_AGAIN:
        return None
    lists = _lists(log.data, len(state.balances), event in LISTED)
    if lists is None:
        return None
    amounts, fees = lists
    return _moved(state, amounts, (0,) * len(amounts) if event in REMOVED else fees, event in ADDED)


def _exchanged(state: StableState, data: bytes, index: str) -> StableState | None:
    values = decoded(data, index, "uint256", index, "uint256")
    if values is None:
        return None
    i, sold, j, bought = (int(str(value)) for value in values)
    count = len(state.balances)
    if not (0 <= i < count and 0 <= j < count and i != j):
        return None
    try:
        as_logged = curve_stable.exchanged(state, i, j, sold) == bought
        return curve_stable.traded(state, i, j, sold) if as_logged else None
    except ArithmeticError:
        return None


def _moved(state: StableState, amounts: Sequence[int], fees: Sequence[int], comes_in: bool) -> StableState:
    """The amounts in or out, and the admin's part of the fees, which always goes out."""
    share, sign = state.admin_fee or 0, 1 if comes_in else -1
    balances = tuple(
        balance + sign * amount - fee * share // FEE_UNIT
        for balance, amount, fee in zip(state.balances, amounts, fees, strict=True)
    )
    return replace(state, balances=balances)


def _lists(data: bytes, count: int, listed: bool) -> tuple[Sequence[int], Sequence[int]] | None:
    """The two lists that an event starts with. A list of fees that is empty stands for none."""
    if not listed:
        numbers = _numbers(data, 2 * count)
        return None if numbers is None else (numbers[:count], numbers[count:])
    lists = decoded(data, "uint256[]", "uint256[]")
    if lists is None:
        return None
    amounts, fees = lists
    assert isinstance(amounts, tuple) and isinstance(fees, tuple)
    return (amounts, fees or (0,) * count) if len(amounts) == count else None


def _numbers(data: bytes, count: int) -> tuple[int, ...] | None:
    values = decoded(data, *("uint256",) * count)
    return None if values is None else tuple(int(str(value)) for value in values)
