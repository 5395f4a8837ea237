"""Keystores open with their passphrase and with nothing else, and nothing leaks on the way."""

import copy
import json
import pickle
import sys
import traceback
from pathlib import Path

import pytest
from eth_account import Account
from eth_account.signers.local import LocalAccount
from pydantic import SecretStr

from executor.config.wallet import WalletSettings
from executor.domain.address import to_address
from executor.domain.errors import WalletError
from executor.wallet.development import DEVELOPMENT_ADDRESSES
from executor.wallet.keystore import ape_keystore_path, keystore_address, open_keystore
from executor.wallet.opening import open_signer, wallet_address
from tests.wallet.conftest import PASSPHRASE, MakeKeystore

RIGHT = SecretStr(PASSPHRASE)
WRONG = SecretStr("hunter2")
SECOND_KEY = "0x" + "11" * 32


@pytest.mark.parametrize("kdf", ["pbkdf2", "scrypt"])
def test_a_keystore_opens_with_its_passphrase(
    make_keystore: MakeKeystore, operator: LocalAccount, kdf: str
) -> None:
    assert open_keystore(make_keystore(kdf=kdf), RIGHT).address == to_address(operator.address)


def test_a_keystore_made_by_ape_opens(
    tmp_path: Path, operator: LocalAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ape encrypts with eth-account's defaults and writes the JSON as it is."""
    path = ape_keystore_path("arbitrage", {"APE_DATA_FOLDER": str(tmp_path)})
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(Account.encrypt(operator.key, PASSPHRASE)))
    monkeypatch.setenv("APE_DATA_FOLDER", str(tmp_path))
    wallet = WalletSettings(ape_account="arbitrage")
    assert open_signer(wallet, prompt=lambda _: PASSPHRASE).address == to_address(operator.address)
    assert wallet_address(wallet) == to_address(operator.address)


def test_ape_keeps_its_accounts_in_the_home_folder_by_default(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert ape_keystore_path("arbitrage", {}) == tmp_path / ".ape/accounts/arbitrage.json"


def test_the_address_shows_without_a_passphrase(make_keystore: MakeKeystore, operator: LocalAccount) -> None:
    assert keystore_address(make_keystore()) == to_address(operator.address)


def test_a_keystore_need_not_say_its_address(make_keystore: MakeKeystore, operator: LocalAccount) -> None:
    path = make_keystore(address=None)
    assert keystore_address(path) is None
    assert open_keystore(path, RIGHT).address == to_address(operator.address)


def test_a_wrong_passphrase_is_refused_and_not_repeated(make_keystore: MakeKeystore) -> None:
    with pytest.raises(WalletError, match="passphrase does not open") as caught:
        open_keystore(make_keystore(), WRONG)
    shown = "".join(traceback.format_exception(caught.value)) + str(caught.value.as_dict())
    assert "hunter2" not in shown


def test_a_keystore_that_lies_about_its_address_is_refused(make_keystore: MakeKeystore) -> None:
    path = make_keystore(address=DEVELOPMENT_ADDRESSES[0][2:].lower())
    with pytest.raises(WalletError, match="holds the key of"):
        open_keystore(path, RIGHT)


@pytest.mark.parametrize(
    "content",
    [
        "",
        "not json",
        "[]",
        "{}",
        '{"crypto": 7}',
        "[" * 50_000,
        '{"crypto": {"cipher": 5, "kdf": "scrypt", "kdfparams": {"n": 1e400}}, "version": 3}',
        '{"crypto": {}, "version": 3}',
        '{"crypto": {"kdf": "none"}, "version": 3}',
        '{"crypto": {}, "address": "0x12"}',
        SECOND_KEY,
    ],
)
def test_a_file_that_is_no_keystore_is_refused_by_its_path(tmp_path: Path, content: str) -> None:
    path = tmp_path / "broken.json"
    path.write_text(content)
    with pytest.raises(WalletError, match=r"broken\.json") as caught:
        open_keystore(path, RIGHT)
    assert SECOND_KEY not in "".join(traceback.format_exception(caught.value))


def test_a_missing_keystore_is_refused_by_its_path(tmp_path: Path) -> None:
    with pytest.raises(WalletError, match=r"absent\.json cannot be read"):
        open_keystore(tmp_path / "absent.json", RIGHT)


def test_a_signer_shows_its_address_and_never_its_key(
    make_keystore: MakeKeystore, operator: LocalAccount
) -> None:
    signer = open_keystore(make_keystore(), RIGHT)
    key = operator.key.hex().removeprefix("0x")
    for shown in (repr(signer), str(signer), f"{signer}"):
        assert signer.address in shown
        assert key not in shown
    assert not hasattr(signer, "__dict__")


@pytest.mark.parametrize("leave", [pickle.dumps, copy.copy, copy.deepcopy])
def test_a_signer_does_not_leave_its_process(make_keystore: MakeKeystore, leave: object) -> None:
    signer = open_keystore(make_keystore(), RIGHT)
    with pytest.raises(WalletError, match="never copied"):
        leave(signer)  # type: ignore[operator]


def test_local_variables_of_our_frames_do_not_show_the_passphrase(make_keystore: MakeKeystore) -> None:
    """What a pretty traceback would print of the frames of this project."""
    try:
        open_keystore(make_keystore(), WRONG)
    except WalletError:
        trace = sys.exc_info()[2]
    frames = [frame for frame, _ in traceback.walk_tb(trace) if "executor" in frame.f_code.co_filename]
    assert frames
    assert "hunter2" not in "".join(repr(frame.f_locals) for frame in frames)
