"""A pool at a venue, as its venue maths and its plan step need it."""

from dataclasses import dataclass
from enum import StrEnum

from executor.domain.address import Address
from executor.domain.pool_details import (
    BalancerV2Details,
    BalancerV3Details,
    CurveDetails,
    PoolDetails,
    V4Details,
)
from executor.domain.token import Token


class VenueKind(StrEnum):
    """The venue family: one Solidity file, one maths file and one test file each."""

    UNISWAP_V2 = "uniswap_v2"
    UNISWAP_V3 = "uniswap_v3"
    UNISWAP_V4 = "uniswap_v4"
    SOLIDLY = "solidly"
    CURVE = "curve"
    BALANCER_V2 = "balancer_v2"
    BALANCER_V3 = "balancer_v3"
    ERC4626 = "erc4626"
    MAKER_PSM = "maker_psm"
    DODO_V2 = "dodo_v2"
    WRAPPED_NATIVE = "wrapped_native"


class V3Callback(StrEnum):
    """Which callback a pool of the V3 shape calls, and a pair of the V2 shape likewise; the plan carries its
    number.
    """

    UNISWAP = "uniswap"
    PANCAKE = "pancake"
    ALGEBRA = "algebra"
    SOLIDLY = "solidly"


FEE_UNIT = 1_000_000
"""Fees of pools are in millionths: 3000 is 0.3 %."""


@dataclass(frozen=True, slots=True)
class Pool:
    """One pool. `fee` is in millionths; token0 < token1 by address; `dex` is the name in the chain data
    ("sushiswap_v2").

    Of a pool of more than two tokens these are the two that are traded. A V4 pool's address is the
    PoolManager's, a vault's its own, the wrapped native token's its own with the zero address as token0.
    """

    dex: str
    kind: VenueKind
    address: Address
    token0: Token
    token1: Token
    fee: int
    tick_spacing: int = 0
    callback: V3Callback = V3Callback.UNISWAP
    details: PoolDetails | None = None

    @property
    def identity(self) -> str:
        """What tells the pool from all others: its address, or its id where pools share one."""
        if isinstance(self.details, V4Details):
            return self.details.pool_id(self.token0.address, self.token1.address)
        return self.address

    @property
    def key(self) -> str:
        """What a state of the pool is kept under: two pairs of one pool have two keys."""
        if isinstance(self.details, CurveDetails | BalancerV2Details | BalancerV3Details):
            return f"{self.identity}/{self.token0.address}/{self.token1.address}"
        return self.identity

    def other(self, token: Token) -> Token:
        """The token that comes out when `token` goes in. Raises ValueError if the pool does not hold it."""
        if token.address == self.token0.address:
            return self.token1
        if token.address == self.token1.address:
            return self.token0
        raise ValueError(f"pool {self.address} does not hold {token.symbol}")

    def zero_for_one(self, token_in: Token) -> bool:
        """True if `token_in` is token0."""
        return self.other(token_in).address == self.token1.address


@dataclass(frozen=True, slots=True)
class PoolIdentity:
    """What the code at `address` says of itself. Anyone can deploy code that says anything: only the
    factory's word makes it the factory's pool. `fee` (millionths) and `tick_spacing` are None where pools
    of the kind do not tell them, `callback` where the exchange tells it.

    Of a pool of more than two tokens `tokens` holds them all, in the pool's order (a Curve pool's own coin as
    the zero address), and `token0` and `token1` are any two; `details` is what its kind needs to be known of.
    """

    address: Address
    token0: Address
    token1: Address
    factory: Address | None = None
    fee: int | None = None
    tick_spacing: int | None = None
    tokens: tuple[Address, ...] = ()
    details: PoolDetails | None = None
    callback: V3Callback | None = None

    @property
    def held(self) -> tuple[Address, ...]:
        """Every token that the pool trades."""
        return self.tokens or (self.token0, self.token1)
