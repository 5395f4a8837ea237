"""What pools of some venues need to be known of beyond their two tokens and fee; one small type a venue."""

from dataclasses import dataclass

from executor.domain.address import Address
from executor.domain.errors import PoolNotFoundError


@dataclass(frozen=True, slots=True)
class SolidlyDetails:
    """`stable`: the stable curve, not the volatile one."""

    stable: bool


@dataclass(frozen=True, slots=True)
class CurveDetails:
    """The pool's coins in the order of its indexes, the zero address for the chain's own coin;
    `uint256_indexes`: its functions take indexes as uint256 (crypto pools), not as int128 (StableSwap).
    """

    coins: tuple[Address, ...]
    uint256_indexes: bool

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
class ERC4626Details:
    """The vault's asset; its share is the vault itself."""

    asset: Address
