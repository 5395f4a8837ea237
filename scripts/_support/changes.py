"""What the owner and the pauser may ask of the router, as calldata with its meaning in words."""

from dataclasses import dataclass

from executor.domain.abi import eth_call
from executor.domain.address import ZERO_ADDRESS, Address

ALL = 2**256 - 1
"""The amount that means: all there is."""


@dataclass(frozen=True)
class Change:
    """One call of the router. `what` says it in words, `command` is the Ape script that makes it."""

    what: str
    command: str
    data: bytes


def set_operator(account: Address) -> Change:
    """Make `account` the primary operator in place of the present one; the zero address leaves none."""
    what = "leave no primary operator" if account == ZERO_ADDRESS else f"make {account} the primary operator"
    return _change(what, f"roles operator {account}", "setPrimaryOperator(address)", account)


def allow_operator(account: Address, allowed: bool) -> Change:
    """Allow or disallow a further operator beside the primary one."""
    word = "allow" if allowed else "disallow"
    return _change(
        f"{word} {account} as operator",
        f"roles {word} {account}",
        "allowOperator(address,bool)",
        account,
        allowed,
    )


def set_pauser(account: Address) -> Change:
    """Let `account` pause; the zero address leaves that to the owner."""
    what = "leave no pauser" if account == ZERO_ADDRESS else f"make {account} the pauser"
    return _change(what, f"roles pauser {account}", "setPauser(address)", account)


def offer_ownership(account: Address) -> Change:
    """Offer ownership to `account`, who must accept; the zero address withdraws an open offer."""
    what = "withdraw the offer of ownership" if account == ZERO_ADDRESS else f"offer ownership to {account}"
    return _change(what, f"roles transfer {account}", "transferOwnership(address)", account)


def accept_ownership() -> Change:
    """Accept the ownership that was offered to the sender."""
    return _change("accept ownership", "roles accept", "acceptOwnership()")


def pause() -> Change:
    """Stop all plans at once."""
    return _change("pause", "pause", "pause()")


def unpause() -> Change:
    """Let plans run again."""
    return _change("unpause", "unpause", "unpause()")


def withdraw_token(token: Address, to: Address, amount: int) -> Change:
    """Send `amount` smallest units of `token`, or ALL, to `to`."""
    what = f"withdraw {_told(amount)} of {token} to {to}"
    return _change(
        what, f"withdraw {token} --to {to}", "withdraw(address,address,uint256)", token, to, amount
    )


def withdraw_native(to: Address, amount: int) -> Change:
    """Send `amount` wei, or ALL, to `to`."""
    what = f"withdraw {_told(amount)} wei to {to}"
    return _change(what, f"withdraw native --to {to}", "withdrawNative(address,uint256)", to, amount)


def _told(amount: int) -> str:
    return "all" if amount == ALL else str(amount)


def _change(what: str, command: str, signature: str, *arguments: object) -> Change:
    return Change(what, command, eth_call(ZERO_ADDRESS, signature, *arguments).data)
