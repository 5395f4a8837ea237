"""Built chains as files in the cache, keyed by all that they are made of."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from devnet import cache, toolchain
from devnet.chains import ChainSpec, Tier
from devnet.manifest import PACKAGES_OF_TIER, Package
from devnet.node import Node

FOLDER = Path(__file__).resolve().parent
# Not part of what is built: how it is started, looked at and traded on.
OUTSIDE_THE_BUILD = ("__main__.py", "demo.py", "market.py", "errors.py", "process.py", "toolchain.py")
KEPT_DUMPS = 8


def path(spec: ChainSpec, tier: Tier = "lean") -> Path:
    """The dump of a chain, built first when there is none of this content. Raises DevnetError."""
    stem = spec.name if tier == "lean" else f"{tier}-{spec.name}"
    dump = cache.folder("dumps") / f"{stem}-{key(PACKAGES_OF_TIER[tier][spec.name])}.json"
    if not dump.is_file():
        with cache.locked(dump):
            if not dump.is_file():
                cache.write_atomically(dump, json.dumps(_built(spec, tier)).encode())
                _forget_old(dump.parent, stem)
    return dump


def key(packages: Iterable[Package]) -> str:
    """Changes with the pinned packages, the sources of the builder, its contracts and the node's version."""
    parts: list[bytes | str] = [package.digest for package in packages]
    for source in sorted([*FOLDER.rglob("*.py"), *FOLDER.rglob("*.sol")]):
        if source.name not in OUTSIDE_THE_BUILD:
            parts += [source.relative_to(FOLDER).as_posix(), source.read_bytes()]
    parts.append(str(toolchain.anvil_path().resolve()))
    return cache.content_key(*parts)


def slim(state: dict[str, Any]) -> dict[str, Any]:
    """Only what a node needs to go on: accounts, the block environment and the newest header.

    Without the header of the newest block the node refuses the file; everything older is dead weight.
    """
    best = int(str(state["best_block_number"]), 0)
    newest = [block for block in state["blocks"] if int(str(block["header"]["number"]), 0) == best]
    return {
        "block": state["block"],
        "accounts": state["accounts"],
        "best_block_number": state["best_block_number"],
        "blocks": [{"header": block["header"], "transactions": [], "ommers": []} for block in newest],
        "transactions": [],
    }


def _built(spec: ChainSpec, tier: Tier) -> dict[str, Any]:
    from devnet.build import build

    with build(spec, tier) as node:
        return slim(read_state(node))


def read_state(node: Node) -> dict[str, Any]:
    """The node's whole state as it dumps it."""
    packed = bytes.fromhex(node.rpc("anvil_dumpState")[2:])
    state: dict[str, Any] = json.loads(gzip.decompress(packed))
    return state


def _forget_old(folder: Path, stem: str) -> None:
    dumps = sorted(folder.glob(f"{stem}-*.json"), key=lambda file: file.stat().st_mtime)
    for file in dumps[:-KEPT_DUMPS]:
        file.unlink(missing_ok=True)
