"""From wallet settings to a signer."""

import os
from collections.abc import Mapping
from pathlib import Path

from executor.config.wallet import WalletSettings
from executor.domain.address import Address
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


def wallet_address(wallet: WalletSettings, *, environ: Mapping[str, str] | None = None) -> Address | None:
    """Who would sign, without opening anything; None when the keystore does not say. Raises WalletError."""
    if wallet.development_account is not None:
        return DEVELOPMENT_ADDRESSES[wallet.development_account]
    return keystore_address(_keystore_path(wallet, environ))


def _keystore_path(wallet: WalletSettings, environ: Mapping[str, str] | None) -> Path:
    if wallet.keystore is not None:
        return wallet.keystore
    return ape_keystore_path(wallet.ape_account or "", os.environ if environ is None else environ)
