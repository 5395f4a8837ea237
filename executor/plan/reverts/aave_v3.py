"""Reverts of the Aave V3 Pool and its like: numbers as text before V3.4, custom errors since."""

from executor.plan.reverts.kinds import Meaning, Reason, Reasons, plain

_AMOUNT = "the market does not hold as much of the token"
_OFF = "flash loans of the token are switched off"
_INACTIVE = "the market does not list the token"
_PAUSED = "the market has paused the token"
_REFUSED = "the borrower did not answer as it must"

REASONS = Reasons(
    "aave_v3",
    errors=(
        *plain(Meaning.LENDER_DRY, _AMOUNT, "InvalidAmount"),
        *plain(Meaning.CONFIGURATION, _OFF, "FlashloanDisabled"),
        *plain(Meaning.CONFIGURATION, _INACTIVE, "ReserveInactive"),
        *plain(Meaning.PAUSED, _PAUSED, "ReservePaused"),
        *plain(Meaning.CONFIGURATION, _REFUSED, "InvalidFlashloanExecutorReturn"),
    ),
    texts={
        "13": Reason("InvalidFlashloanExecutorReturn", Meaning.CONFIGURATION, _REFUSED),
        "26": Reason("InvalidAmount", Meaning.LENDER_DRY, _AMOUNT),
        "27": Reason("ReserveInactive", Meaning.CONFIGURATION, _INACTIVE),
        "29": Reason("ReservePaused", Meaning.PAUSED, _PAUSED),
        "91": Reason("FlashloanDisabled", Meaning.CONFIGURATION, _OFF),
    },
)
