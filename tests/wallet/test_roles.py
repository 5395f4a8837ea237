"""Several wallets a chain: each key once, each passphrase once, and authentication apart from money."""

from __future__ import annotations

import json
import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account

from executor.config.settings import ChainSettings, Settings
from executor.domain.address import to_address
from executor.domain.errors import ConfigError, WalletError
from executor.wallet.development import DEVELOPMENT_ADDRESSES
from executor.wallet.opening import OpenedKeystores, open_signers
from executor.wallet.roles import Role, accounts_of
from executor.wallet.signer import Signer
from tests.wallet.conftest import PASSPHRASE

KEYS = {name: bytes([number]) * 32 for number, name in enumerate(("one", "two", "three"), start=1)}


def keystore(folder: Path, key: str, *, name: str | None = None, told: bool = True) -> Path:
    """An encrypted file with that key; `told`: it says whose."""
    content = Account.encrypt(KEYS[key], PASSPHRASE, kdf="pbkdf2", iterations=1024)
    if not told:
        del content["address"]
    path = folder / f"{name or key}.json"
    path.write_text(json.dumps(content))
    return path


def chain(**section: Any) -> ChainSettings:
    return Settings.from_mapping(
        {"chains": {"ethereum": {"rpc_url": "http://127.0.0.1:1", **section}}}, environ={"HOME": "/nowhere"}
    ).chain("ethereum")


def named(path: Path) -> dict[str, str]:
    return {"keystore": str(path)}


class Prompt:
    """Somebody at a terminal; remembers what was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def __call__(self, question: str) -> str:
        self.asked.append(question)
        return PASSPHRASE


def test_all_operators_are_opened_in_their_order_and_asked_for_once(tmp_path: Path) -> None:
    paths = [keystore(tmp_path, key) for key in KEYS]
    settings = chain(wallet=named(paths[0]), wallets=[named(paths[1]), named(paths[2])])
    prompt = Prompt()
    signers = open_signers(settings.operators, prompt=prompt, environ={})

    addresses = [to_address(Account.from_key(key).address) for key in KEYS.values()]
    assert [signer.address for signer in signers] == addresses
    assert [question.count(address) for question, address in zip(prompt.asked, addresses, strict=True)] == [
        1,
        1,
        1,
    ]


def test_a_wallet_that_two_chains_use_is_asked_for_once(tmp_path: Path) -> None:
    path, prompt = keystore(tmp_path, "one"), Prompt()
    opened = OpenedKeystores()
    ethereum, base = (
        open_signers(chain(wallet=named(path)).operators, prompt=prompt, environ={}, opened=opened)
        for _ in range(2)
    )

    assert ethereum == base
    assert len(prompt.asked) == 1


def test_chains_that_open_at_once_ask_one_after_the_other(tmp_path: Path) -> None:
    opened, asking = OpenedKeystores(), threading.Lock()
    asked: list[str] = []

    def prompt(question: str) -> str:
        assert asking.acquire(blocking=False), "two passphrases were asked for at a time"
        asked.append(question)
        time.sleep(0.05)
        asking.release()
        return PASSPHRASE

    def open_chain(key: str) -> tuple[Signer, ...]:
        settings = chain(wallet=named(tmp_path / f"{key}.json"))
        return open_signers(settings.operators, prompt=prompt, environ={}, opened=opened)

    for key in ("one", "two"):
        keystore(tmp_path, key)
    with ThreadPoolExecutor() as threads:
        signers = list(threads.map(open_chain, ["one", "two", "one", "two"]))

    assert (signers[0], signers[1]) == (signers[2], signers[3])
    assert len(asked) == 2


def test_passphrases_come_from_one_descriptor_line_by_line(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    os.write(writing, f"{PASSPHRASE}\n{PASSPHRASE}\n".encode())
    os.close(writing)
    settings = chain(
        wallet=named(keystore(tmp_path, "one")) | {"passphrase": {"fd": reading}},
        wallets=[named(keystore(tmp_path, "two")) | {"passphrase": {"fd": reading}}],
    )

    assert len(open_signers(settings.operators, environ={})) == 2
    os.close(reading)


def test_development_accounts_ask_for_nothing() -> None:
    settings = chain(wallet={"development_account": 1}, wallets=[{"development_account": 2}])
    signers = open_signers(settings.operators, environ={})

    assert [signer.address for signer in signers] == list(DEVELOPMENT_ADDRESSES[1:3])


@pytest.mark.parametrize("section", ["wallets", "authentication_wallet"])
def test_a_wallet_that_is_named_twice_is_a_mistake_in_the_settings(tmp_path: Path, section: str) -> None:
    wallet = named(keystore(tmp_path, "one"))
    with pytest.raises(ConfigError, match="wallet"):
        chain(wallet=wallet, **{section: [wallet] if section == "wallets" else wallet})


@pytest.mark.parametrize("section", ["wallets", "authentication_wallet"])
def test_two_files_with_one_key_are_told_before_a_passphrase_is_asked(tmp_path: Path, section: str) -> None:
    wallet, copy = (named(keystore(tmp_path, "one", name=name)) for name in ("a", "b"))
    settings = chain(wallet=wallet, **{section: [copy] if section == "wallets" else copy})
    with pytest.raises(WalletError, match="are one key") as caught:
        accounts_of(settings, environ={})

    assert caught.value.facts["places"] == ["wallet", "wallets.0" if section == "wallets" else section]


def test_two_files_that_do_not_say_whose_they_are_are_compared_when_open(tmp_path: Path) -> None:
    wallet, copy = (named(keystore(tmp_path, "one", name=name, told=False)) for name in ("a", "b"))
    settings = chain(wallet=wallet, wallets=[copy])
    with pytest.raises(WalletError, match="more than once"):
        open_signers(settings.operators, prompt=Prompt(), environ={})


def test_every_wallet_has_its_place_and_role(tmp_path: Path) -> None:
    settings = chain(
        wallet={"development_account": 1},
        wallets=[{"development_account": 2}],
        authentication_wallet=named(keystore(tmp_path, "three")),
    )

    assert [(one.place, one.role, one.kind) for one in accounts_of(settings, environ={})] == [
        ("wallet", Role.OPERATOR, "development_account"),
        ("wallets.0", Role.OPERATOR, "development_account"),
        ("authentication_wallet", Role.AUTHENTICATION, "keystore"),
    ]


def test_a_chain_without_wallets_has_no_accounts() -> None:
    assert accounts_of(chain(), environ={}) == ()
