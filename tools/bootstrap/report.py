"""What a person sees of a set-up: one line a step, a sign of life while it runs, one line when it fails."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

QUIET_SECONDS = 2.0
PLAIN_INTERVAL_SECONDS = 15.0


class SetupError(Exception):
    """Something on this machine stops the set-up. `fix` says what to do next."""

    def __init__(self, problem: str, fix: str) -> None:
        super().__init__(f"{problem}; {fix}")
        self.problem = problem
        self.fix = fix


def say(line: str) -> None:
    """Tells the person one line, on standard error so that a command's own output stays clean."""
    print(f"setup: {line}", file=sys.stderr, flush=True)


@contextmanager
def step(title: str) -> Iterator[None]:
    """Announces a step, counts its seconds while it runs, and says its time if it took two or more."""
    started = time.monotonic()
    done = threading.Event()
    say(f"{title} ...")
    ticker = threading.Thread(target=_tick, args=(title, started, done), daemon=True)
    ticker.start()
    try:
        yield
    finally:
        done.set()
        ticker.join()
    elapsed = time.monotonic() - started
    if elapsed >= QUIET_SECONDS:
        say(f"{title}: done in {elapsed:.0f} s")


def _tick(title: str, started: float, done: threading.Event) -> None:
    terminal = sys.stderr.isatty()
    while not done.wait(1.0 if terminal else PLAIN_INTERVAL_SECONDS):
        line = f"setup: {title}: {time.monotonic() - started:.0f} s"
        print(f"\r{line}" if terminal else line, end="\r" if terminal else "\n", file=sys.stderr, flush=True)


def run(
    *command: str | Path,
    problem: str,
    fix: str,
    log: Path,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    timeout: float | None = None,
) -> str:
    """Runs a command and returns its standard output.

    On failure the whole output goes to the file `log`, and SetupError carries its telling line and `fix`.
    """
    words = [str(word) for word in command]
    try:
        done = subprocess.run(
            words, capture_output=True, text=True, cwd=cwd, env=env, timeout=timeout, check=False
        )
    except FileNotFoundError as error:
        raise SetupError(f"{problem}: {words[0]} was not found", fix) from error
    except subprocess.TimeoutExpired as error:
        raise SetupError(f"{problem}: no answer within {timeout:.0f} s", fix) from error
    if done.returncode == 0:
        return done.stdout
    output = f"$ {' '.join(words)}\n{done.stdout}{done.stderr}"
    log.parent.mkdir(parents=True, exist_ok=True)
    log.write_text(output, encoding="utf-8")
    raise SetupError(f"{problem}: {_telling_line(done.stderr or done.stdout)}", f"{fix} (full output: {log})")


def _telling_line(output: str) -> str:
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    marked = [line for line in lines if "error" in line.lower()]
    return (marked or lines or ["no output"])[0]
