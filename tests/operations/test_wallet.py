"""`executor wallet` as people and scripts use it."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest
from eth_account import Account

from devnet import ETHEREUM
from executor.domain.abi import eth_call
from executor.domain.address import to_address
from executor.operations.exit_codes import ExitCode
from tests.operations.test_run import Ended, call, config
from tests.support.trading import OPERATOR, Trading

PASSPHRASE = "correct horse battery staple"
KEY = "11" * 32
ADDRESS = to_address(Account.from_key("0x" + KEY).address)


def told(*lines: str) -> int:
    """A descriptor from which these lines can be read."""
    reading, writing = os.pipe()
    os.write(writing, "".join(f"{line}\n" for line in lines).encode())
    os.close(writing)
    return reading


def make(command: str, path: Path, *lines: str) -> Ended:
    return call("wallet", command, path, "--fd", told(*lines))


def test_a_new_wallet_is_encrypted_and_its_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "operator.json"
    ended = make("new", path, PASSPHRASE)

    assert ended.code == ExitCode.OK
    key = bytes(Account.decrypt(json.loads(path.read_text()), PASSPHRASE))
    assert to_address(Account.from_key(key).address) == ended.stdout.strip()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert key.hex() not in path.read_text() + ended.stdout + ended.stderr


def test_two_new_wallets_are_two_keys(tmp_path: Path) -> None:
    one, other = (make("new", tmp_path / name, PASSPHRASE).stdout for name in ("one.json", "other.json"))
    assert one != other


@pytest.mark.parametrize("written", [KEY, "0x" + KEY])
def test_an_imported_key_signs_as_its_address(tmp_path: Path, written: str) -> None:
    ended = make("import", tmp_path / "operator.json", written, PASSPHRASE)

    assert ended.stdout.strip() == ADDRESS
    assert KEY not in (tmp_path / "operator.json").read_text() + ended.stdout + ended.stderr


@pytest.mark.parametrize("written", ["", "12", "zz" * 32, "00" * 32, "ff" * 32, KEY + "11"])
def test_what_is_no_key_is_refused_and_never_shown(tmp_path: Path, written: str) -> None:
    path = tmp_path / "operator.json"
    ended = make("import", path, written, PASSPHRASE)

    assert ended.code == ExitCode.USAGE
    assert not path.exists()
    assert not written or written not in ended.stderr


def test_a_key_is_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "operator.json"
    make("new", path, PASSPHRASE)
    before = path.read_text()
    ended = make("import", path, KEY, PASSPHRASE)

    assert ended.code == ExitCode.USAGE
    assert "never overwritten" in ended.stderr
    assert path.read_text() == before


def test_a_short_passphrase_is_refused(tmp_path: Path) -> None:
    ended = make("new", tmp_path / "operator.json", "short")

    assert "shorter than 12" in ended.stderr
    assert not (tmp_path / "operator.json").exists()


def test_without_a_terminal_or_a_descriptor_nothing_is_asked(tmp_path: Path) -> None:
    ended = call("wallet", "new", tmp_path / "operator.json", stdin="")

    assert ended.code == ExitCode.USAGE
    assert "no terminal" in ended.stderr


def test_the_list_says_whose_wallet_each_chain_uses(trading: Trading) -> None:
    ended = call("wallet", "list", "--config", config(trading), "--json")

    assert json.loads(ended.stdout) == [
        {
            "chain": "ethereum",
            "place": "wallet",
            "role": "operator",
            "kind": "development_account",
            "address": OPERATOR,
        }
    ]
    assert OPERATOR in call("wallet", "list", "--config", config(trading)).stdout


def test_approvals_are_told_with_their_spender_and_whether_they_have_a_bound(trading: Trading) -> None:
    stranger = "0x00000000000000000000000000000000000000E5"
    weth, usdc = ETHEREUM.tokens["WETH"], ETHEREUM.tokens["USDC"]
    approve(trading, weth, stranger, 7 * 10**18)
    approve(trading, usdc, trading.router, 2**256 - 1)
    ended = call("wallet", "approvals", "--config", config(trading), "--spender", stranger, "--json")

    found = {
        (line["holder"], line["symbol"], line["spender"]): (line["spender_name"], line["amount"])
        for line in json.loads(ended.stdout)["approvals"]
    }
    assert found == {
        ("wallet", "WETH", stranger): ("", str(7 * 10**18)),
        ("wallet", "USDC", trading.router): ("router", "unlimited"),
    }
    shown = call("wallet", "approvals", "--config", config(trading), "--spender", stranger).stdout
    assert "without bound" in shown
    assert " 7 " in shown


def test_nothing_may_be_taken_from_a_router(trading: Trading) -> None:
    ended = call("wallet", "approvals", "--config", config(trading), "--json")

    assert json.loads(ended.stdout) == {"approvals": [], "unread": []}


def test_a_spender_that_is_no_address_is_named(trading: Trading) -> None:
    ended = call("wallet", "approvals", "--config", config(trading), "--spender", "0x12")

    assert ended.code == ExitCode.USAGE
    assert "spender" in ended.stderr


def approve(trading: Trading, token: str, spender: str, amount: int) -> None:
    data = eth_call(to_address(token), "approve(address,uint256)", spender, amount).data
    trading.node.send(OPERATOR, token, data)
