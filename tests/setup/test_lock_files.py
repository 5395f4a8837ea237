"""The lock files: every package pinned by hash, and no host named."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from devnet.toolchain import CHECKOUT
from tools.bootstrap.lock import without_hosts

REQUIREMENTS = sorted((CHECKOUT / "requirements").glob("*.txt"))
NPM_LOCKS = sorted((CHECKOUT / "tools" / "npm").glob("*/package-lock.json"))
PIN = re.compile(r"^([A-Za-z0-9_.-]+)==(\S+)")


def pins(file: Path) -> dict[str, str]:
    found = [PIN.match(line) for line in file.read_text().splitlines()]
    return {match.group(1): match.group(2) for match in found if match}


def read(file: Path) -> Any:
    return json.loads(file.read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    "file", [*REQUIREMENTS, *NPM_LOCKS], ids=lambda file: f"{file.parent.name}/{file.name}"
)
def test_a_lock_file_names_no_host(file: Path) -> None:
    assert "://" not in file.read_text(encoding="utf-8")


@pytest.mark.parametrize("file", REQUIREMENTS, ids=lambda file: file.name)
def test_every_python_package_is_pinned_by_hash(file: Path) -> None:
    entries = re.split(r"^(?=[A-Za-z0-9])", file.read_text(), flags=re.MULTILINE)
    packages = [entry for entry in entries if entry and not entry.lstrip().startswith("#")]
    assert packages
    assert [
        entry.split()[0] for entry in packages if not PIN.match(entry) or "--hash=sha256:" not in entry
    ] == []


def test_the_runtime_set_is_part_of_the_development_set() -> None:
    development = pins(CHECKOUT / "requirements" / "dev.txt")
    runtime = pins(CHECKOUT / "requirements" / "runtime.txt")
    assert {name: development.get(name) for name in runtime} == runtime


def test_every_source_of_a_lock_has_its_lock() -> None:
    sources = {file.stem for file in (CHECKOUT / "requirements").glob("*.in")}
    assert sources == {file.stem for file in REQUIREMENTS}


@pytest.mark.parametrize("file", NPM_LOCKS, ids=lambda file: file.parent.name)
def test_every_npm_package_is_pinned_by_hash_and_fits_its_manifest(file: Path) -> None:
    packages = read(file)["packages"]
    manifest = read(file.with_name("package.json"))
    assert packages[""]["dependencies"] == manifest["dependencies"]
    installed = {path: entry for path, entry in packages.items() if path}
    assert installed
    assert [path for path, entry in installed.items() if not entry["integrity"].startswith("sha512-")] == []


def test_foundry_has_one_exact_version_on_every_platform() -> None:
    manifests = sorted((CHECKOUT / "tools" / "npm").glob("foundry-*/package.json"))
    assert len(manifests) == 4
    versions = {version for file in manifests for version in read(file)["dependencies"].values()}
    assert versions == {"1.7.1"}


def test_locking_drops_addresses_and_keeps_hashes() -> None:
    entry = {
        "version": "1.0.0",
        "resolved": "https://host.example/a.tgz",
        "integrity": "sha512-x",
        "funding": "https://y",
    }
    lock = without_hosts({"lockfileVersion": 3, "packages": {"node_modules/a": entry}})
    assert lock == {
        "lockfileVersion": 3,
        "packages": {"node_modules/a": {"version": "1.0.0", "integrity": "sha512-x"}},
    }
