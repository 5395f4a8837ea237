"""What a newcomer sees of a set-up: which Python is taken, and one clear line when something is missing."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from devnet.toolchain import CHECKOUT
from tools.bootstrap.native import install_tools
from tools.bootstrap.node import Node
from tools.bootstrap.report import SetupError
from tools.bootstrap.store import Store, digest, point


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A checkout of its own with nothing set up: the parts that the set-up reads."""
    clone = tmp_path / "clone"
    for part in ("tools", "requirements"):
        shutil.copytree(CHECKOUT / part, clone / part, ignore=shutil.ignore_patterns("__pycache__"))
    (clone / "devnet").mkdir()
    for file in ("Makefile", "pyproject.toml", "devnet/toolchain.py"):
        shutil.copy(CHECKOUT / file, clone / file)
    return clone


def make_setup(clone: Path, environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Runs `make setup` in an environment that inherits nothing but a bare PATH."""
    bare = {
        "PATH": "/usr/bin:/bin",
        "HOME": str(clone),
        "ARBITRAGE_CACHE": str(clone / "cache"),
        **environment,
    }
    command = ["make", "-s", "setup"]
    return subprocess.run(
        command, cwd=clone, env=bare, capture_output=True, text=True, check=False, timeout=120
    )


def complaint(done: subprocess.CompletedProcess[str]) -> str:
    """The one line that the set-up says of its failure; make's own line is not ours."""
    assert done.returncode != 0
    lines = [
        line for line in done.stderr.splitlines() if not line.startswith("make") and not line.endswith("...")
    ]
    assert len(lines) == 1, done.stderr
    return lines[0]


def test_another_python_gets_one_line_that_names_what_is_needed(clone: Path, tmp_path: Path) -> None:
    fake_python_3_13 = tmp_path / "python-that-says-it-is-3.13"
    fake_python_3_13.write_text('#!/bin/sh\ncase "$2" in *sys.exit*) exit 1 ;; esac\necho 3.13.0\n')
    fake_python_3_13.chmod(0o755)
    line = complaint(make_setup(clone, {"PYTHON": str(fake_python_3_13)}))
    assert line.startswith(f"setup: Python 3.11 or 3.12 is needed, {fake_python_3_13} is 3.13.0;")
    assert "make setup PYTHON=" in line
    assert not (clone / ".venv").exists()


def test_an_absent_python_gets_one_line(clone: Path) -> None:
    line = complaint(make_setup(clone, {"PYTHON": "no-such-python"}))
    assert "there is no no-such-python" in line


def test_a_python_without_its_venv_module_gets_one_line(clone: Path) -> None:
    broken = clone / "broken"
    broken.mkdir()
    (broken / "venv.py").write_text('raise ImportError("No module named ensurepip")\n')
    line = complaint(make_setup(clone, {"PYTHON": sys.executable, "PYTHONPATH": str(broken)}))
    assert "has no working venv module" in line and "apt-get install python3" in line


def test_an_unwritable_cache_gets_one_line(clone: Path) -> None:
    (clone / "cache").write_text("a file where the folder should be")
    line = complaint(make_setup(clone, {"PYTHON": sys.executable}))
    assert "the tool cache cannot be made" in line and "ARBITRAGE_CACHE=" in line


def test_npm_without_a_network_gets_one_line_and_leaves_no_half_made_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    npm, node = shutil.which("npm"), shutil.which("node")
    if npm is None or node is None:
        pytest.skip("this machine has no npm of its own")
    monkeypatch.setenv("ARBITRAGE_CACHE", str(tmp_path))
    monkeypatch.setenv("npm_config_offline", "true")
    monkeypatch.setenv("npm_config_cache", str(tmp_path / "empty"))
    with pytest.raises(SetupError, match=r"npm cannot install .*ENOTCACHED.*check the network") as caught:
        install_tools(Store(), Node(Path(node), (npm,), "20.0.0"))
    assert "\n" not in str(caught.value)
    assert list((tmp_path / "tools" / "npm").iterdir()) == []


def test_a_folder_of_the_store_is_made_once_and_whole_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ARBITRAGE_CACHE", str(tmp_path))
    store = Store()

    def fail(folder: Path) -> None:
        (folder / "half").touch()
        raise OSError("the disk is full")

    with pytest.raises(OSError, match="disk is full"):
        store.folder("thing", fail)
    assert not (store.root / "thing").exists()
    made = store.folder("thing", lambda folder: (folder / "whole").touch())
    assert store.folder("thing", fail) == made
    assert [path.name for path in made.iterdir()] == ["whole"]


def test_the_key_of_a_folder_follows_content_and_order(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("a")
    assert digest(tmp_path / "a") == digest("a")
    assert len({digest("a", "b"), digest("b", "a"), digest("ab"), digest("a", "b", "")}) == 4


def test_a_folder_in_the_place_of_the_link_is_not_removed(tmp_path: Path) -> None:
    link = tmp_path / ".tools"
    point(link, tmp_path / "first")
    point(link, tmp_path / "second")
    assert link.readlink() == tmp_path / "second"
    (tmp_path / "folder").mkdir()
    with pytest.raises(SetupError, match="not a link"):
        point(tmp_path / "folder", tmp_path / "first")


def test_a_python_started_without_make_finds_the_tools(tmp_path: Path) -> None:
    code = (
        "import os, shutil\n"
        "print(shutil.which('anvil'), os.environ['SOLCX_BINARY_PATH'], os.environ['FORK_UPSTREAM_URL'])"
    )
    bare = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}

    def started_with(**more: str) -> list[str]:
        command = [sys.executable, "-c", code]
        done = subprocess.run(
            command, env=bare | more, cwd=tmp_path, capture_output=True, text=True, check=True
        )
        return done.stdout.split()

    tools = os.path.join(os.path.dirname(sys.prefix), ".tools", "bin")
    assert started_with() == [f"{tools}/anvil", tools, "http://127.0.0.1:8545"]
    own = started_with(MAINNET_RPC_URL="http://node.example:1", SOLCX_BINARY_PATH="/elsewhere")
    assert own == [f"{tools}/anvil", "/elsewhere", "http://node.example:1"]
