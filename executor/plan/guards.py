"""What must hold before the first token moves. A plan whose guard fails reverts for little gas."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from executor.domain.address import Address
from executor.plan import format as f
from executor.plan.bytewise import Reader, put_uint
from executor.plan.format import Guard as GuardKind
from executor.plan.layout import POOL, Field, Layout, unknown

BLOCK = Field("block", f.BLOCK_BYTES, "the block's number")
RESERVE0 = Field("reserve0", f.V2_OUTPUT_BYTES, "the reserve of token0 as simulated")
RESERVE1 = Field("reserve1", f.V2_OUTPUT_BYTES, "the reserve of token1 as simulated")
SQRT_PRICE = Field("sqrt_price_x96", f.ADDRESS_BYTES, "the price as simulated, sqrtPriceX96")
TOLERANCE = Field("tolerance", f.TOLERANCE_BYTES, "how far it may have moved, in millionths")
MILLIONTHS = 1_000_000


class Guard(ABC):
    """One guard. Its attributes are the fields of its layout."""

    __slots__ = ()
    LAYOUT: ClassVar[Layout]

    @abstractmethod
    def in_words(self) -> str:
        """What must hold, in words."""

    def encode(self) -> bytes:
        """The guard's bytes. Raises PlanError naming the field that does not fit."""
        return self.LAYOUT.encode(self)


@dataclass(frozen=True, slots=True)
class MaxBlock(Guard):
    """The block's number is at most `block`."""

    block: int
    LAYOUT: ClassVar[Layout] = Layout(GuardKind.MAX_BLOCK, (BLOCK,))

    def in_words(self) -> str:
        """What must hold, in words."""
        return f"valid up to block {self.block}"


@dataclass(frozen=True, slots=True)
class ExactBlock(Guard):
    """The block's number is `block`."""

    block: int
    LAYOUT: ClassVar[Layout] = Layout(GuardKind.EXACT_BLOCK, (BLOCK,))

    def in_words(self) -> str:
        """What must hold, in words."""
        return f"valid in block {self.block} only"


@dataclass(frozen=True, slots=True)
class ParentHash(Guard):
    """The parent block has this hash (0x-prefixed)."""

    hash: str
    LAYOUT: ClassVar[Layout] = Layout(
        GuardKind.PARENT_HASH, (Field("hash", f.HASH_BYTES, "the parent block's hash", "hex"),)
    )

    def in_words(self) -> str:
        """What must hold, in words."""
        return f"valid on top of block {self.hash} only"


@dataclass(frozen=True, slots=True)
class BaseFeeCeiling(Guard):
    """The block's base fee is at most `base_fee` wei per gas."""

    base_fee: int
    LAYOUT: ClassVar[Layout] = Layout(
        GuardKind.BASE_FEE, (Field("base_fee", f.BASE_FEE_BYTES, "the highest base fee, wei per gas"),)
    )

    def in_words(self) -> str:
        """What must hold, in words."""
        return f"valid while the base fee is at most {self.base_fee} wei per gas"


@dataclass(frozen=True, slots=True)
class V2Reserves(Guard):
    """Both reserves of a pair are within `tolerance` millionths of these."""

    pool: Address
    reserve0: int
    reserve1: int
    tolerance: int
    LAYOUT: ClassVar[Layout] = Layout(GuardKind.V2_RESERVES, (POOL, RESERVE0, RESERVE1, TOLERANCE))

    def in_words(self) -> str:
        """What must hold, in words."""
        near = _near(self.tolerance)
        return f"pair {self.pool} still holds {self.reserve0} of token0 and {self.reserve1} of token1, {near}"


@dataclass(frozen=True, slots=True)
class V3Price(Guard):
    """The price of a V3 pool is within `tolerance` millionths of `sqrt_price_x96`."""

    pool: Address
    sqrt_price_x96: int
    tolerance: int
    LAYOUT: ClassVar[Layout] = Layout(GuardKind.V3_PRICE, (POOL, SQRT_PRICE, TOLERANCE))

    def in_words(self) -> str:
        """What must hold, in words."""
        return f"V3 pool {self.pool} is still at sqrtPriceX96 {self.sqrt_price_x96}, {_near(self.tolerance)}"


@dataclass(frozen=True, slots=True)
class AlgebraPrice(Guard):
    """The price of an Algebra pool is within `tolerance` millionths of `sqrt_price_x96`."""

    pool: Address
    sqrt_price_x96: int
    tolerance: int
    LAYOUT: ClassVar[Layout] = Layout(GuardKind.ALGEBRA_PRICE, (POOL, SQRT_PRICE, TOLERANCE))

    def in_words(self) -> str:
        """What must hold, in words."""
        near = _near(self.tolerance)
        return f"Algebra pool {self.pool} is still at sqrtPriceX96 {self.sqrt_price_x96}, {near}"


@dataclass(frozen=True, slots=True)
class V4Price(Guard):
    """The price of a V4 pool, named by its id (0x-prefixed), is within `tolerance` millionths of
    `sqrt_price_x96`.
    """

    pool_id: str
    sqrt_price_x96: int
    tolerance: int
    LAYOUT: ClassVar[Layout] = Layout(
        GuardKind.V4_PRICE,
        (Field("pool_id", f.HASH_BYTES, "the pool's id", "hex"), SQRT_PRICE, TOLERANCE),
    )

    def in_words(self) -> str:
        """What must hold, in words."""
        near = _near(self.tolerance)
        return f"V4 pool {self.pool_id} is still at sqrtPriceX96 {self.sqrt_price_x96}, {near}"


GUARDS: Mapping[int, type[Guard]] = {
    kind.LAYOUT.number: kind
    for kind in (
        MaxBlock,
        ExactBlock,
        ParentHash,
        BaseFeeCeiling,
        V2Reserves,
        V3Price,
        AlgebraPrice,
        V4Price,
    )
}


def write_guards(guards: tuple[Guard, ...]) -> bytes:
    """The guards behind their length in bytes; nothing where there are none. Raises PlanError."""
    if not guards:
        return b""
    body = b"".join(guard.encode() for guard in guards)
    return put_uint(len(body), f.LENGTH_BYTES, "guards length") + body


def read_guards(reader: Reader) -> tuple[Guard, ...]:
    """The guards behind their length. Raises PlanError where the router would call them malformed."""
    inner, guards = reader.inner(), []
    while inner.at < inner.end:
        byte = inner.uint(1)
        kind = GUARDS.get(byte)
        if kind is None:
            raise unknown(byte, 0)
        guards.append(kind(**kind.LAYOUT.decode(inner, byte)))
    return tuple(guards)


def _near(tolerance: int) -> str:
    return "exactly" if tolerance == 0 else f"within {tolerance} millionths"
