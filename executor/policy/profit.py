"""What is earned, in one unit: the settlement token's smallest. Costs round up, gains round down.

    net = output - input - premium - tip - ceil((gas * gas price + L1 data fee) * rate)

`rate` is the settlement token's smallest units that one wei is worth: 1 where the settlement token is the
wrapped native coin, else from the two USD prices, exact fractions (a Chainlink answer over ten to the feed's
decimals).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction

from executor.domain.split import Sized
from executor.policy.fees import Fees

WEI_DECIMALS = 18
BASIS_POINTS = 10_000
USD_PLACES = 6
NATIVE_RATE = Fraction(1)
"""The rate where the settlement token is the wrapped native coin."""


def wei_rate(native_usd: Fraction, settlement_usd: Fraction, settlement_decimals: int) -> Fraction:
    """The settlement token's smallest units that one wei is worth. Prices must be positive."""
    return native_usd / settlement_usd * Fraction(10**settlement_decimals, 10**WEI_DECIMALS)


def wei_cost(wei: int, rate: Fraction) -> int:
    """A cost in wei as the settlement token's smallest unit, rounded up."""
    return -(-wei * rate.numerator // rate.denominator)


def net_profit(
    *,
    amount_in: int,
    amount_out: int,
    premium: int = 0,
    tip: int = 0,
    wei: int = 0,
    rate: Fraction = NATIVE_RATE,
) -> int:
    """What is left of `amount_out` when input, lender, builder and gas are paid; negative for a loss.

    `wei` is gas x price plus the L1 data fee. All other amounts in the settlement token's smallest unit.
    """
    return amount_out - amount_in - premium - tip - wei_cost(wei, rate)


@dataclass(frozen=True, slots=True)
class Profit:
    """Where the money of one trade goes. Amounts in the settlement token's smallest unit, `gas` in gas,
    `l1_fee` in wei.

    `premium` is what all lenders ask. `rate` is None where no price turns wei into the settlement token: then
    nothing is known after gas.
    """

    amount_in: int
    amount_out: int
    gas: int
    fees: Fees
    rate: Fraction | None
    premium: int = 0
    tip: int = 0
    l1_fee: int = 0

    @property
    def gross(self) -> int:
        """What the router gains: output less input, premium and tip."""
        return net_profit(
            amount_in=self.amount_in, amount_out=self.amount_out, premium=self.premium, tip=self.tip
        )

    @property
    def wei(self) -> int:
        """What the transaction costs in the next block, in wei: gas x price and the L1 data fee."""
        return self.gas * self.fees.effective_price + self.l1_fee

    @property
    def gas_cost(self) -> int | None:
        """The same in the settlement token's smallest unit."""
        return None if self.rate is None else wei_cost(self.wei, self.rate)

    @property
    def net(self) -> int | None:
        """What is left of it all."""
        if self.rate is None:
            return None
        return net_profit(
            amount_in=self.amount_in,
            amount_out=self.amount_out,
            premium=self.premium,
            tip=self.tip,
            wei=self.wei,
            rate=self.rate,
        )


def profit_of(
    sized: Sized, *, gas: int, fees: Fees, rate: Fraction | None, l1_fee: int = 0, tip: int = 0
) -> Profit:
    """The profit of `sized` as it stands, for a transaction of `gas` at `fees`."""
    return Profit(sized.amounts[0], sized.amounts[-1], gas, fees, rate, sized.premiums, tip, l1_fee)


def reprice(profit: Profit, fees: Fees, *, l1_fee: int | None = None) -> Profit:
    """The same trade at other fees: nothing is solved again. `l1_fee` in wei, None for the one before."""
    return replace(profit, fees=fees, l1_fee=profit.l1_fee if l1_fee is None else l1_fee)


def usd_to_settlement(usd: Decimal, *, settlement_usd: Fraction, settlement_decimals: int) -> int:
    """The least amount of the settlement token (smallest unit) that is worth at least `usd`."""
    return _ceil(Fraction(usd) / settlement_usd * 10**settlement_decimals)


def usd_value(amount: int, decimals: int, usd: Fraction) -> Fraction:
    """The exact USD value of `amount` (smallest unit) of a token at `usd` a whole token."""
    return Fraction(amount, 10**decimals) * usd


def show_usd(value: Fraction) -> Decimal:
    """A USD value for people: six places, rounded down. Never fed back into arithmetic."""
    return Decimal(value * 10**USD_PLACES // 1).scaleb(-USD_PLACES)


def minimum_profit(
    simulated: int, share_bps: int, gas_cost_settlement: int, min_profit_settlement: int
) -> int:
    """The least profit that the router may accept on chain, after premium and tip, in the settlement token's
    smallest unit.

    The larger of `share_bps` of the simulated profit (basis points, rounded up) and what gas and the wanted
    profit come to; never below 1, so that no call can end without a gain.
    """
    share = -(-max(simulated, 0) * share_bps // BASIS_POINTS)
    return max(share, gas_cost_settlement + min_profit_settlement, 1)


def _ceil(value: Fraction) -> int:
    return -(-value.numerator // value.denominator)
