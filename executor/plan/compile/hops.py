"""One leg as one step: how each venue's hop is written. The one table of venues is `HOPS`: a new venue is one
function here, beside its step.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from executor.domain.address import Address
from executor.domain.errors import PlanError
from executor.domain.pool import Pool, V3Callback, VenueKind
from executor.domain.pool_details import (
    BalancerV2Details,
    CurveDetails,
    DodoV2Details,
    ERC4626Details,
    MakerPSMDetails,
)
from executor.domain.route import Leg
from executor.plan.format import Payer, Recipient, V2CallbackKind, V2Output, V3Amount, V3CallbackKind
from executor.plan.steps import (
    BalancerV2Swap,
    CurveExchange,
    DodoV2Swap,
    ERC4626Deposit,
    ERC4626Redeem,
    MakerPSMSwap,
    SolidlySwap,
    Step,
    UnwrapNative,
    V2Swap,
    V3Swap,
    WrapNative,
)

CALLBACK_KINDS: Mapping[V3Callback, V3CallbackKind] = {
    V3Callback.UNISWAP: V3CallbackKind.UNISWAP,
    V3Callback.PANCAKE: V3CallbackKind.PANCAKE,
    V3Callback.ALGEBRA: V3CallbackKind.ALGEBRA,
    V3Callback.SOLIDLY: V3CallbackKind.SOLIDLY,
}
Kind = TypeVar("Kind")


@dataclass(frozen=True, slots=True)
class How:
    """What a hop has to do: who pays (`token` where a tracked one does), how much goes in (None: what the
    last step gave), where the output goes, and the output where it is to be literal.
    """

    payer: Payer
    token: Address | None
    amount_in: int | None
    recipient: Recipient
    to: Address | None = None
    amount_out: int | None = None


def hop(leg: Leg, how: How) -> Step:
    """The step of a leg on any venue but those that keep accounts. Raises PlanError."""
    return HOPS[leg.pool.kind](leg, how)


def fee_bps(pool: Pool) -> int:
    """The pair's fee as the router's computed output takes it. Raises PlanError where it is no whole number
    of basis points up to 255.
    """
    bps, rest = divmod(pool.fee, 100)
    if rest or bps > 255:
        raise PlanError(
            f"The fee of pool {pool.address}, {pool.fee} millionths, cannot be computed with on chain.",
            fix='encode with literal outputs (outputs="literal")',
            field="fee",
            fee=pool.fee,
        )
    return bps


def pair_callback(pool: Pool) -> V2CallbackKind:
    """Which callback a pair calls when it lends."""
    if pool.kind is VenueKind.SOLIDLY:
        return V2CallbackKind.SOLIDLY
    return V2CallbackKind.PANCAKE if pool.callback is V3Callback.PANCAKE else V2CallbackKind.UNISWAP


def _uniswap_v2(leg: Leg, how: How) -> Step:
    literal = how.amount_out is not None
    names_token = how.payer is Payer.TRACKED or (leg.taxed and how.payer is Payer.NONE)
    return V2Swap(
        leg.pool.address,
        leg.zero_for_one,
        how.payer,
        how.recipient,
        V2Output.LITERAL if literal else V2Output.COMPUTED,
        fee_bps=0 if literal else fee_bps(leg.pool),
        amount_in=how.amount_in,
        amount_out=how.amount_out,
        token=leg.token_in.address if names_token else None,
        to=how.to,
        measured=leg.taxed,
    )


def _solidly(leg: Leg, how: How) -> Step:
    if how.amount_out is not None:
        return _uniswap_v2(leg, how)
    return SolidlySwap(
        leg.pool.address,
        leg.zero_for_one,
        leg.token_in.address,
        how.payer,
        how.recipient,
        amount_in=how.amount_in,
        to=how.to,
        measured=leg.taxed,
    )


def _uniswap_v3(leg: Leg, how: How) -> Step:
    return V3Swap(
        leg.pool.address,
        leg.zero_for_one,
        CALLBACK_KINDS[leg.pool.callback],
        V3Amount.EXACT_IN_LAST if how.amount_in is None else V3Amount.EXACT_IN,
        how.payer,
        how.recipient,
        amount=how.amount_in,
        token=how.token,
        to=how.to,
    )


def _curve(leg: Leg, how: How) -> Step:
    details = _details(leg.pool, CurveDetails)
    native_in = not int(leg.token_in.address, 16)
    return CurveExchange(
        leg.pool.address,
        details.index(leg.token_in.address),
        details.index(leg.token_out.address),
        leg.token_out.address,
        how.payer,
        how.recipient,
        amount_in=how.amount_in,
        token_in=how.token,
        to=how.to,
        uint256_indexes=details.uint256_indexes,
        native_in=native_in,
    )


def _balancer_v2(leg: Leg, how: How) -> Step:
    return BalancerV2Swap(
        leg.pool.address,
        _details(leg.pool, BalancerV2Details).pool_id_tail,
        leg.token_out.address,
        how.payer,
        how.recipient,
        amount_in=how.amount_in,
        token_in=how.token,
        to=how.to,
    )


def _erc4626(leg: Leg, how: How) -> Step:
    asset = _details(leg.pool, ERC4626Details).asset
    if leg.token_in.address == asset:
        return ERC4626Deposit(
            leg.pool.address, how.payer, how.recipient, amount_in=how.amount_in, asset=how.token, to=how.to
        )
    return ERC4626Redeem(leg.pool.address, asset, how.recipient, shares=how.amount_in, to=how.to)


def _maker_psm(leg: Leg, how: How) -> Step:
    details = _details(leg.pool, MakerPSMDetails)
    return MakerPSMSwap(
        leg.pool.address,
        details.coarser,
        leg.token_out.address,
        how.payer,
        how.recipient,
        amount_in=how.amount_in,
        token_in=how.token,
        to=how.to,
        buy=leg.token_out.address == details.gem,
    )


def _dodo_v2(leg: Leg, how: How) -> Step:
    return DodoV2Swap(
        leg.pool.address,
        leg.token_in.address == _details(leg.pool, DodoV2Details).base,
        leg.token_out.address,
        how.payer,
        how.recipient,
        amount_in=how.amount_in,
        token_in=how.token,
        to=how.to,
    )


def _wrapped_native(leg: Leg, how: How) -> Step:
    """The router keeps what it wraps and unwraps: the receiver cannot be another."""
    if leg.token_in.address == leg.pool.address:
        return UnwrapNative(how.amount_in)
    return WrapNative(how.amount_in)


def _details(pool: Pool, kind: type[Kind]) -> Kind:
    if not isinstance(pool.details, kind):
        raise PlanError(
            f"Pool {pool.address} of kind {pool.kind} has no {kind.__name__}.",
            fix="read the pool's details before encoding a route through it",
            field="details",
        )
    return pool.details


HOPS: Mapping[VenueKind, Callable[[Leg, How], Step]] = {
    VenueKind.UNISWAP_V2: _uniswap_v2,
    VenueKind.SOLIDLY: _solidly,
    VenueKind.UNISWAP_V3: _uniswap_v3,
    VenueKind.CURVE: _curve,
    VenueKind.BALANCER_V2: _balancer_v2,
    VenueKind.ERC4626: _erc4626,
    VenueKind.MAKER_PSM: _maker_psm,
    VenueKind.DODO_V2: _dodo_v2,
    VenueKind.WRAPPED_NATIVE: _wrapped_native,
}
