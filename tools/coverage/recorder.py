"""A pytest plugin: traces what tests run on local nodes, and keeps what was run of the router's code.

Loaded with `-p tools.coverage.recorder`. Every call and transaction that reaches the router is run once more
by the node's tracer, on the state that it ran on; what the router's parts are, is told by their code.
"""

from __future__ import annotations

import json
import os
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from devnet import rpc
from devnet.errors import RpcError
from devnet.rpc import RpcClient
from tools.coverage.build import Build, Part, load

TRACER = "\n".join(
    line
    for line in Path(__file__).with_name("tracer.js").read_text(encoding="utf-8").splitlines()
    if not line.lstrip().startswith("//")
)
FOLDER = "COVERAGE_FOLDER"
MOST_GAS = 10_000_000
"""Calls that burn more are not traced: they take minutes, and leaving them out can only make less of what is
counted as run.
"""
PATIENCE_SECONDS = 600.0
"""How long a node may take over one answer: tracing is slow, and other calls wait for it."""


class Recorder:
    """Places and jumps of each part, over all nodes of this process."""

    def __init__(self, build: Build) -> None:
        self._build = build
        self._call = RpcClient.call
        self.places: dict[str, set[int]] = defaultdict(set)
        self.jumps: dict[str, set[str]] = defaultdict(set)

    def call(self, client: RpcClient, method: str, *params: Any) -> Any:
        """In place of the client's own: traces before it runs what may change the state."""
        if method in ("eth_call", "eth_sendTransaction") and params[0].get("to"):
            self._trace(client, params[0], params[1] if method == "eth_call" else "latest")
        return self._call(client, method, *params)

    def _trace(self, client: RpcClient, request: Mapping[str, Any], block: Any) -> None:
        parts = self._reached(client, request, block)
        if not parts:
            return
        told = self._call(client, "debug_traceCall", request, block, {"tracer": TRACER})
        for code, places in told["places"].items():
            part = parts.get((request["to"] if code == "called" else code).lower())
            if part is not None:
                self.places[part.name] |= {int(place) for place in places}
                self.jumps[part.name] |= set(told["jumps"][code])

    def _reached(self, client: RpcClient, request: Mapping[str, Any], block: Any) -> dict[str, Part]:
        """The router's parts whose code a call runs, by address; none if it is refused or burns too much."""
        try:
            outermost = self._call(client, "debug_traceCall", request, block, {"tracer": "callTracer"})
        except RpcError:
            return {}
        if int(outermost["gasUsed"], 16) > MOST_GAS:
            return {}
        found = {address: self._part(client, address, block) for address in set(_called(outermost))}
        return {address: part for address, part in found.items() if part is not None}

    def _part(self, client: RpcClient, address: str, block: Any) -> Part | None:
        code = bytes.fromhex(self._call(client, "eth_getCode", address, block)[2:])
        return next((part for part in self._build.parts if part.is_in(code)), None)

    def save(self, folder: Path) -> None:
        """Keeps what was recorded, beside what other processes keep."""
        folder.mkdir(parents=True, exist_ok=True)
        told = {
            "places": {name: sorted(places) for name, places in self.places.items()},
            "jumps": {name: sorted(jumps) for name, jumps in self.jumps.items()},
        }
        (folder / f"{os.getpid()}.json").write_text(json.dumps(told), encoding="utf-8")


def _called(call: Mapping[str, Any]) -> Iterator[str]:
    """Whose code a call runs, and the calls in it."""
    if "to" in call and call["type"] not in ("CREATE", "CREATE2"):
        yield call["to"].lower()
    for inner in call.get("calls", ()):
        yield from _called(inner)


def pytest_configure(config: pytest.Config) -> None:
    """Puts the measured code where tests find the router, and listens to every node."""
    from tests.support import routers

    build = load()
    recorder = Recorder(build)
    compile_files = routers.compile_files  # type: ignore[attr-defined]

    def placed(paths: Sequence[str], **options: Any) -> Any:
        asked = paths[0].removeprefix("contracts/").removesuffix(".sol")
        return build.artifacts if asked in build.artifacts else compile_files(paths, **options)

    def traced(client: RpcClient, method: str, *params: Any) -> Any:
        return recorder.call(client, method, *params)

    patch = pytest.MonkeyPatch()
    patch.setattr(routers, "compile_files", placed)
    patch.setattr(RpcClient, "call", traced)
    patch.setattr(rpc, "TIMEOUT_SECONDS", PATIENCE_SECONDS)
    config.add_cleanup(lambda: recorder.save(Path(os.environ[FOLDER])))
    config.add_cleanup(patch.undo)
