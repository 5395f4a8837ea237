"""No key and no passphrase is anywhere but in the keystore and in the process's memory: all that a full run
leaves behind is searched for them."""

from __future__ import annotations

import base64
import json
import os
import signal
import subprocess
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
import yaml
from eth_account import Account
from pydantic import SecretStr
from sqlalchemy import Select, create_engine, inspect, literal_column, select, table
from sqlalchemy.engine import URL

from executor.domain.errors import WalletError
from executor.operations.exit_codes import ExitCode
from executor.wallet.creation import import_key
from executor.wallet.keystore import open_keystore
from tests.operations.test_run import COMMAND, ROOT, call, config
from tests.support.postgres import new_database
from tests.support.trading import OPERATOR_ACCOUNT, Trading, explicit

PASSPHRASE = "marmalade 7 tangerine 9 harbour"
WRONG_PASSPHRASE = "marmalade 8 tangerine 9 harbour"
URL_KEY = "Zx81providerKey4711"


def forms(secret: bytes) -> list[bytes]:
    """The ways in which bytes come to be written."""
    number = int.from_bytes(secret, "big")
    encoded = [encode(secret) for encode in (base64.b64encode, base64.urlsafe_b64encode, base64.b32encode)]
    listed = str(list(secret)).encode()
    texts = [secret.hex(), secret.hex().upper(), str(number), repr(secret)]
    return [secret, listed, *(text.encode() for text in texts), *(text.rstrip(b"=") for text in encoded)]


class Secrets:
    """What must not be found, and where it was looked for."""

    def __init__(self, key: str) -> None:
        self._forms = [form for secret in (bytes.fromhex(key[2:]),) for form in forms(secret)]
        for text in (PASSPHRASE, WRONG_PASSPHRASE, URL_KEY):
            self._forms += forms(text.encode())
        self.searched = 0

    def absent_from(self, content: bytes, place: object) -> None:
        self.searched += len(content)
        for form in self._forms:
            assert form not in content, f"a secret stands in {place}"

    def absent_from_files(self, folder: Path, *, but: tuple[Path, ...]) -> None:
        for path in folder.rglob("*"):
            if path.is_file() and path not in but:
                self.absent_from(path.read_bytes(), path)


@pytest.fixture
def secrets(trading: Trading) -> Secrets:
    """The operator's key, known to this test, and passphrases."""
    return Secrets(trading.node.accounts[OPERATOR_ACCOUNT].private_key)


@pytest.fixture
def keystore(trading: Trading) -> Path:
    """The operator's key, encrypted."""
    key = bytes.fromhex(trading.node.accounts[OPERATOR_ACCOUNT].private_key[2:])
    content = Account.encrypt(key, PASSPHRASE, kdf="pbkdf2", iterations=1024)
    path = trading.folder / "keys" / "operator.json"
    path.parent.mkdir()
    path.write_text(json.dumps(content))
    return path


class Watched:
    """A command in a process of its own, given a passphrase by descriptor; what others can see of it, and of
    those that it starts, is kept: command lines and environments."""

    def __init__(self, *arguments: str, passphrase: str = PASSPHRASE) -> None:
        reading, writing = os.pipe()
        os.write(writing, f"{passphrase}\n".encode())
        os.close(writing)
        self.process = subprocess.Popen(
            [*COMMAND, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            pass_fds=(reading,),
            cwd=ROOT,
            env={
                **os.environ,
                "PYTHONPATH": str(ROOT),
                "PYTHONFAULTHANDLER": "1",
                "EXECUTOR_PASSPHRASE_FD": str(reading),
            },
        )
        os.close(reading)
        self.seen: set[bytes] = set()
        self._over = Event()
        self._watcher = Thread(target=self._watch)
        self._watcher.start()

    def end(self, given: str = "") -> tuple[int, bytes, bytes]:
        """Its exit code, standard output and standard error."""
        output, error = self.process.communicate(given.encode(), timeout=90)
        self._over.set()
        self._watcher.join()
        return self.process.returncode, output, error

    def wait_until(self, there: Callable[[], bool]) -> None:
        """Raises AssertionError, with what it said, where the process ends first."""
        for _ in range(300):
            if there():
                return
            if self.process.poll() is not None:
                break
            self._over.wait(0.1)
        self.process.kill()
        raise AssertionError(f"it did not come: {self.end()}")

    def _watch(self) -> None:
        while not self._over.wait(0.02):
            for number in family(self.process.pid):
                for name in ("cmdline", "environ"):
                    try:
                        self.seen.add(Path(f"/proc/{number}/{name}").read_bytes())
                    except OSError:
                        continue


def family(process: int) -> Iterator[int]:
    """A process and all that it has started."""
    yield process
    try:
        children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    except OSError:
        return
    for child in children:
        yield from family(int(child))


def settings_with(trading: Trading, keystore: Path, **changes: Any) -> Path:
    url = trading.node.url.replace("http://", f"http://somebody:{URL_KEY}@")
    return config(trading, wallet={"keystore": str(keystore)}, rpc_url=url, **changes)


def test_a_full_run_leaves_no_secret_anywhere(trading: Trading, secrets: Secrets, keystore: Path) -> None:
    trading.open_gap()
    path = settings_with(trading, keystore)
    watched = Watched("run", "-", "--config", str(path), "--debug")
    lines = [json.dumps(explicit("a")), json.dumps(explicit("b")), '{"amount": 1']
    code, output, error = watched.end("\n".join(lines))

    assert code == ExitCode.REJECTED
    assert sorted(json.loads(line)["status"] for line in output.splitlines()) == [
        "declined",
        "realised",
        "rejected",
    ]
    assert trading.nonce() == 1
    assert len(watched.seen) >= 2
    for seen in watched.seen:
        secrets.absent_from(seen, "the process list")
    secrets.absent_from(output, "standard output")
    secrets.absent_from(error, "standard error")
    secrets.absent_from_files(trading.folder, but=(path,))
    assert list((trading.folder / "journal").iterdir())


def test_a_full_run_leaves_no_secret_in_a_servers_tables(
    trading: Trading, secrets: Secrets, keystore: Path, postgres_server: URL
) -> None:
    trading.open_gap()
    with new_database(postgres_server, "secrets") as place:
        path = settings_with(trading, keystore)
        whole = yaml.safe_load(path.read_text())
        url = place.render_as_string(hide_password=False)
        path.write_text(yaml.safe_dump({**whole, "database_url": url}))
        code, output, error = Watched("run", "-", "--config", str(path), "--debug").end(
            json.dumps(explicit())
        )
        assert (code, json.loads(output)["status"]) == (ExitCode.OK, "realised")
        tables = rows_by_table(place)
    for name, rows in tables.items():
        secrets.absent_from(rows, name)
    assert {"attempts", "executions", "workflow_status"} <= {name.split(".")[1] for name in tables}
    attempts = next(rows for name, rows in tables.items() if name.endswith(".attempts"))
    assert trading.node.rpc("eth_getBlockByNumber", "latest", False)["transactions"][0].encode() in attempts
    secrets.absent_from(output + error, "what it said")


def rows_by_table(place: URL) -> dict[str, bytes]:
    """All that stands in the database, as text, by the table's name."""
    engine = create_engine(place)
    tables = [
        table(name, schema=schema)
        for schema in inspect(engine).get_schema_names()
        if schema != "information_schema"
        for name in inspect(engine).get_table_names(schema)
    ]
    found: dict[str, bytes] = {}
    with engine.connect() as connection:
        for one in tables:
            every: Select[Any] = select(literal_column("one::text")).select_from(one.alias("one"))
            found[one.fullname] = "\n".join(connection.execute(every).scalars()).encode()
    engine.dispose()
    return found


@pytest.mark.parametrize("number", [signal.SIGABRT, signal.SIGKILL])
def test_a_crash_in_the_middle_of_a_run_leaves_no_secret(
    trading: Trading, secrets: Secrets, keystore: Path, number: signal.Signals
) -> None:
    trading.open_gap()
    path = settings_with(trading, keystore)
    trading.node.rpc("evm_setAutomine", False)
    try:
        watched = Watched("run", "-", "--config", str(path), "--debug")
        assert watched.process.stdin is not None
        watched.process.stdin.write(json.dumps(explicit()).encode() + b"\n")
        watched.process.stdin.flush()
        watched.wait_until(lambda: trading.node.rpc("txpool_status")["pending"] != "0x0")
        watched.process.send_signal(number)
        code, output, error = watched.end()
    finally:
        trading.node.rpc("evm_setAutomine", True)
        trading.node.mine(1)

    assert code == -number
    if number is not signal.SIGKILL:
        assert b"most recent call first" in error, "the crash left a traceback"
    for content in (output, error, *watched.seen):
        secrets.absent_from(content, "what the crash left")
    secrets.absent_from_files(trading.folder, but=(path,))


def test_a_wrong_passphrase_is_shown_in_no_traceback(
    trading: Trading, secrets: Secrets, keystore: Path
) -> None:
    path = settings_with(trading, keystore)
    watched = Watched("run", "-", "--config", str(path), "--debug", passphrase=WRONG_PASSPHRASE)
    _, output, error = watched.end(json.dumps(explicit()))

    assert b"passphrase does not open" in output + error
    for content in (output, error, *watched.seen):
        secrets.absent_from(content, "a failed start")
    secrets.absent_from_files(trading.folder, but=(path,))


def test_a_wallet_command_that_sends_leaves_no_secret(
    trading: Trading, secrets: Secrets, keystore: Path
) -> None:
    path = settings_with(trading, keystore)
    watched = Watched("wallet", "approve", "WETH", "0x" + "e5" * 20, "7", "--config", str(path), "--json")
    code, output, error = watched.end()

    assert (code, trading.nonce()) == (ExitCode.OK, 1)
    for content in (output, error, *watched.seen):
        secrets.absent_from(content, "a command")
    secrets.absent_from_files(trading.folder, but=(path,))
    assert (trading.folder / "journal" / "executor.sqlite3").stat().st_mode & 0o077 == 0


def test_a_databases_password_is_never_shown(trading: Trading, secrets: Secrets) -> None:
    path = trading.folder / "config.yaml"
    whole = trading.settings()
    path.write_text(yaml.safe_dump({**whole, "database_url": f"postgresql://me:{URL_KEY}@127.0.0.1:9/x"}))
    for arguments in (
        ("wallet", "approve", "WETH", "0x" + "e5" * 20, "7"),
        ("wallet", "refill", "--dry-run"),
    ):
        ended = call(*arguments, "--config", path)
        assert ended.code == ExitCode.USAGE
        secrets.absent_from((ended.stdout + ended.stderr).encode(), "an error")


def test_the_search_finds_what_it_looks_for(tmp_path: Path, trading: Trading) -> None:
    """A search that finds nothing anywhere would pass, too."""
    key = trading.node.accounts[OPERATOR_ACCOUNT].private_key
    plain = Secrets(key)
    for form in (key[2:].encode(), str(int(key, 16)).encode(), base64.b64encode(bytes.fromhex(key[2:]))):
        (tmp_path / "log").write_bytes(b"... " + form + b" ...")
        with pytest.raises(AssertionError, match="a secret stands in"):
            plain.absent_from_files(tmp_path, but=())


def test_errors_hold_no_secret_in_the_variables_of_their_frames(
    trading: Trading, secrets: Secrets, keystore: Path, tmp_path: Path
) -> None:
    key = trading.node.accounts[OPERATOR_ACCOUNT].private_key
    lying = tmp_path / "lying.json"
    lying.write_text(json.dumps({**json.loads(keystore.read_text()), "address": "11" * 20}))
    for fail in (
        lambda: open_keystore(keystore, SecretStr(WRONG_PASSPHRASE)),
        lambda: open_keystore(lying, SecretStr(PASSPHRASE)),
        lambda: import_key(tmp_path / "new.json", SecretStr(key + "1"), SecretStr(PASSPHRASE)),
        lambda: import_key(keystore, SecretStr(key), SecretStr(PASSPHRASE)),
        lambda: import_key(tmp_path / "new.json", SecretStr(key), SecretStr("marmalade")),
    ):
        secrets.absent_from(told_with_variables(fail), "a traceback that shows variables")


def told_with_variables(fail: Callable[[], object]) -> bytes:
    """A traceback as error reporters write it: with the variables of each frame but this test's own."""
    with pytest.raises(WalletError) as caught:
        fail()
    last = caught.value.__traceback__
    while last is not None and "executor/" not in last.tb_frame.f_code.co_filename:
        last = last.tb_next
    whole = traceback.TracebackException(
        type(caught.value), caught.value, last, capture_locals=True, max_group_width=1
    )
    return "".join(whole.format()).encode()
