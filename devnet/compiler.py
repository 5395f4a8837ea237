"""Compile Solidity through standard JSON; the result is kept in the user's cache by content."""

from __future__ import annotations

import json
import posixpath
import re
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from devnet import cache, toolchain
from devnet.artifacts import Artifact, parse
from devnet.errors import CompileError

PROJECT = Path(__file__).resolve().parent.parent
APE_DEFAULT_RUNS = 200
OUTPUTS = ["abi", "evm.bytecode.object", "evm.bytecode.linkReferences", "evm.deployedBytecode.object"]

_COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/", re.DOTALL)
_IMPORT = re.compile(r"\bimport\s+(?:[^\"';]*?\bfrom\s+)?[\"']([^\"']+)[\"']")


def project_settings() -> tuple[str, dict[str, Any]]:
    """Compiler version and settings of the project's own contracts, as its Ape configuration has them.

    Read from there so that Ape and this module make the same bytecode, but for `metadata`, which Ape's plugin
    does not pass on. Raises CompileError when the configuration names no version.
    """
    section = yaml.safe_load((PROJECT / "ape-config.yaml").read_text()).get("solidity") or {}
    version = section.get("version")
    if not version:
        raise CompileError("ape-config.yaml names no solidity version", "set `solidity.version`")
    runs = section.get("optimization_runs", APE_DEFAULT_RUNS)
    settings: dict[str, Any] = {"optimizer": {"enabled": section.get("optimize", True), "runs": runs}}
    for key, name in (("evm_version", "evmVersion"), ("via_ir", "viaIR"), ("metadata", "metadata")):
        if key in section:
            settings[name] = section[key]
    return str(version), settings


def compile_files(
    paths: Sequence[Path | str],
    *,
    base_path: Path | str = PROJECT,
    version: str | None = None,
    settings: Mapping[str, Any] | None = None,
    remappings: Mapping[str, Path] | None = None,
) -> dict[str, Artifact]:
    """Compile files with all they import; the contracts of `paths` by name.

    Relative imports are followed in the file tree; source units are named by their path from `base_path`, as
    Ape names them. `remappings` maps an import prefix to a folder. Without `version` and `settings` those of
    the project's own contracts are used. Raises CompileError.
    """
    base = Path(base_path).resolve()
    own_version, own_settings = ("", {}) if version and settings is not None else project_settings()
    names = [(base / path).resolve().relative_to(base).as_posix() for path in paths]
    sources = gather(names, base, remappings)
    return compile(sources, version=version or own_version, settings=settings or own_settings, targets=names)


def compile(
    sources: Mapping[str, str],
    *,
    version: str,
    settings: Mapping[str, Any],
    targets: Sequence[str] | None = None,
) -> dict[str, Artifact]:
    """Compile `sources` (source unit name -> text); the contracts of the `targets` units by contract name.

    Without `targets`, of all units. Only what an Artifact holds is asked of the compiler, which halves its
    work. Raises CompileError when the compiler refuses or two contracts share a name, ToolMissingError.
    """
    wanted = sorted(targets if targets is not None else sources)
    request = {
        "language": "Solidity",
        "sources": {name: {"content": sources[name]} for name in sorted(sources)},
        "settings": {**settings, "outputSelection": {name: {"*": OUTPUTS} for name in wanted}},
    }
    text = json.dumps(request, sort_keys=True)
    kept = cache.folder("compiled") / f"{cache.content_key(version, text)}.json"
    if not kept.is_file():
        with cache.locked(kept):
            if not kept.is_file():
                label = ", ".join(sorted({Path(name).stem for name in wanted})[:3])
                with cache.progress(f"compiling {label} with solc {version}"):
                    contracts = solc(version, text).get("contracts", {})
                cache.write_atomically(kept, json.dumps(contracts).encode())
    return _artifacts(json.loads(kept.read_text()))


def solc(version: str, request: str) -> dict[str, Any]:
    """The whole standard-JSON answer to a standard-JSON request. Raises CompileError, ToolMissingError."""
    command = [str(toolchain.solc_path(version)), "--standard-json"]
    done = subprocess.run(command, input=request, capture_output=True, text=True, check=False)
    try:
        output: dict[str, Any] = json.loads(done.stdout)
    except ValueError:
        detail = (done.stderr or done.stdout).strip()[:400]
        raise CompileError(f"solc {version} did not answer in JSON ({detail})", "run `make setup`") from None
    errors = [item for item in output.get("errors", []) if item["severity"] == "error"]
    if errors:
        texts = [item.get("formattedMessage") or item["message"] for item in errors[:5]]
        raise CompileError(f"solc {version} refused:\n" + "\n".join(texts), "correct the source named above")
    return output


def _artifacts(contracts: Mapping[str, Mapping[str, Any]]) -> dict[str, Artifact]:
    found: dict[str, Artifact] = {}
    for unit in contracts.values():
        for name, data in unit.items():
            if not data["evm"]["bytecode"]["object"]:
                continue
            if name in found:
                raise CompileError(f"two contracts are named {name}", "compile them apart")
            found[name] = parse(data, name=name)
    return found


def gather(
    names: Sequence[str], base: Path = PROJECT, remappings: Mapping[str, Path] | None = None
) -> dict[str, str]:
    """The texts of all source units that `names` need, by name. Raises CompileError when one is missing."""
    remappings = remappings or {}
    sources: dict[str, str] = {}
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name in sources:
            continue
        text = _read(name, base, remappings)
        sources[name] = text
        for target in _IMPORT.findall(_COMMENT.sub("", text)):
            if target.startswith("."):
                target = posixpath.normpath(posixpath.join(posixpath.dirname(name), target))
            waiting.append(target)
    return sources


def _read(name: str, base: Path, remappings: Mapping[str, Path]) -> str:
    path = base / name
    for prefix, folder in remappings.items():
        if name.startswith(prefix):
            path = folder / name[len(prefix) :]
    try:
        return path.read_text()
    except OSError:
        raise CompileError(f"no source file for the import {name}", f"it was looked for at {path}") from None
