"""Pinned packages: what is not the pinned archive is refused, and nothing half done is left behind."""

from __future__ import annotations

import hashlib
import io
import shutil
import tarfile
import time
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from devnet import cache, packages
from devnet.errors import PackageError
from devnet.manifest import CANONICAL_WETH, FULL_PACKAGES, USDC, Package
from devnet.toolchain import ToolMissingError


@pytest.fixture
def empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ARBITRAGE_CACHE", str(tmp_path))
    return tmp_path


def real_archive() -> Path:
    """The archive of WETH as the user's cache has it, fetched if need be."""
    packages.ensure([CANONICAL_WETH])
    found = next(cache.folder("archives").glob(f"{CANONICAL_WETH.digest.partition('-')[2][:32]}.tgz"))
    return found


def place(archive: Path, package: Package = CANONICAL_WETH) -> Path:
    target = cache.folder("archives") / f"{package.digest.partition('-')[2][:32]}.tgz"
    shutil.copyfile(archive, target)
    return target


def test_a_corrupted_tarball_is_refused_with_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = real_archive()
    monkeypatch.setenv("ARBITRAGE_CACHE", str(tmp_path))
    placed = place(archive)
    content = bytearray(placed.read_bytes())
    content[len(content) // 2] ^= 1
    placed.write_bytes(content)
    with pytest.raises(PackageError, match=r"canonical-weth@1\.4\.0 is not the pinned package") as caught:
        packages.root(CANONICAL_WETH)
    assert str(placed) in caught.value.fix
    assert caught.value.code == "devnet.package"
    assert list(cache.folder("packages").iterdir()) == []


def test_a_good_tarball_in_the_cache_is_used_without_fetching(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = real_archive()
    monkeypatch.setenv("ARBITRAGE_CACHE", str(tmp_path))
    place(archive)
    monkeypatch.setattr("devnet.toolchain.TOOLS", tmp_path)
    assert (packages.root(CANONICAL_WETH) / "build/contracts/WETH9.json").is_file()


def test_a_registry_that_delivers_something_else_is_refused(
    empty_cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tools = tmp_path / "tools"
    tools.mkdir()
    fake_npm = tools / "npm"
    fake_npm.write_text(
        "#!/bin/sh\n"
        'while [ "$1" != --pack-destination ]; do shift; done\n'
        'echo junk > "$2/canonical-weth-1.4.0.tgz"\n'
    )
    fake_npm.chmod(0o755)
    monkeypatch.setattr("devnet.toolchain.TOOLS", tools)
    with pytest.raises(PackageError, match="is not the pinned package"):
        packages.root(CANONICAL_WETH)
    assert [path.name for path in cache.folder("archives").iterdir()] == []


def test_a_registry_that_cannot_be_reached_is_one_clear_line(
    empty_cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tools = tmp_path / "tools"
    tools.mkdir()
    failing_npm = tools / "npm"
    failing_npm.write_text("#!/bin/sh\necho 'npm error network down' >&2\nexit 1\n")
    failing_npm.chmod(0o755)
    monkeypatch.setattr("devnet.toolchain.TOOLS", tools)
    with pytest.raises(PackageError) as caught:
        packages.root(CANONICAL_WETH)
    assert str(caught.value) == (
        "npm could not fetch the packages (npm error network down): "
        "check the network and the npm and pip settings, then run the same command again"
    )


def test_without_a_set_up_the_error_says_so(
    empty_cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("devnet.toolchain.TOOLS", tmp_path)
    with pytest.raises(ToolMissingError, match="run `make setup`"):
        packages.root(CANONICAL_WETH)


def test_only_the_wanted_parts_are_unpacked_and_none_outside_the_folder(empty_cache: Path) -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tarball:
        for name in ("package/wanted/a.json", "package/wanted/../../escaped", "package/other/b.json"):
            entry = tarfile.TarInfo(name)
            entry.size = 2
            tarball.addfile(entry, io.BytesIO(b"{}"))
    digest = "sha512-" + hashlib.sha512(buffer.getvalue()).hexdigest()
    package = Package("npm", "crafted", "1.0.0", digest, ("wanted/",))
    (cache.folder("archives") / f"{digest.partition('-')[2][:32]}.tgz").write_bytes(buffer.getvalue())
    root = packages.root(package)
    assert [path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()] == [
        "wanted/a.json"
    ]
    assert not (root.parent / "escaped").exists()


def test_a_wheel_is_read_like_a_tarball(empty_cache: Path) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as wheel:
        wheel.writestr("eth_defi/abi/centre/FiatTokenProxy.json", "{}")
        wheel.writestr("eth_defi/huge.json", "{}")
    digest = "sha256-" + hashlib.sha256(buffer.getvalue()).hexdigest()
    package = replace(USDC, digest=digest)
    (cache.folder("archives") / f"{digest.partition('-')[2][:32]}.whl").write_bytes(buffer.getvalue())
    assert [path.name for path in packages.root(package).rglob("*.json")] == ["FiatTokenProxy.json"]


def test_two_parts_of_one_archive_are_fetched_once_and_both_unpacked(empty_cache: Path) -> None:
    text = replace(CANONICAL_WETH, parts=("package.json",))
    packages.ensure([CANONICAL_WETH, text])
    assert (packages.root(CANONICAL_WETH) / "build/contracts/WETH9.json").is_file()
    assert (packages.root(text) / "package.json").is_file()
    assert len(list(cache.folder("archives").glob("*.tgz"))) == 1


def test_every_package_is_pinned_by_an_exact_version_and_a_full_hash() -> None:
    lengths = {"sha512": 128, "sha256": 64}
    for package in {package for listed in FULL_PACKAGES.values() for package in listed}:
        algorithm, _, digest = package.digest.partition("-")
        assert len(digest) == lengths[algorithm]
        assert int(digest, 16) > 0
        assert package.version[0].isdigit()


def test_a_write_is_whole_or_not_at_all(tmp_path: Path) -> None:
    target = tmp_path / "file"
    cache.write_atomically(target, b"old")
    with pytest.raises(TypeError):
        cache.write_atomically(target, "not bytes")  # type: ignore[arg-type]
    assert target.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [target]


def test_progress_is_told_only_for_what_takes_long(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with cache.progress("a quick thing"):
        pass
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(cache, "PROGRESS_AFTER_SECONDS", 0.05)
    with cache.progress("a slow thing"):
        time.sleep(0.15)
    told = capsys.readouterr().err.splitlines()
    assert told[0].startswith("devnet: a slow thing ...")
    assert told[-1].startswith("devnet: a slow thing: 0.")
