"""A passphrase comes from the terminal, a descriptor or a guarded file; not from arguments or variables."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.backends import fail
from keyring.errors import KeyringLocked

from executor.config.wallet import PassphraseSource, WalletSettings
from executor.domain.errors import WalletError
from executor.wallet.opening import open_signer
from executor.wallet.passphrase import DESCRIPTOR_VARIABLE, KEYRING_SERVICE, read_passphrase
from tests.wallet.conftest import PASSPHRASE, MakeKeystore


@contextmanager
def descriptor(content: bytes) -> Iterator[int]:
    reading, writing = os.pipe()
    os.write(writing, content)
    os.close(writing)
    try:
        yield reading
    finally:
        os.close(reading)


def passphrase(source: PassphraseSource, environ: dict[str, str] | None = None) -> str:
    return read_passphrase(source, question="Passphrase: ", environ=environ or {}).get_secret_value()


@pytest.mark.parametrize("ending", [b"", b"\n", b"\r\n", b"\nmore\n"])
def test_a_descriptor_gives_one_line(ending: bytes) -> None:
    with descriptor(PASSPHRASE.encode() + ending) as fd:
        assert passphrase(PassphraseSource(fd=fd)) == PASSPHRASE


def test_two_wallets_take_two_lines_from_one_descriptor() -> None:
    with descriptor(b"first\nsecond\n") as fd:
        assert passphrase(PassphraseSource(fd=fd)) == "first"
        assert passphrase(PassphraseSource(fd=fd)) == "second"


def test_spaces_and_letters_of_any_language_are_kept() -> None:
    with descriptor("  Zwölf Boxkämpfer \n".encode()) as fd:
        assert passphrase(PassphraseSource(fd=fd)) == "  Zwölf Boxkämpfer "


def test_an_announced_descriptor_stands_in_for_the_prompt() -> None:
    with descriptor(b"first\n") as fd:
        assert passphrase(PassphraseSource(), {DESCRIPTOR_VARIABLE: str(fd)}) == "first"


@pytest.mark.parametrize("content", [b"", b"\n"])
def test_an_empty_descriptor_is_refused(content: bytes) -> None:
    with (
        descriptor(content) as fd,
        pytest.raises(WalletError, match=f"no passphrase on file descriptor {fd}"),
    ):
        passphrase(PassphraseSource(fd=fd))


def test_a_descriptor_that_is_not_text_is_refused() -> None:
    with descriptor(b"\xff\xfe\n") as fd, pytest.raises(WalletError, match="not UTF-8"):
        passphrase(PassphraseSource(fd=fd))


def test_a_closed_descriptor_is_refused_with_the_way_to_open_it() -> None:
    with descriptor(b"x") as fd:
        pass
    with pytest.raises(WalletError, match=f"file descriptor {fd}") as caught:
        passphrase(PassphraseSource(fd=fd))
    assert "< <(" in caught.value.fix


def test_an_announced_descriptor_that_is_no_number_is_refused_and_not_repeated() -> None:
    """Somebody may put the passphrase itself there."""
    with pytest.raises(WalletError, match=DESCRIPTOR_VARIABLE) as caught:
        passphrase(PassphraseSource(), {DESCRIPTOR_VARIABLE: "hunter2"})
    assert "hunter2" not in str(caught.value.as_dict())


def test_a_file_that_only_its_owner_reads_is_accepted(tmp_path: Path) -> None:
    path = tmp_path / "passphrase"
    path.write_text(PASSPHRASE + "\n")
    path.chmod(0o600)
    assert passphrase(PassphraseSource(file=path)) == PASSPHRASE


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o620])
def test_a_file_that_others_reach_is_refused_with_the_way_to_close_it(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "passphrase"
    path.write_text(PASSPHRASE)
    path.chmod(mode)
    with pytest.raises(WalletError, match="Others can read") as caught:
        passphrase(PassphraseSource(file=path))
    assert "chmod 600" in caught.value.fix


def test_a_missing_file_is_refused_by_its_path(tmp_path: Path) -> None:
    with pytest.raises(WalletError, match="absent"):
        passphrase(PassphraseSource(file=tmp_path / "absent"))


def test_without_a_terminal_the_prompt_is_refused_with_the_other_ways() -> None:
    code = (
        "from executor.config.wallet import PassphraseSource\n"
        "from executor.wallet.passphrase import read_passphrase\n"
        "try: read_passphrase(PassphraseSource(), question='Passphrase: ', environ={})\n"
        "except Exception as error: print(type(error).__name__, error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        start_new_session=True,
        check=True,
        cwd=Path(__file__).parent.parent.parent,
    )
    assert done.stdout.startswith("WalletError There is no terminal")
    assert "{fd: N}" in done.stdout
    assert done.stderr == ""


def test_the_prompt_names_whose_passphrase_is_wanted(make_keystore: MakeKeystore) -> None:
    asked: list[str] = []

    def prompt(question: str) -> str:
        asked.append(question)
        return PASSPHRASE

    signer = open_signer(WalletSettings(keystore=make_keystore()), prompt=prompt, environ={})
    assert asked == [f"Passphrase of {signer.address}: "]


def test_a_development_account_asks_for_nothing() -> None:
    def prompt(question: str) -> str:
        raise AssertionError(question)

    open_signer(WalletSettings(development_account=0), prompt=prompt, environ={})


class FakeKeyring(KeyringBackend):
    """A keyring in memory: the machines that run the tests have no desktop's one."""

    priority = 1

    def __init__(self) -> None:
        self.entries: dict[tuple[str, str], str] = {}
        self.locked = False

    def get_password(self, service: str, username: str) -> str | None:
        if self.locked:
            raise KeyringLocked("nobody has unlocked it, " + PASSPHRASE)
        return self.entries.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.entries[service, username] = password


@pytest.fixture
def ring() -> Iterator[FakeKeyring]:
    before, own = keyring.get_keyring(), FakeKeyring()
    keyring.set_keyring(own)
    yield own
    keyring.set_keyring(before)


def test_the_keyring_gives_the_entry_of_that_name(ring: FakeKeyring) -> None:
    keyring.set_password(KEYRING_SERVICE, "operator", PASSPHRASE)
    assert passphrase(PassphraseSource(keyring="operator")) == PASSPHRASE


def test_an_entry_that_is_not_there_says_how_to_make_it(ring: FakeKeyring) -> None:
    with pytest.raises(WalletError, match="operator") as caught:
        passphrase(PassphraseSource(keyring="operator"))
    assert f"keyring set {KEYRING_SERVICE} operator" in caught.value.fix


def test_a_locked_keyring_is_an_error_without_its_words(ring: FakeKeyring) -> None:
    ring.locked = True
    with pytest.raises(WalletError, match="KeyringLocked") as caught:
        passphrase(PassphraseSource(keyring="operator"))
    assert PASSPHRASE not in f"{caught.value!r} {caught.value.facts}"


def test_a_machine_without_any_keyring_says_so() -> None:
    before = keyring.get_keyring()
    keyring.set_keyring(fail.Keyring())  # type: ignore[no-untyped-call]
    try:
        with pytest.raises(WalletError, match="keyring cannot be read"):
            passphrase(PassphraseSource(keyring="operator"))
    finally:
        keyring.set_keyring(before)
