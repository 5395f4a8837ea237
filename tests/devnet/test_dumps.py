"""Built chains in the cache: built once, rebuilt when what they are made of changes."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from devnet import cache, dumps
from devnet.chains import BASE, ETHEREUM
from devnet.errors import BuildError
from devnet.manifest import CANONICAL_WETH, PACKAGES
from devnet.place import require_address

PROJECT = Path(__file__).resolve().parents[2]


def test_the_key_changes_with_a_pinned_package() -> None:
    packages = PACKAGES["ethereum"]
    other = replace(CANONICAL_WETH, digest="sha512-" + "00" * 64)
    assert dumps.key(packages) == dumps.key(packages)
    assert dumps.key(packages) != dumps.key([other, *packages[1:]])


@pytest.mark.parametrize(
    "part", ["protocols/aave_v3.py", "contracts/TetherLike.sol", "addresses.py", "node.py"]
)
def test_the_key_changes_with_a_source_of_the_build(
    part: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = tmp_path / "devnet"
    shutil.copytree(dumps.FOLDER, copy, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(dumps, "FOLDER", copy)
    before = dumps.key(PACKAGES["ethereum"])
    (copy / part).write_text((copy / part).read_text() + "\n")
    assert dumps.key(PACKAGES["ethereum"]) != before


@pytest.mark.parametrize("part", ["__main__.py", "market.py"])
def test_the_key_does_not_change_with_what_is_not_built_in(
    part: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = tmp_path / "devnet"
    shutil.copytree(dumps.FOLDER, copy, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(dumps, "FOLDER", copy)
    before = dumps.key(PACKAGES["ethereum"])
    (copy / part).write_text((copy / part).read_text() + "\n")
    assert dumps.key(PACKAGES["ethereum"]) == before


def test_a_dump_is_built_once_even_by_two_processes_at_the_same_time(tmp_path: Path) -> None:
    dumps.path(BASE)
    for name in ("archives", "packages", "compiled"):
        (tmp_path / "devnet").mkdir(exist_ok=True)
        (tmp_path / "devnet" / name).symlink_to(cache.folder(name))
    script = "from devnet import dumps\nfrom devnet.chains import BASE\nprint(dumps.path(BASE).stat().st_ino)"
    environment = {"ARBITRAGE_CACHE": str(tmp_path), "PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}
    builders = [
        subprocess.Popen(
            [sys.executable, "-c", script], cwd=PROJECT, env=environment, stdout=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    answers = {builder.communicate(timeout=120)[0] for builder in builders}
    assert [builder.returncode for builder in builders] == [0, 0]
    assert len(answers) == 1
    assert len(list((tmp_path / "devnet" / "dumps").glob("*.json"))) == 1


def test_a_dump_holds_the_newest_header_and_no_history() -> None:
    state = json.loads(dumps.path(ETHEREUM).read_text())
    assert len(state["blocks"]) == 1
    assert state["transactions"] == []
    assert dumps.path(ETHEREUM).stat().st_size < 4_000_000


def test_old_dumps_are_forgotten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(12):
        (tmp_path / f"base-{number:02}.json").write_text("{}")
    for other in ("ethereum-00", "full-base-00"):
        (tmp_path / f"{other}.json").write_text("{}")
    dumps._forget_old(tmp_path, "base")
    assert len(list(tmp_path.glob("base-*.json"))) == dumps.KEPT_DUMPS
    assert len(list(tmp_path.glob("*-00.json"))) == 2


def test_an_address_that_comes_out_elsewhere_stops_the_build() -> None:
    with pytest.raises(BuildError, match="WETH came out at 0x11") as caught:
        require_address("WETH", "0x" + "11" * 20, "0x" + "22" * 20)
    assert caught.value.code == "devnet.build"
