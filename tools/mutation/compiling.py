"""Compiles variants of the router, in one compiler that stays: what did not change is not compiled again."""

from __future__ import annotations

import json
import posixpath
import re
import shlex
import subprocess
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from devnet import toolchain
from devnet.artifacts import Artifact, parse
from devnet.compiler import OUTPUTS
from tools import variants
from tools.mutation.mutants import Tree

IMPORT = re.compile(r"^import [^;]*?[\"']([^\"']+)[\"'];", re.MULTILINE)


class CompileRefused(Exception):
    """The compiler refuses a variant: it is no mutant that anybody could deploy."""


class Compiler:
    """A running compiler. Use as a context manager."""

    def __init__(self) -> None:
        version, self._settings = variants.settings()
        launcher = toolchain.TOOLS / "solc-npm" / f"solc-v{version}"
        node, _, package, _ = shlex.split(launcher.read_text().splitlines()[-1].removeprefix("exec "))
        script = Path(__file__).with_name("compile.js")
        self._process = subprocess.Popen(
            [node, str(script), package], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.sources = variants.sources()

    @cached_property
    def original(self) -> dict[str, Artifact]:
        """The router's parts without any fault."""
        return self._compile(self.sources, variants.targets())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.wait()

    def trees(self, units: list[str]) -> dict[str, Tree]:
        """The syntax tree of each unit."""
        answer = self._ask(self.sources, {unit: {"": ["ast"]} for unit in units})
        return {unit: answer["sources"][unit]["ast"] for unit in units}

    def variant(self, unit: str, text: str) -> Mapping[str, Artifact]:
        """The router's parts with another text of `unit`. Raises CompileRefused."""
        touched = [target for target in variants.targets() if unit in self._closure(target)]
        return {**self.original, **self._compile({**self.sources, unit: text}, touched)}

    def means_the_same(self, unit: str, text: str) -> bool:
        """Whether the optimizer makes the same code of the unit's text as of the original."""
        touched = [target for target in variants.targets() if unit in self._closure(target)]
        optimized = {**self._settings, "optimizer": {"enabled": True, "runs": 200}}
        both = [
            self._compile(sources, touched, optimized)
            for sources in (self.sources, {**self.sources, unit: text})
        ]
        return all(both[0][name].bytecode == both[1][name].bytecode for name in both[0])

    def _closure(self, unit: str) -> set[str]:
        seen: set[str] = set()
        waiting = [unit]
        while waiting:
            name = waiting.pop()
            if name in seen:
                continue
            seen.add(name)
            folder = posixpath.dirname(name)
            waiting += [posixpath.normpath(f"{folder}/{path}") for path in IMPORT.findall(self.sources[name])]
        return seen

    def _compile(
        self, sources: Mapping[str, str], targets: list[str], settings: Mapping[str, Any] | None = None
    ) -> dict[str, Artifact]:
        answer = self._ask(sources, {target: {"*": OUTPUTS} for target in targets}, settings)
        return {
            name: parse(data, name=name)
            for unit in answer.get("contracts", {}).values()
            for name, data in unit.items()
            if data["evm"]["bytecode"]["object"]
        }

    def _ask(
        self,
        sources: Mapping[str, str],
        selection: Mapping[str, Any],
        settings: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        request = {
            "language": "Solidity",
            "sources": {name: {"content": text} for name, text in sources.items()},
            "settings": {**(settings or self._settings), "outputSelection": selection},
        }
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        errors = [error for error in answer.get("errors", []) if error["severity"] == "error"]
        if errors:
            raise CompileRefused(errors[0]["message"])
        return answer
