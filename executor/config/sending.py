"""How the executor sends: how many at once, how it bids, when it tries again, when it stops by itself."""

from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from executor.config.amounts import ETHER, GWEI, Gwei, NativeCoin, Positive, Seconds
from executor.config.fields import AddressText, Strict, WholeNumber


class LaneSettings(Strict):
    """How many transactions of one wallet are out at a time, and how long they may wait."""

    in_flight: Annotated[WholeNumber, Field(ge=1, le=1000)] = Field(
        default=16, description="transactions of one wallet that may be out at a time; geth keeps 16 for sure"
    )
    bump_blocks: Positive = Field(
        default=3, description="blocks that the foremost transaction may wait before it is priced anew"
    )
    resend_seconds: Seconds = Field(
        default=15, description="after this long without a receipt the same bytes are sent again"
    )
    settle_blocks: Positive = Field(
        default=3, description="blocks for which a nonce must stay another's before ours counts as lost"
    )
    finality_blocks: Positive | None = Field(
        default=None, description="blocks until a result cannot be reorganised away; null: the chain's own"
    )


class BidSettings(Strict):
    """What is offered for gas."""

    urgency: Literal["ordinary", "urgent", "at_once"] = Field(
        default="urgent", description="how much of what others pay lately is offered above the base fee"
    )
    horizon_blocks: Annotated[WholeNumber, Field(ge=1, le=64)] = Field(
        default=3, description="blocks within which the offer must stay acceptable"
    )
    max_fee_per_gas_gwei: Gwei | None = Field(
        default=None, description="never more than this for a unit of gas, bumps included; null: no limit"
    )

    @property
    def max_fee_per_gas(self) -> int | None:
        """In wei per gas."""
        return None if self.max_fee_per_gas_gwei is None else int(self.max_fee_per_gas_gwei * GWEI)


class RetrySettings(Strict):
    """How often an opportunity is tried, and for how much gas money. Time is max_execution_time_seconds."""

    tries: Annotated[WholeNumber, Field(ge=1, le=100)] = Field(
        default=3, description="tries of one opportunity, the first included"
    )
    gas_money: NativeCoin = Field(
        default=Decimal("0.05"),
        description="native coin that the failed tries of one opportunity may cost together",
    )

    @property
    def gas_money_wei(self) -> int:
        """In wei."""
        return int(self.gas_money * ETHER)


class BreakerSettings(Strict):
    """After losses in a row a chain, a wallet or a route rests."""

    losses: Positive = Field(default=3, description="losses in a row that open the breaker")
    rest_seconds: Seconds = Field(default=60, description="how long it stays open the first time")
    longest_rest_seconds: Seconds = Field(
        default=3600, description="each failed trial doubles the rest up to this"
    )


class GasMoneySettings(Strict):
    """The native coin of each operator wallet, and where what is left over goes."""

    warn_below: NativeCoin | None = Field(
        default=None, description="warn when a wallet has less; null: enough for 20 trades at present prices"
    )
    refill_below: NativeCoin | None = Field(
        default=None, description="refill a wallet that has less; null: only by command"
    )
    refill_to: NativeCoin = Field(default=Decimal("0.1"), description="what a refilled wallet has")
    most_per_day: NativeCoin = Field(
        default=Decimal("0.5"), description="all refills of a chain within 24 hours"
    )
    keep: NativeCoin = Field(
        default=Decimal("0.2"), description="what a sweep leaves in an operator's wallet"
    )
    sweep_to: AddressText | None = Field(
        default=None, description="where sweeps go; null: the router's owner"
    )

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.refill_below is not None and self.refill_below >= self.refill_to:
            raise ValueError("refill_below must be less than refill_to")
        return self
