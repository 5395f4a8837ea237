"""Compiled contracts as the packages ship them: half a dozen JSON dialects, one `Artifact`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from eth_utils.crypto import keccak

from devnet import packages
from devnet.errors import ArtifactError
from devnet.manifest import Package

FIX = "check the path in the protocol's builder against the package"


@dataclass(frozen=True)
class Artifact:
    """A compiled contract.

    `bytecode` is creation code without constructor arguments, `deployed_bytecode` runtime code (empty when
    the source does not ship it); `links` maps each library name to the byte offsets of its address in
    `bytecode`; `abi` is the JSON ABI.
    """

    name: str
    bytecode: bytes
    deployed_bytecode: bytes = b""
    abi: list[dict[str, Any]] = field(default_factory=list)
    links: Mapping[str, tuple[int, ...]] = field(default_factory=dict)

    def linked(self, libraries: Mapping[str, str]) -> bytes:
        """Creation code with every library address filled in. Raises ArtifactError when one is missing."""
        code = bytearray(self.bytecode)
        for name, offsets in self.links.items():
            if name not in libraries:
                raise ArtifactError(f"{self.name} needs the library {name}", "deploy and pass it")
            address = bytes.fromhex(libraries[name].removeprefix("0x"))
            for offset in offsets:
                code[offset : offset + 20] = address
        return bytes(code)


def load(package: Package, path: str) -> Artifact:
    """Read the artifact at `path` inside `package`. Raises ArtifactError when it holds no creation code.

    The check matters: empty creation code deploys without complaint as an empty contract.
    """
    file = packages.root(package) / path
    try:
        data = json.loads(file.read_text())
    except FileNotFoundError:
        raise ArtifactError(f"{package.label} has no file {path}", FIX) from None
    return parse(data, name=file.name.partition(".")[0])


def parse(data: Any, *, name: str) -> Artifact:
    """Make an Artifact of any of the known JSON shapes. Raises ArtifactError when there is no bytecode."""
    creation = _first(data, ("bytecode",), ("creationCode",), ("evm", "bytecode"))
    runtime = _first(data, ("deployedBytecode",), ("evm", "deployedBytecode"))
    references = _references(data, creation)
    code = _hex(creation, references)
    if not code:
        raise ArtifactError(f"the artifact {name} holds no creation code", FIX)
    return Artifact(
        name=name,
        bytecode=code,
        deployed_bytecode=b"" if references else _hex(runtime, {}),
        abi=data.get("abi", []),
        links=references,
    )


def code_hash(code: bytes) -> str:
    """keccak256 of code, 0x-prefixed."""
    return "0x" + keccak(code).hex()


def _first(data: Any, *paths: tuple[str, ...]) -> Any:
    for path in paths:
        value = data
        for key in path:
            value = value.get(key) if isinstance(value, dict) else None
        if value:
            return value
    return ""


def _references(data: Any, creation: Any) -> dict[str, tuple[int, ...]]:
    files = data.get("linkReferences") or {}
    if isinstance(creation, dict):
        files = creation.get("linkReferences") or files
    return {
        library: tuple(place["start"] for place in places)
        for libraries in files.values()
        for library, places in libraries.items()
    }


def _hex(value: Any, references: Mapping[str, tuple[int, ...]]) -> bytes:
    text = value.get("object", "") if isinstance(value, dict) else value
    text = text.removeprefix("0x")
    for offsets in references.values():
        for offset in offsets:
            text = text[: 2 * offset] + "0" * 40 + text[2 * offset + 40 :]
    try:
        return bytes.fromhex(text)
    except ValueError:
        return b""
