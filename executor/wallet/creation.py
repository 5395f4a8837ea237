"""New keystore files: made once, never over another, readable by their owner only."""

import json
import os
from pathlib import Path

from eth_account import Account
from eth_account.signers.local import LocalAccount
from pydantic import SecretStr

from executor.domain.address import Address, to_address
from executor.domain.errors import WalletError

SHORTEST_PASSPHRASE = 12
"""Characters. A keystore may be copied and tried for years."""


def new_keystore(path: Path, passphrase: SecretStr) -> Address:
    """Write a keystore with a new random key to `path`; returns its address. Raises WalletError."""
    return _write(path, Account.create(), passphrase)


def import_key(path: Path, key: SecretStr, passphrase: SecretStr) -> Address:
    """Write a keystore with `key` (64 hexadecimal digits, with or without 0x) to `path`; returns its address.
    Raises WalletError, which never carries the key.
    """
    account = _account_of(key)
    if account is None:
        raise WalletError(
            "What was given is no private key.", fix="give 64 hexadecimal digits, not all of them zero"
        )
    return _write(path, account, passphrase)


def _account_of(key: SecretStr) -> LocalAccount | None:
    """The account, None where it is no key. Nothing is raised from where the key lies open."""
    text = key.get_secret_value().strip().removeprefix("0x")
    try:
        account: LocalAccount | None = Account.from_key(bytes.fromhex(text)) if len(text) == 64 else None
    except ValueError:
        return None
    return account


def _write(path: Path, account: LocalAccount, passphrase: SecretStr) -> Address:
    if len(passphrase.get_secret_value()) < SHORTEST_PASSPHRASE:
        raise WalletError(
            f"The passphrase is shorter than {SHORTEST_PASSPHRASE} characters.", fix="give a longer one"
        )
    content = json.dumps(Account.encrypt(account.key, passphrase.get_secret_value())).encode()
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        raise WalletError(
            f"{path} is there already.", fix="name another file; a key is never overwritten"
        ) from None
    except OSError as error:
        raise WalletError(
            f"{path} cannot be written ({error.strerror}).", fix="name another folder"
        ) from None
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        _sync_folder(path.parent)
    except OSError as error:
        path.unlink(missing_ok=True)
        raise WalletError(
            f"{path} cannot be written to its end ({error.strerror}).",
            fix="make room, or name another folder",
        ) from None
    return to_address(account.address)


def _sync_folder(folder: Path) -> None:
    """The file's name is on the disk, too, when its address is told: money may be sent there at once."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
