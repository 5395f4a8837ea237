"""Reverts of ERC-4626 vaults, as OpenZeppelin's names them."""

from executor.plan.reverts.kinds import ErrorType, Meaning, Reasons

_DEPOSIT = (("address", "receiver"), ("uint256", "assets"), ("uint256", "max"))
_REDEEM = (("address", "owner"), ("uint256", "shares"), ("uint256", "max"))

REASONS = Reasons(
    "erc4626",
    errors=(
        ErrorType("ERC4626ExceededMaxDeposit", _DEPOSIT, Meaning.NO_LIQUIDITY, "the vault takes no more"),
        ErrorType(
            "ERC4626ExceededMaxRedeem", _REDEEM, Meaning.NO_LIQUIDITY, "the vault gives back no more now"
        ),
    ),
)
