"""Where a passphrase comes from: a terminal, an open file descriptor, a file that only its owner can read, or
the system's keyring.
"""

import getpass
import os
import stat
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path

from pydantic import SecretStr

from executor.config.wallet import PassphraseSource
from executor.domain.errors import WalletError

DESCRIPTOR_VARIABLE = "EXECUTOR_PASSPHRASE_FD"
"""Number of an open file descriptor to read instead of prompting. The passphrase itself is never in the
environment.
"""

KEYRING_SERVICE = "arbitrage-executor"
"""The service under which keyring entries are looked up."""

Prompt = Callable[[str], str]
_LONGEST = 4096


def read_passphrase(
    source: PassphraseSource,
    *,
    question: str,
    prompt: Prompt | None = None,
    environ: Mapping[str, str] | None = None,
) -> SecretStr:
    """One passphrase from `source`. `prompt` stands in for the terminal. Raises WalletError, which never
    carries it.
    """
    if source.file is not None:
        return _from_file(source.file)
    if source.keyring is not None:
        return _from_keyring(source.keyring)
    descriptor = (
        source.fd if source.fd is not None else _announced(os.environ if environ is None else environ)
    )
    if descriptor is not None:
        return _required(_from_descriptor(descriptor), f"file descriptor {descriptor}")
    return SecretStr((prompt or _from_terminal)(question))


def _announced(environ: Mapping[str, str]) -> int | None:
    text = environ.get(DESCRIPTOR_VARIABLE)
    if not text:
        return None
    if not text.isdecimal():
        raise WalletError(
            f"{DESCRIPTOR_VARIABLE} is not the number of a file descriptor.",
            fix="set it to a number such as 3, or unset it",
        )
    return int(text)


def _from_descriptor(descriptor: int) -> SecretStr | None:
    """One line, byte by byte, so that a second passphrase on the same descriptor is left for the next
    wallet.
    """
    line = bytearray()
    try:
        while len(line) < _LONGEST and (byte := os.read(descriptor, 1)) not in (b"", b"\n"):
            line += byte
    except OSError as error:
        raise WalletError(
            f"The passphrase cannot be read from file descriptor {descriptor} ({error.strerror}).",
            fix=f"open it for the process, for example with {descriptor}< <(command that prints it)",
        ) from None
    return _decoded(bytes(line))


def _from_file(path: Path) -> SecretStr:
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            text = _decoded(file.read(_LONGEST).split(b"\n", 1)[0])
    except OSError as error:
        raise WalletError(
            f"The passphrase file {path} cannot be read ({error.strerror}).",
            fix="check wallet.passphrase.file",
        ) from None
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise WalletError(f"Others can read the passphrase file {path}.", fix=f"chmod 600 {path}")
    return _required(text, str(path))


def _from_keyring(name: str) -> SecretStr:
    # Imported here: it looks for the desktop's services, which a server does not have.
    import keyring
    from keyring.errors import KeyringError

    try:
        found = keyring.get_password(KEYRING_SERVICE, name)
    except (KeyringError, RuntimeError) as error:
        raise WalletError(
            f"The system's keyring cannot be read ({type(error).__name__}).",
            fix="unlock it, or set wallet.passphrase to prompt, {fd: N} or {file: path}",
        ) from None
    if not found:
        raise WalletError(
            f"The keyring has no passphrase under {KEYRING_SERVICE}, {name}.",
            fix=f"store it there with `keyring set {KEYRING_SERVICE} {name}`",
        )
    return SecretStr(found)


def _required(text: SecretStr | None, origin: str) -> SecretStr:
    if text is None:
        raise WalletError(f"The passphrase from {origin} is not UTF-8 text.", fix="write it as UTF-8")
    if not text.get_secret_value():
        raise WalletError(f"There is no passphrase on {origin}.", fix="put the passphrase on one line there")
    return text


def _decoded(line: bytes) -> SecretStr | None:
    """The line as text, None where it is not UTF-8. Nothing is raised from where it lies open."""
    try:
        return SecretStr(line.removesuffix(b"\r").decode())
    except UnicodeDecodeError:
        return None


def _from_terminal(question: str) -> str:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", getpass.GetPassWarning)
            return getpass.getpass(question)
    except (getpass.GetPassWarning, EOFError, OSError):
        raise WalletError(
            "There is no terminal to ask for the passphrase.",
            fix="set wallet.passphrase to {fd: N} or {file: path}, or run from a terminal",
        ) from None
