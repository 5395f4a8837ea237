"""What is earned, in one unit: the settlement token's smallest. Costs round up, gains round down.

Prices are exact fractions: USD for one whole token (a Chainlink answer over ten to the feed's decimals).
"""

from decimal import Decimal
from fractions import Fraction

WEI_DECIMALS = 18
BASIS_POINTS = 10_000
USD_PLACES = 6


def net_profit(*, amount_in: int, amount_out: int, premium: int = 0, tip: int = 0, gas_cost: int = 0) -> int:
    """What is left of `amount_out` when input, lender, builder and gas are paid; negative for a loss.

    Every amount in the settlement token's smallest unit.
    """
    return amount_out - amount_in - premium - tip - gas_cost


def wei_to_settlement(
    wei: int, *, native_usd: Fraction, settlement_usd: Fraction, settlement_decimals: int
) -> int:
    """A cost in wei as the settlement token's smallest unit, rounded up. Prices must be positive."""
    return _ceil(Fraction(wei, 10**WEI_DECIMALS) * native_usd / settlement_usd * 10**settlement_decimals)


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
