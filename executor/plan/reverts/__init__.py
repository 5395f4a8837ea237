"""Reverts of the router, down to the innermost reason: a stable code, the hop it happened at, the figures by
name, and what it means for the trade.

`REASONS` is the one table of what pools, lenders and tokens revert with: a new protocol is one module beside
the others, and its lines here.
"""

from collections.abc import Mapping

from executor.plan.format import Opcode
from executor.plan.reverts import (
    aave_v3,
    algebra,
    balancer_v2,
    balancer_v3,
    curve,
    dodo_v2,
    erc3156,
    erc4626,
    maker_psm,
    morpho_blue,
    solidly,
    tokens,
    uniswap_v2,
    uniswap_v3,
    uniswap_v4,
)
from executor.plan.reverts.decoding import DecodedError, Known, decode
from executor.plan.reverts.kinds import ErrorType, Meaning, Reasons
from executor.plan.reverts.locating import Hop
from executor.plan.reverts.router import ROUTER_ERRORS

__all__ = [
    "REASONS",
    "ROUTER_ERRORS",
    "DecodedError",
    "ErrorType",
    "Hop",
    "Meaning",
    "Reasons",
    "decode_revert",
]

_V2 = (uniswap_v2.REASONS, solidly.REASONS)
_V3 = (uniswap_v3.REASONS, algebra.REASONS)
REASONS: Mapping[Opcode, tuple[Reasons, ...]] = {
    Opcode.UNISWAP_V2_SWAP: _V2,
    Opcode.UNISWAP_V2_FLASH_SWAP: _V2,
    Opcode.UNISWAP_V2_LOAN: _V2,
    Opcode.SOLIDLY_SWAP: (solidly.REASONS,),
    Opcode.SOLIDLY_QUOTE: (solidly.REASONS,),
    Opcode.UNISWAP_V3_SWAP: _V3,
    Opcode.UNISWAP_V3_LOAN: _V3,
    Opcode.ERC4626_DEPOSIT: (erc4626.REASONS,),
    Opcode.ERC4626_REDEEM: (erc4626.REASONS,),
    Opcode.CURVE_EXCHANGE: (curve.REASONS,),
    Opcode.BALANCER_V2_SWAP: (balancer_v2.REASONS,),
    Opcode.MAKER_PSM_SWAP: (maker_psm.REASONS,),
    Opcode.DODO_V2_SWAP: (dodo_v2.REASONS,),
    Opcode.BALANCER_V2_LOAN: (balancer_v2.REASONS,),
    Opcode.AAVE_V3_LOAN: (aave_v3.REASONS,),
    Opcode.MORPHO_BLUE_LOAN: (morpho_blue.REASONS,),
    Opcode.ERC3156_LOAN: (erc3156.REASONS,),
    Opcode.UNISWAP_V4_LOAN: (uniswap_v4.REASONS,),
    Opcode.UNISWAP_V4_UNLOCK: (uniswap_v4.REASONS,),
    Opcode.UNISWAP_V4_SWAP: (uniswap_v4.REASONS,),
    Opcode.UNISWAP_V4_TAKE: (uniswap_v4.REASONS,),
    Opcode.UNISWAP_V4_SETTLE: (uniswap_v4.REASONS,),
    Opcode.BALANCER_V3_LOAN: (balancer_v3.REASONS,),
    Opcode.BALANCER_V3_UNLOCK: (balancer_v3.REASONS,),
    Opcode.BALANCER_V3_SWAP: (balancer_v3.REASONS,),
    Opcode.BALANCER_V3_SEND: (balancer_v3.REASONS,),
    Opcode.BALANCER_V3_SETTLE: (balancer_v3.REASONS,),
}
_KNOWN = Known(REASONS, (tokens.REASONS,))


def decode_revert(data: bytes, calldata: bytes | None = None) -> DecodedError:
    """What `data` (a revert's return data) says. Never raises: what is not known is named `Unknown`.

    With the `calldata` of the plan that reverted, the hop is found and a pool's or lender's reason is read as
    its protocol's. The bytes come from contracts that may be hostile: text and bytes are kept up to
    `decoding.MOST_SHOWN` of them, and a contract that claims to pass on what another one said is believed
    only where the plan has that one called inside of it. Without the calldata it is believed.
    """
    return decode(data, calldata, _KNOWN)
