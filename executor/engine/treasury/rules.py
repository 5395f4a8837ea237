"""The gas money of the operator wallets: from settings to limits, and to what is done about it."""

from executor.config.amounts import ETHER
from executor.config.sending import GasMoneySettings
from executor.policy.treasury import GasMoneyRules


def gas_money_rules(settings: GasMoneySettings) -> GasMoneyRules:
    """The limits in wei."""
    warn, below = settings.warn_below, settings.refill_below
    return GasMoneyRules(
        warn_below=None if warn is None else int(warn * ETHER),
        refill_below=None if below is None else int(below * ETHER),
        refill_to=int(settings.refill_to * ETHER),
        most_per_day=int(settings.most_per_day * ETHER),
        keep=int(settings.keep * ETHER),
    )
