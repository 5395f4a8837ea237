"""Reverts of Maker's peg stability modules, and of the tokens and joins behind them."""

from executor.plan.reverts.kinds import Meaning, Reason, Reasons

_SELLING = Reason("SellingHalted", Meaning.PAUSED, "the peg stability module takes no gem now")
_BUYING = Reason("BuyingHalted", Meaning.PAUSED, "the peg stability module sells no gem now")
_RESERVE = Reason(
    "ReserveTooLow",
    Meaning.NO_LIQUIDITY,
    "the peg stability module, or who pays it, holds less of the token than is to be moved",
)
_SHUT = Reason("ShutDown", Meaning.PAUSED, "the Maker protocol is shut down")

REASONS = Reasons(
    "maker_psm",
    texts={
        "DssLitePsm/sell-gem-halted": _SELLING,
        "DssLitePsm/buy-gem-halted": _BUYING,
        "Dai/insufficient-balance": _RESERVE,
        "Usds/insufficient-balance": _RESERVE,
        "ERC20: transfer amount exceeds balance": _RESERVE,
        "DaiJoin/not-live": _SHUT,
    },
)
