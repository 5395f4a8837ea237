"""Real keystores, made with cheap key derivation so that tests are quick."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import pytest
from eth_account import Account
from eth_account.signers.local import LocalAccount

PASSPHRASE = "correct horse battery staple"
MakeKeystore = Callable[..., Path]


@pytest.fixture(scope="session")
def operator() -> LocalAccount:
    """An account of somebody's own."""
    account: LocalAccount = Account.create()
    return account


@pytest.fixture
def make_keystore(tmp_path: Path, operator: LocalAccount) -> MakeKeystore:
    """Writes a keystore of the operator's key; keywords change its JSON."""

    def make(
        name: str = "operator.json", *, kdf: Literal["pbkdf2", "scrypt"] = "pbkdf2", **changes: object
    ) -> Path:
        content = Account.encrypt(
            operator.key, PASSPHRASE, kdf=kdf, iterations=1024 if kdf == "pbkdf2" else 4096
        )
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({**content, **changes}))
        return path

    return make
