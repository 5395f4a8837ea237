"""Reverts of tokens, as far as they agree on them."""

from executor.plan.reverts.kinds import ErrorType, Meaning, Reason, Reasons

_HOLDS = Reason("BalanceTooLow", Meaning.TOKEN_REFUSED, "the payer holds too little of the token")
_ALLOWED = Reason("AllowanceTooLow", Meaning.TOKEN_REFUSED, "too little of the token was allowed to be taken")
_PAUSED = Reason("TokenPaused", Meaning.PAUSED, "the token is paused")
_BLOCKED = Reason("AddressBlocked", Meaning.TOKEN_REFUSED, "the token blocks the address")
_NEEDS = (("uint256", "balance"), ("uint256", "needed"))

REASONS = Reasons(
    "token",
    errors=(
        ErrorType(
            "ERC20InsufficientBalance", (("address", "sender"), *_NEEDS), Meaning.TOKEN_REFUSED, _HOLDS.words
        ),
        ErrorType(
            "ERC20InsufficientAllowance",
            (("address", "spender"), ("uint256", "allowance"), ("uint256", "needed")),
            Meaning.TOKEN_REFUSED,
            _ALLOWED.words,
        ),
    ),
    texts={
        "ERC20: transfer amount exceeds balance": _HOLDS,
        "ERC20: transfer amount exceeds allowance": _ALLOWED,
        "ERC20: insufficient allowance": _ALLOWED,
        "Dai/insufficient-balance": _HOLDS,
        "Dai/insufficient-allowance": _ALLOWED,
        "Pausable: paused": _PAUSED,
        "Blacklistable: account is blacklisted": _BLOCKED,
    },
)
