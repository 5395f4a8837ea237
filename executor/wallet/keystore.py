"""Encrypted keystore files (Web3 Secret Storage, version 3), also those that `ape accounts` makes."""

import os
from collections.abc import Mapping
from enum import Enum
from pathlib import Path

from eth_account import Account
from pydantic import SecretStr

from executor.domain.address import Address, to_address
from executor.domain.errors import AddressError, WalletError
from executor.domain.json_text import load_json
from executor.wallet.signer import LocalSigner

_LARGEST = 64 * 1024


def ape_keystore_path(alias: str, environ: Mapping[str, str] | None = None) -> Path:
    """Where Ape keeps the account `alias`: $APE_DATA_FOLDER or ~/.ape, then accounts/<alias>.json."""
    environ = os.environ if environ is None else environ
    folder = environ.get("APE_DATA_FOLDER")
    return (Path(folder).expanduser() if folder else Path.home() / ".ape") / "accounts" / f"{alias}.json"


def keystore_address(path: Path) -> Address | None:
    """Whose key the file holds, as it says itself without being opened; None if it does not. Raises
    WalletError.
    """
    told = _content(path).get("address")
    if not isinstance(told, str):
        return None
    try:
        return to_address(told if told.startswith("0x") else f"0x{told}")
    except AddressError:
        raise _no_keystore(path, "its address is none") from None


def open_keystore(path: Path, passphrase: SecretStr) -> LocalSigner:
    """The signer whose key the file holds. Slow by design (about a second). Raises WalletError, which never
    carries a secret.
    """
    content, told = _content(path), keystore_address(path)
    signer, problem = _signer_of(content, passphrase)
    if problem is _Problem.PASSPHRASE:
        raise WalletError(
            f"The passphrase does not open {path}.", fix="give the passphrase that the keystore was made with"
        )
    if signer is None:
        raise _no_keystore(path, problem.value)
    if told is not None and told != signer.address:
        raise _no_keystore(path, f"it says {told} but holds the key of {signer.address}")
    return signer


class _Problem(Enum):
    """Why a keystore gives no signer."""

    NONE = ""
    PASSPHRASE = "the passphrase is another"
    CONTENT = "it cannot be decrypted"
    KEY = "what it holds is no key"


def _signer_of(content: dict[str, object], passphrase: SecretStr) -> tuple[LocalSigner | None, _Problem]:
    """The signer, or why there is none.

    Nothing is raised from in here, where key and passphrase lie open: a traceback that shows variables, as
    some error reporters write them, would hold them.
    """
    try:
        key = Account.decrypt(content, passphrase.get_secret_value())
    except ValueError as error:
        return None, _Problem.PASSPHRASE if "MAC" in str(error) else _Problem.CONTENT
    except (LookupError, TypeError, AttributeError, NotImplementedError, ArithmeticError, MemoryError):
        return None, _Problem.CONTENT
    try:
        return LocalSigner(Account.from_key(key)), _Problem.NONE
    except ValueError:
        return None, _Problem.KEY


def _content(path: Path) -> dict[str, object]:
    try:
        with path.open("rb") as file:
            content = load_json(file.read(_LARGEST))
    except OSError as error:
        raise WalletError(
            f"The keystore {path} cannot be read ({error.strerror}).",
            fix="check wallet.keystore or wallet.ape_account; make one with `ape accounts generate`",
        ) from None
    except (ValueError, RecursionError):
        raise _no_keystore(path, "it is not JSON") from None
    if not isinstance(content, dict) or not ("crypto" in content or "Crypto" in content):
        raise _no_keystore(path, "it has no `crypto` section")
    return content


def _no_keystore(path: Path, problem: str) -> WalletError:
    return WalletError(
        f"{path} is no usable keystore file: {problem}.", fix="give an encrypted JSON keystore, version 3"
    )
