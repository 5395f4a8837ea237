"""One executable `solc-v<version>` a compiler: native where one can be had and agrees, else npm's on node."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tools.bootstrap.packages import PYTHON
from tools.bootstrap.report import SetupError, run, say
from tools.bootstrap.store import Store

LAUNCHER = """#!/bin/sh
# solc {version} from npm. Its version is answered here: the compiler itself needs half a second to start.
if [ "$*" = --version ]; then
    printf '%s\\n' {banner}
    exit 0
fi
exec {command} "$@"
"""
RELEASE = re.compile(r"Version: (\d+\.\d+\.\d+\+commit\.[0-9a-f]+)")
NATIVE_SECONDS = 300.0
PROBE_SOURCE = "contract Probe { uint256 public seen; fallback() external { seen++; } }"
PROBE = {
    "language": "Solidity",
    "sources": {"Probe.sol": {"content": PROBE_SOURCE}},
    "settings": {"optimizer": {"enabled": True}, "outputSelection": {"*": {"*": ["evm.bytecode.object"]}}},
}


def place_compilers(
    store: Store, starter: Sequence[Path], modules: Path, folder: Path, *, native: bool
) -> None:
    """Places `bin/solc-v<version>` in `folder` for every compiler in `modules`, and npm's in `solc-npm/`.

    `starter` is the command that runs npm's compiler. With `native`, py-solc-x is asked for native ones too;
    one that is not of the same commit, or compiles a probe to other bytecode, is refused. Raises SetupError.
    """
    packages = sorted(modules.glob("solc-*"))
    launchers = folder / "solc-npm"
    launchers.mkdir()
    with ThreadPoolExecutor(max_workers=2) as pool:
        made = list(pool.map(lambda package: _write_launcher(store, starter, package, launchers), packages))
    natives = _native_compilers(store, made) if native else {}
    for launcher in made:
        target = natives.get(launcher.name, Path("..") / launchers.name / launcher.name)
        (folder / "bin" / launcher.name).symlink_to(target)


def _write_launcher(store: Store, starter: Sequence[Path], package: Path, folder: Path) -> Path:
    command = [*starter, package]
    version = package.name.removeprefix("solc-")
    log = store.log(package.name)
    banner = run(
        *command, "--version", problem=f"solc {version} does not start", fix="repeat `make setup`", log=log
    ).strip()
    if f"Version: {version}+commit." not in banner:
        raise SetupError(f"{package.name} says it is {banner!r}", "see tools/npm/solc/package.json")
    start = shlex.join(str(word) for word in command)
    text = LAUNCHER.format(version=version, banner=shlex.quote(banner), command=start)
    launcher = folder / f"solc-v{version}"
    launcher.write_text(text, encoding="utf-8")
    launcher.chmod(0o755)
    return launcher


def _native_compilers(store: Store, references: Sequence[Path]) -> dict[str, Path]:
    downloads = store.root / "native-solc"
    downloads.mkdir(exist_ok=True)
    versions = [path.name.removeprefix("solc-v") for path in references]
    script = Path(__file__).with_name("native_solc.py")
    command = [str(PYTHON), str(script), str(downloads), *versions]
    try:
        run(*command, problem="no native solc", fix="", log=store.log("native-solc"), timeout=NATIVE_SECONDS)
    except SetupError:
        say("no native solc can be downloaded here; npm's makes the same bytecode and takes longer")
        return {}
    found = {}
    for reference in references:
        native = downloads / reference.name
        if native.is_file() and agrees(native, reference):
            found[native.name] = native
        elif native.is_file():
            say(f"the native {native.name} does not agree with npm's; using npm's")
    return found


def agrees(native: Path, reference: Path) -> bool:
    """Whether both are of the same commit and make the same bytecode of a probe."""
    try:
        return _release(native) == _release(reference) and _probe(native) == _probe(reference)
    except (OSError, subprocess.SubprocessError, ValueError, KeyError, AttributeError):
        return False


def _release(solc: Path) -> str:
    done = subprocess.run([solc, "--version"], capture_output=True, text=True, check=True, timeout=60)
    match = RELEASE.search(done.stdout)
    if match is None:
        raise ValueError(f"{solc} names no release")
    return match.group(1)


def _probe(solc: Path) -> str:
    command = [str(solc), "--standard-json"]
    question = json.dumps(PROBE)
    done = subprocess.run(command, input=question, capture_output=True, text=True, check=True, timeout=60)
    return str(json.loads(done.stdout)["contracts"]["Probe.sol"]["Probe"]["evm"]["bytecode"]["object"])
