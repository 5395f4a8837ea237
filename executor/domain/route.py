"""Legs in order: how the money walks."""

from dataclasses import dataclass
from enum import StrEnum

from executor.domain.address import Address
from executor.domain.pool import Pool
from executor.domain.token import Token


@dataclass(frozen=True, slots=True)
class Leg:
    """One swap: `token_in` goes into `pool`. `taxed`: the token keeps a part of each transfer, so that what
    arrives must be measured.
    """

    pool: Pool
    token_in: Token
    taxed: bool = False

    @property
    def token_out(self) -> Token:
        """What the leg gives."""
        return self.pool.other(self.token_in)

    @property
    def zero_for_one(self) -> bool:
        """True if token0 goes in."""
        return self.pool.zero_for_one(self.token_in)


@dataclass(frozen=True, slots=True)
class Route:
    """A closed walk: the first leg takes and the last leg gives the settlement token. Raises ValueError when
    it is not one.
    """

    legs: tuple[Leg, ...]

    def __post_init__(self) -> None:
        if not self.legs:
            raise ValueError("a route needs at least one leg")
        for index, (leg, following) in enumerate(zip(self.legs, self.legs[1:] + self.legs[:1], strict=True)):
            if leg.token_out.address != following.token_in.address:
                raise ValueError(
                    f"leg {index} gives {leg.token_out.symbol}, the next takes {following.token_in.symbol}"
                )
        if len({leg.pool.identity for leg in self.legs}) != len(self.legs):
            raise ValueError("a pool may stand in a route only once")

    @property
    def settlement(self) -> Token:
        """The token that profit is measured in."""
        return self.legs[0].token_in


class Funding(StrEnum):
    """Where the first leg's money comes from."""

    INVENTORY = "inventory"
    CALLBACK_CHAIN = "callback_chain"
    AAVE_V3 = "aave_v3"
    SPARK = "spark"
    BALANCER_V2 = "balancer_v2"
    BALANCER_V3 = "balancer_v3"
    MORPHO_BLUE = "morpho_blue"
    ERC3156 = "erc3156"
    UNISWAP_V4 = "uniswap_v4"
    UNISWAP_V3_FLASH = "uniswap_v3_flash"
    UNISWAP_V2_FLASH = "uniswap_v2_flash"


OWN_MEANS = frozenset({Funding.INVENTORY, Funding.CALLBACK_CHAIN})
"""Fundings without a lender."""
POOL_LOANS = frozenset({Funding.UNISWAP_V3_FLASH, Funding.UNISWAP_V2_FLASH})
"""Fundings whose lender is a pool, which must be named."""


@dataclass(frozen=True, slots=True)
class PayerName:
    """Who pays, as records name it: `pool` is the lender's address where pools lend."""

    funding: Funding
    pool: Address | None = None

    def __str__(self) -> str:
        return self.funding.value if self.pool is None else f"{self.funding} of {self.pool}"


@dataclass(frozen=True, slots=True)
class Payer:
    """Who pays a trade or a part of it: `pool` is the lender where pools lend."""

    funding: Funding
    pool: Pool | None = None

    @property
    def name(self) -> PayerName:
        """As records name it."""
        return PayerName(self.funding, self.pool.address if self.pool else None)


@dataclass(frozen=True, slots=True)
class SecondLoan:
    """A loan within the first one, of `amount` of the settlement token; `premium` is its fee. `pool` is the
    lender where pools lend. Amounts in the token's smallest unit.
    """

    funding: Funding
    amount: int
    premium: int = 0
    pool: Pool | None = None


@dataclass(frozen=True, slots=True)
class SizedRoute:
    """A route with its amounts: `amounts[i]` goes into leg i, `amounts[-1]` comes out of the last leg.

    `premium` is the lender's fee; all in the smallest unit of the token at that place. `lender_pool` is the
    lender where pools lend; `second` lends what the first lender does not.
    """

    route: Route
    amounts: tuple[int, ...]
    funding: Funding
    premium: int = 0
    lender_pool: Pool | None = None
    second: SecondLoan | None = None

    def __post_init__(self) -> None:
        if len(self.amounts) != len(self.route.legs) + 1 or min(self.amounts) <= 0 or self.premium < 0:
            raise ValueError("a sized route needs one positive amount before each leg and one after the last")
        if self.second is not None and not 0 < self.second.amount < self.amounts[0]:
            raise ValueError("a second loan is of a part of what the route takes")

    @property
    def amount_in(self) -> int:
        """What the route takes, in the settlement token's smallest unit."""
        return self.amounts[0]

    @property
    def gross_profit(self) -> int:
        """Settlement-token delta after premiums, before gas; may be negative."""
        return self.amounts[-1] - self.amounts[0] - self.premiums

    @property
    def premiums(self) -> int:
        """What all lenders ask, in the settlement token's smallest unit."""
        return self.premium + (self.second.premium if self.second else 0)

    @property
    def payers(self) -> tuple[Payer, ...]:
        """Who pays: whoever is asked first, and the second lender where there is one."""
        first = Payer(self.funding, self.lender_pool)
        return (first, Payer(self.second.funding, self.second.pool)) if self.second else (first,)

    @property
    def first_loan(self) -> int:
        """What the first lender lends, in the settlement token's smallest unit."""
        return self.amounts[0] - (self.second.amount if self.second else 0)
