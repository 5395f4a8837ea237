"""From wallet settings to a signer."""

import os
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from executor.config.wallet import WalletSettings
from executor.domain.address import Address
from executor.domain.errors import WalletError
from executor.wallet.development import DEVELOPMENT_ADDRESSES, development_signer
from executor.wallet.keystore import ape_keystore_path, keystore_address, open_keystore
from executor.wallet.passphrase import Prompt, read_passphrase
from executor.wallet.signer import Signer


def open_signer(
    wallet: WalletSettings, *, prompt: Prompt | None = None, environ: Mapping[str, str] | None = None
) -> Signer:
    """The signer that the settings name; asks for a passphrase unless it is a development account. Raises
    WalletError.
    """
    if wallet.development_account is not None:
        return development_signer(wallet.development_account)
    path = _keystore_path(wallet, environ)
    address = keystore_address(path)
    question = f"Passphrase of {address or path}: "
    return open_keystore(
        path, read_passphrase(wallet.passphrase, question=question, prompt=prompt, environ=environ)
    )


class OpenedKeystores:
    """Signers by keystore file, so that a wallet which several chains use is asked for once.

    Threads may share it: one passphrase is asked for at a time.
    """

    def __init__(self) -> None:
        self._signers: dict[Path, Signer] = {}
        self._turn = threading.Lock()

    def signer(self, path: Path, open_it: Callable[[], Signer]) -> Signer:
        """The signer of that file; `open_it` gives it the first time. Raises what that raises."""
        with self._turn:
            if path not in self._signers:
                self._signers[path] = open_it()
            return self._signers[path]


def open_signers(
    wallets: Sequence[WalletSettings],
    *,
    prompt: Prompt | None = None,
    environ: Mapping[str, str] | None = None,
    opened: OpenedKeystores | None = None,
) -> tuple[Signer, ...]:
    """The signers that the settings name, in their order. Each passphrase is asked for once: what is in
    `opened` is not opened again, and what is opened is added to it.

    Raises WalletError, also where two wallets are one key; as far as the files tell, before it asks.
    """
    opened = opened or OpenedKeystores()
    _require_different([wallet_address(wallet, environ=environ) for wallet in wallets])
    signers = tuple(_opened_once(wallet, prompt, environ, opened) for wallet in wallets)
    _require_different([signer.address for signer in signers])
    return signers


def _opened_once(
    wallet: WalletSettings, prompt: Prompt | None, environ: Mapping[str, str] | None, opened: OpenedKeystores
) -> Signer:
    if wallet.development_account is not None:
        return development_signer(wallet.development_account)
    path = _keystore_path(wallet, environ).absolute()
    return opened.signer(path, lambda: open_signer(wallet, prompt=prompt, environ=environ))


def _require_different(addresses: Sequence[Address | None]) -> None:
    known = [address for address in addresses if address is not None]
    for address in known:
        if known.count(address) > 1:
            raise WalletError(
                f"The wallets name the key of {address} more than once.",
                fix="name each key once: two lanes with one key would take each other's nonces",
                address=address,
            )


def wallet_address(wallet: WalletSettings, *, environ: Mapping[str, str] | None = None) -> Address | None:
    """Who would sign, without opening anything; None when the keystore does not say. Raises WalletError."""
    if wallet.development_account is not None:
        return DEVELOPMENT_ADDRESSES[wallet.development_account]
    return keystore_address(_keystore_path(wallet, environ))


def _keystore_path(wallet: WalletSettings, environ: Mapping[str, str] | None) -> Path:
    if wallet.keystore is not None:
        return wallet.keystore
    return ape_keystore_path(wallet.ape_account or "", os.environ if environ is None else environ)
