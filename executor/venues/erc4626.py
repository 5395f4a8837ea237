"""Vaults of ERC-4626 as pools of an asset and a share: deposits and redemptions at one price, rounded down.

Sources: ERC-4626 and the implementations named in `erc4626_reads`. A vault earns without a log: its state
holds for the block it was read at, and is read again rather than followed.
"""

from dataclasses import replace
from typing import NoReturn

from executor.domain.address import Address
from executor.domain.errors import MathsError
from executor.domain.log import Log
from executor.domain.pool import Pool
from executor.venues.curve import Curve, Stretch
from executor.venues.erc4626_reads import (
    belongs,
    details,
    extend,
    identify,
    lens_request,
    lens_state,
    quote,
    read,
)
from executor.venues.erc4626_state import ERC4626State
from executor.venues.pairing import unlisted as find

__all__ = [
    "FOLLOWABLE",
    "TOPICS",
    "ERC4626State",
    "after",
    "amount_in",
    "amount_out",
    "belongs",
    "details",
    "emitters",
    "extend",
    "find",
    "follow",
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

FOLLOWABLE = False
TOPICS: frozenset[bytes] = frozenset()

DEPOSIT_GAS = 37_000
REDEEM_GAS = 28_500
"""Gas of a leg through a vault that holds its own assets, fitted to random routes on the local chain. A
deposit allows, moves and looks up the asset, which costs more where that is dear to move.
"""


def amount_out(state: ERC4626State, zero_for_one: bool, amount_in: int) -> int:
    """The shares for `amount_in` of the asset, or the assets for that many shares; 0 where that is too
    little.

    Raises MathsError if the vault counts by no known rule, if `amount_in` is not positive, or if it is more
    than the vault takes. Whether the vault can pay out at once only a simulation tells.
    """
    given, paid = _price(state, zero_for_one)
    _require_taken(state, zero_for_one, amount_in)
    return amount_in * given // paid


def amount_in(state: ERC4626State, zero_for_one: bool, amount_out: int) -> int:
    """The smallest amount for which the vault gives at least `amount_out`. Raises as `amount_out` does."""
    given, paid = _price(state, zero_for_one)
    needed = -(-amount_out * paid // given)
    _require_taken(state, zero_for_one, needed)
    return needed


def after(state: ERC4626State, zero_for_one: bool, amount_in: int) -> ERC4626State:
    """The vault after that deposit or redemption. Raises as `amount_out` does.

    What an emptied vault without virtual shares counts by then only a reading tells.
    """
    given = amount_out(state, zero_for_one, amount_in)
    if state.deposits(zero_for_one):
        assets, shares = amount_in, given
    else:
        assets, shares = -given, -amount_in
    endless = state.most_deposited == 2**256 - 1
    changed = replace(
        state,
        supply=state.supply + shares,
        most_deposited=state.most_deposited if endless else state.most_deposited - assets,
    )
    if not state.pooled:
        return changed
    left = (state.shares + shares, state.assets + assets)
    return replace(changed, shares=left[0], assets=left[1], exact=min(left) > 0)


def marginal(state: ERC4626State, zero_for_one: bool) -> tuple[int, int]:
    """What the very next unit gives, as numerator and denominator in smallest units: the same for all."""
    return _price(state, zero_for_one)


def stretch(state: ERC4626State, zero_for_one: bool, index: int) -> Stretch:
    """The straight line up to what the vault takes. Raises MathsError beyond it."""
    given, paid = _price(state, zero_for_one)
    if index:
        _refuse(state, "has one stretch only", index=index)
    return Stretch(0, _most(state, zero_for_one), given, 0, 0, paid)


def local_curve(state: ERC4626State, zero_for_one: bool) -> Curve:
    """The straight line, in real numbers."""
    given, paid = _price(state, zero_for_one)
    return Curve(k=given, m=paid, n=0)


def gas(state: ERC4626State, zero_for_one: bool, amount_in: int) -> int:
    """Estimate of the gas of one deposit or redemption as a leg, by OpenZeppelin's vault; what others do with
    the money costs more.
    """
    dear = state.pool.token0.transfer_gas + state.pool.token1.transfer_gas
    if state.deposits(zero_for_one):
        return DEPOSIT_GAS + dear // 5
    return REDEEM_GAS + dear // 5


def emitters(pool: Pool) -> tuple[Address, ...]:
    """No log tells what a vault earns."""
    return ()


def follow(state: ERC4626State, log: Log) -> ERC4626State | None:
    """Logs of others change nothing, a log of the vault asks for another reading."""
    return None if log.address == state.pool.address else state


def _price(state: ERC4626State, zero_for_one: bool) -> tuple[int, int]:
    """What comes out for what goes in."""
    if not state.exact:
        raise MathsError(
            f"vault {state.pool.address} counts shares by no known rule, or takes a fee.",
            fix="simulate the trade, or use another vault",
            vault=state.pool.address,
        )
    return (state.shares, state.assets) if state.deposits(zero_for_one) else (state.assets, state.shares)


def _most(state: ERC4626State, zero_for_one: bool) -> int:
    return state.most_deposited if state.deposits(zero_for_one) else state.supply


def _require_taken(state: ERC4626State, zero_for_one: bool, amount: int) -> None:
    if amount <= 0:
        _refuse(state, "takes a positive amount only", amount=amount)
    if amount > _most(state, zero_for_one):
        _refuse(state, f"takes no more than {_most(state, zero_for_one)} now", amount=amount)


def _refuse(state: ERC4626State, problem: str, **facts: object) -> NoReturn:
    raise MathsError(
        f"vault {state.pool.address} {problem}.",
        fix="trade less, or use another vault",
        vault=state.pool.address,
        **facts,
    )
