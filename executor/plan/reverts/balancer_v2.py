"""Reverts of the Balancer V2 Vault and its pools: numbers behind BAL#."""

from executor.plan.reverts.kinds import Meaning, Reason, Reasons

_NUMBERS: dict[int, Reason] = {
    102: Reason("UnsortedTokens", Meaning.CONFIGURATION, "the tokens of a loan must ascend"),
    205: Reason("CallerNotVault", Meaning.CONFIGURATION, "a pool was called instead of the Vault"),
    206: Reason("PoolNotInitialized", Meaning.CONFIGURATION, "the pool has never been joined"),
    304: Reason("MaxInRatio", Meaning.NO_LIQUIDITY, "the trade is too large for the pool's holdings"),
    305: Reason("MaxOutRatio", Meaning.NO_LIQUIDITY, "the trade is too large for the pool's holdings"),
    309: Reason("InvalidToken", Meaning.CONFIGURATION, "the pool does not hold the token"),
    321: Reason("InvariantDidNotConverge", Meaning.NO_LIQUIDITY, "the pool is too far out of balance"),
    322: Reason("BalanceDidNotConverge", Meaning.NO_LIQUIDITY, "the pool is too far out of balance"),
    400: Reason("VaultLocked", Meaning.LOCK_CLASH, "the Vault was entered again while it was lending"),
    401: Reason("SenderNotAllowed", Meaning.CONFIGURATION, "the sender may not do this"),
    402: Reason("VaultOrPoolPaused", Meaning.PAUSED, "the Vault or the pool is paused"),
    406: Reason("InsufficientBalance", Meaning.TOKEN_REFUSED, "the payer holds too little of the token"),
    407: Reason(
        "InsufficientAllowance", Meaning.TOKEN_REFUSED, "the Vault may not take so much of the token"
    ),
    416: Reason("TokenTransferFailed", Meaning.TOKEN_REFUSED, "the token refused the Vault's transfer"),
    500: Reason("InvalidPoolId", Meaning.CONFIGURATION, "no such pool"),
    501: Reason("CallerNotPool", Meaning.CONFIGURATION, "only the pool may do this"),
    507: Reason("SwapLimit", Meaning.MOVED_PRICE, "the pool gives less, or asks for more, than allowed"),
    508: Reason("SwapDeadline", Meaning.STALE, "the swap's deadline has passed"),
    509: Reason("SameToken", Meaning.CONFIGURATION, "a token cannot be swapped for itself"),
    510: Reason("NothingAsked", Meaning.NO_LIQUIDITY, "the pool was asked for nothing"),
    515: Reason("LoanNotRepaid", Meaning.TOKEN_TAX, "the Vault got back less than it had"),
    520: Reason("TokensMismatch", Meaning.CONFIGURATION, "the pool holds other tokens"),
    521: Reason("TokenNotRegistered", Meaning.CONFIGURATION, "the pool does not hold the token"),
    527: Reason("PoolHasNoTokens", Meaning.CONFIGURATION, "the pool holds no tokens"),
    528: Reason("LoanTooLarge", Meaning.LENDER_DRY, "the Vault does not hold as much"),
    602: Reason(
        "LoanFeeMissing", Meaning.MOVED_PRICE, "the loan's fee was not paid: it may have been changed"
    ),
}

REASONS = Reasons("balancer_v2", texts={f"BAL#{number}": reason for number, reason in _NUMBERS.items()})
