"""Fetch the pinned packages with the user's own npm and pip, check their hashes, unpack what is read."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from devnet import cache, toolchain
from devnet.errors import PackageError
from devnet.manifest import Package

FETCH_FIX = "check the network and the npm and pip settings, then run the same command again"


def root(package: Package) -> Path:
    """The folder with the unpacked parts of `package`; fetched, checked and unpacked if not there yet.

    Raises PackageError when it cannot be fetched or its hash is not the pinned one.
    """
    destination = _unpacked(package)
    if not destination.is_dir():
        ensure([package])
    return destination


def ensure(packages: Iterable[Package]) -> None:
    """Make all `packages` available, fetching the missing ones in one go. Raises PackageError."""
    packages = list(packages)
    if all(_unpacked(package).is_dir() for package in packages):
        return
    with cache.locked(cache.folder() / "packages"):
        missing = [package for package in packages if not _unpacked(package).is_dir()]
        # Two packages may be parts of one archive, which is fetched once.
        archives = {_archive(package): package for package in missing}
        absent = [package for archive, package in archives.items() if not archive.is_file()]
        if absent:
            with cache.progress(f"fetching {len(absent)} packages of protocol bytecode"):
                _fetch(absent)
        for package in missing:
            _verify(_archive(package), package)
            _unpack(package)


def _archive(package: Package) -> Path:
    suffix = "tgz" if package.registry == "npm" else "whl"
    return cache.folder("archives") / f"{_key(package)}.{suffix}"


def _unpacked(package: Package) -> Path:
    return cache.folder("packages") / f"{_key(package)}-{cache.content_key(*package.parts)[:12]}"


def _key(package: Package) -> str:
    return package.digest.partition("-")[2][:32]


def _verify(archive: Path, package: Package) -> None:
    algorithm, _, expected = package.digest.partition("-")
    with archive.open("rb") as file:
        found = hashlib.file_digest(file, algorithm).hexdigest()
    if found != expected:
        raise PackageError(
            f"{package.label} is not the pinned package: {algorithm} is {found}, expected {expected}",
            f"delete {archive} and run again; if it stays, do not trust the registry that served it",
        )


def _fetch(packages: list[Package]) -> None:
    with tempfile.TemporaryDirectory(dir=cache.folder("archives")) as name:
        staging = Path(name)
        npm = [package for package in packages if package.registry == "npm"]
        if npm:
            labels = [package.label for package in npm]
            _run(
                [str(toolchain.npm_path()), "pack", "--silent", "--pack-destination", name, *labels], staging
            )
        for package in packages:
            if package.registry == "pypi":
                wanted = f"{package.name}=={package.version}"
                _run([*_pip(staging), "download", "--quiet", "--no-deps", "--dest", name, wanted], staging)
        for package in packages:
            fetched = staging / _file_name(package)
            if not fetched.is_file():
                raise PackageError(f"{package.label} was not delivered as {fetched.name}", FETCH_FIX)
            _verify(fetched, package)
            fetched.replace(_archive(package))


def _file_name(package: Package) -> str:
    if package.registry == "npm":
        return f"{package.name.removeprefix('@').replace('/', '-')}-{package.version}.tgz"
    return f"{package.name.replace('-', '_')}-{package.version}-py3-none-any.whl"


def _pip(scratch: Path) -> list[str]:
    """A pip that works. The project's own environment is made without one."""
    for interpreter in (sys.executable, getattr(sys, "_base_executable", sys.executable)):
        asked = subprocess.run([interpreter, "-m", "pip", "--version"], capture_output=True, check=False)
        if asked.returncode == 0:
            return [interpreter, "-m", "pip", "--disable-pip-version-check"]
    _run([sys.executable, "-m", "venv", str(scratch / "venv")], scratch)
    return [str(scratch / "venv" / "bin" / "python"), "-m", "pip", "--disable-pip-version-check"]


def _run(command: list[str], folder: Path) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        lines = [line for line in (done.stderr or done.stdout).splitlines() if line.strip()]
        detail = lines[-1] if lines else f"exit code {done.returncode}"
        raise PackageError(f"{Path(command[0]).name} could not fetch the packages ({detail})", FETCH_FIX)


def _unpack(package: Package) -> None:
    destination = _unpacked(package)
    with tempfile.TemporaryDirectory(dir=destination.parent) as name:
        staging = Path(name) / "package"
        staging.mkdir()
        for member, data in _members(package):
            target = staging / member
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
        staging.replace(destination)


def _members(package: Package) -> Iterator[tuple[str, bytes]]:
    """(path inside the package, content) of each wanted file."""
    archive = _archive(package)
    if package.registry == "pypi":
        with zipfile.ZipFile(archive) as wheel:
            for name in wheel.namelist():
                if _wanted(name, package):
                    yield name, wheel.read(name)
        return
    with tarfile.open(archive) as tarball:
        for entry in tarball:
            name = entry.name.partition("/")[2]
            file = tarball.extractfile(entry) if entry.isfile() and _wanted(name, package) else None
            if file is not None:
                yield name, file.read()


def _wanted(name: str, package: Package) -> bool:
    # The archive is verified, yet a path that leaves the folder is never worth writing.
    unsafe = name.startswith("/") or ".." in Path(name).parts
    return not unsafe and not name.endswith((".dbg.json", "/")) and name.startswith(package.parts)
