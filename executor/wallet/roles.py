"""Which wallets a chain's settings name, and what each is for.

Operators hold gas money and send. The authentication key only names the executor to relays. The router's
owner is in no settings: its key is kept offline, and its address is read from the router.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from executor.config.settings import ChainSettings
from executor.domain.address import Address
from executor.domain.errors import WalletError
from executor.wallet.opening import wallet_address


class Role(StrEnum):
    """What a wallet is for."""

    OPERATOR = "operator"
    AUTHENTICATION = "authentication"


@dataclass(frozen=True, slots=True)
class Account:
    """A wallet that the settings name: `place` is its key there ("wallet", "wallets.0"), `kind` how it is
    kept. `address` is None where only opening it would tell.
    """

    place: str
    role: Role
    kind: str
    address: Address | None


def accounts_of(settings: ChainSettings, *, environ: Mapping[str, str] | None = None) -> tuple[Account, ...]:
    """The wallets of one chain, operators first. Opens nothing. Raises WalletError, also when two of them are
    one key.
    """
    environ = os.environ if environ is None else environ
    named = [("wallet", Role.OPERATOR, wallet) for wallet in settings.operators[:1]]
    named += [(f"wallets.{index}", Role.OPERATOR, wallet) for index, wallet in enumerate(settings.wallets)]
    if settings.authentication_wallet is not None:
        named.append(("authentication_wallet", Role.AUTHENTICATION, settings.authentication_wallet))
    accounts = tuple(
        Account(place, role, wallet.key[0], wallet_address(wallet, environ=environ))
        for place, role, wallet in named
    )
    require_apart(accounts)
    return accounts


def require_apart(accounts: Sequence[Account]) -> None:
    """Raise WalletError where two accounts are one key, as far as their addresses are known."""
    places: dict[Address, Account] = {}
    for account in accounts:
        if account.address is None:
            continue
        other = places.setdefault(account.address, account)
        if other is not account:
            raise _same_key(other, account)


def _same_key(one: Account, other: Account) -> WalletError:
    if one.role is other.role:
        fix = "name each key once: two lanes with one key would take each other's nonces"
    else:
        fix = "give authentication a key of its own: it is shown to relays, and should hold no money"
    return WalletError(
        f"{one.place} and {other.place} are one key, {one.address}.",
        fix=fix,
        address=one.address,
        places=[one.place, other.place],
    )
