"""What pools of some venues need to be known of beyond their two tokens and fee; one small type a venue."""

from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from eth_hash.auto import keccak

from executor.domain.abi import CODEC
from executor.domain.address import ZERO_ADDRESS, Address
from executor.domain.errors import PoolNotFoundError


@dataclass(frozen=True, slots=True)
class SolidlyDetails:
    """`stable`: the stable curve, not the volatile one."""

    stable: bool


class CurveShape(StrEnum):
    """Which maths a Curve pool has. Of UNKNOWN pools only the pool itself can quote."""

    UNKNOWN = "unknown"
    STABLE = "stable"
    STABLE_ONCE = "stable_once"
    STABLE_CLASSIC = "stable_classic"
    STABLE_FIRST = "stable_first"
    STABLE_LENT = "stable_lent"
    CRYPTO_TWO = "crypto_two"
    CRYPTO_THREE = "crypto_three"
    CRYPTO_TWO_NG = "crypto_two_ng"
    CRYPTO_THREE_NG = "crypto_three_ng"


class CurveRates(StrEnum):
    """Where a StableSwap pool has the worth of its coins from: their decimals alone, its `stored_rates`, or,
    for the last coin, the virtual price of the pool whose share it is (`BASE_KEPT`: kept for ten minutes).
    """

    DECIMALS = "decimals"
    STORED = "stored"
    BASE = "base"
    BASE_KEPT = "base_kept"


@dataclass(frozen=True, slots=True)
class CurveDetails:
    """The pool's coins in the order of its indexes, the zero address for the chain's own coin;
    `uint256_indexes`: its functions take indexes as uint256 (crypto pools), not as int128 (StableSwap).

    `decimals` are the coins'; `base` is the pool whose share the last coin is, where that makes its worth;
    `holds`: the pool's balances are what it holds, not what it wrote down.
    """

    coins: tuple[Address, ...]
    uint256_indexes: bool
    shape: CurveShape = CurveShape.UNKNOWN
    decimals: tuple[int, ...] = ()
    rates: CurveRates = CurveRates.DECIMALS
    base: Address | None = None
    holds: bool = False

    def index(self, coin: Address) -> int:
        """The coin's index. Raises PoolNotFoundError if the pool does not hold it."""
        if coin not in self.coins:
            raise PoolNotFoundError(
                f"the Curve pool does not hold {coin}.",
                fix=f"name one of its coins: {', '.join(self.coins)}",
                coin=coin,
            )
        return self.coins.index(coin)


@dataclass(frozen=True, slots=True)
class BalancerV2Details:
    """The pool's id in the Vault (0x, 32 bytes), and its tokens in the Vault's order."""

    vault: Address
    pool_id: str
    tokens: tuple[Address, ...]

    @property
    def pool_id_tail(self) -> str:
        """The id behind the pool's address, 0x and 12 bytes: what a plan's step carries."""
        return "0x" + self.pool_id[42:]


@dataclass(frozen=True, slots=True)
class BalancerV3Details:
    """The pool's tokens in the Vault's order; all pools of the chain share the Vault."""

    vault: Address
    tokens: tuple[Address, ...]


@dataclass(frozen=True, slots=True)
class ERC4626Details:
    """The vault's asset; its share is the vault itself."""

    asset: Address


@dataclass(frozen=True, slots=True)
class MakerPSMDetails:
    """A peg stability module trades `gem` for `dai` (DAI, or USDS at the wrapper), the gem having `coarser`
    decimals less.

    `pocket` holds the gem; `till`, the module itself or the one behind the wrapper, holds `cash`, the DAI
    that gem is paid with. `minted`: it is of the older kind, whose DAI is minted, and whose gem the pocket
    pulls.
    """

    gem: Address
    dai: Address
    coarser: int
    pocket: Address
    till: Address
    cash: Address
    minted: bool = False

    @property
    def unit(self) -> int:
        """One smallest unit of the gem in smallest units of the other token."""
        return int(10**self.coarser)

    @property
    def wrapped(self) -> bool:
        """True of the wrapper, whose token is not the one that it pays with."""
        return self.dai != self.cash


@dataclass(frozen=True, slots=True)
class DodoV2Details:
    """The pool's base, of which the other token is the quote; `keeps_targets` is False for a DVM, which works
    the target of its base out anew each time; `strict` is True for a GSP, which reverts where a product does
    not fit a word, while the others divide first.
    """

    base: Address
    keeps_targets: bool
    strict: bool = False


@lru_cache(maxsize=4_096)
def _pool_id(*key: object) -> str:
    """Pools are looked up by their ids all the time, and encoding and hashing take long."""
    return "0x" + keccak(CODEC.encode(("address", "address", "uint24", "int24", "address"), key)).hex()


@dataclass(frozen=True, slots=True)
class V4Details:
    """What names a V4 pool beside its two currencies: `key_fee` in millionths, or the mark of a dynamic one;
    `hooks` is the zero address where there are none.
    """

    key_fee: int
    tick_spacing: int
    hooks: Address = ZERO_ADDRESS

    def pool_id(self, currency0: Address, currency1: Address) -> str:
        """The pool's id: the hash of its key."""
        return _pool_id(currency0, currency1, self.key_fee, self.tick_spacing, self.hooks)


PoolDetails = (
    SolidlyDetails
    | CurveDetails
    | BalancerV2Details
    | BalancerV3Details
    | ERC4626Details
    | MakerPSMDetails
    | DodoV2Details
    | V4Details
)
