"""One process that judges mutants: compiles each, puts it where the tests find the router, and runs them."""

from __future__ import annotations

import contextlib
import io
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import pytest

from devnet.artifacts import Artifact
from tools.forging import CHECKOUT
from tools.mutation.compiling import Compiler, CompileRefused
from tools.mutation.mutants import Mutant
from tools.mutation.rooms import LEFT_OUT

KILLED, SURVIVED, REFUSED, SAME = "killed", "survived", "refused", "same bytecode"
SECONDS_A_TEST = 60


@dataclass(frozen=True)
class Verdict:
    """What became of a mutant, and the test that noticed it."""

    fate: str
    by: str = ""


class _Failures:
    """Remembers which tests failed, in their order."""

    def __init__(self) -> None:
        self.nodes: list[str] = []

    def pytest_runtest_logreport(self, report: Any) -> None:
        if report.failed:
            self.nodes.append(report.nodeid.removeprefix("tests/"))


@lru_cache(maxsize=1)
def _compiler() -> Compiler:
    return Compiler()


def judge(mutant: Mutant, tests: tuple[str, ...]) -> Verdict:
    """Whether any of the tests notices the mutant."""
    compiler = _compiler()
    unit = f"contracts/{mutant.unit}"
    try:
        text = mutant.applied(compiler.sources[unit])
        parts = compiler.variant(unit, text)
    except CompileRefused as refusal:
        return Verdict(REFUSED, str(refusal))
    if all(parts[name].bytecode == compiler.original[name].bytecode for name in parts):
        return Verdict(SAME)
    verdict = run(parts, tests)
    return Verdict(SAME) if verdict.fate == SURVIVED and compiler.means_the_same(unit, text) else verdict


def judge_original(tests: tuple[str, ...]) -> Verdict:
    """Whether the tests pass without any fault; no verdict means anything unless they do."""
    return run(_compiler().original, tests, to_the_end=True)


def run(parts: Mapping[str, Artifact], tests: tuple[str, ...], *, to_the_end: bool = False) -> Verdict:
    """Runs the test files against the router's `parts`, until one fails."""
    from tests.support import routers

    compile_files = routers.compile_files  # type: ignore[attr-defined]

    def placed(paths: Sequence[str], **options: Any) -> Mapping[str, Artifact]:
        asked = paths[0].removeprefix("contracts/").removesuffix(".sol")
        compiled: Mapping[str, Artifact] = parts if asked in parts else compile_files(paths, **options)
        return compiled

    os.chdir(CHECKOUT)
    failures = _Failures()
    options = [
        *([] if to_the_end else ["-x"]),
        "-q",
        "-p",
        "no:cacheprovider",
        "-p",
        "no:xdist",
        f"--timeout={SECONDS_A_TEST}",
    ]
    options += ["-k", " and ".join(f"not {word}" for word in LEFT_OUT)]
    routers.router_artifacts.cache_clear()
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(io.StringIO()):
        patch.setattr(routers, "compile_files", placed)
        with contextlib.redirect_stderr(io.StringIO()):
            code = pytest.main([*options, *tests], plugins=[failures])
    routers.router_artifacts.cache_clear()
    if code == pytest.ExitCode.OK:
        return Verdict(SURVIVED)
    return Verdict(KILLED, ", ".join(failures.nodes) or f"exit {code}")
