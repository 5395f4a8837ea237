"""An exchange of one chain, as far as its pools are found by it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from executor.domain.address import Address
from executor.domain.pool import V3Callback, VenueKind


@dataclass(frozen=True, slots=True)
class Dex:
    """`name` is the one in the chain data ("sushiswap_v2"). Fees are in millionths: of the V2 shape all pools
    of an exchange have the one `fee`, of the V3 shape `fee_tiers` maps each fee to its tick spacing.

    Where fees change, pools tell them: Slipstream's factory finds its pools by one of `tick_spacings`,
    Algebra's has one pool a pair, those of the Solidly shape a volatile and a stable one.
    """

    name: str
    kind: VenueKind
    factory: Address
    fee: int = 0
    fee_tiers: Mapping[int, int] = field(default_factory=dict, hash=False)
    callback: V3Callback = V3Callback.UNISWAP
    tick_spacings: tuple[int, ...] = ()
