"""Fetching native compilers by py-solc-x, against a download site of our own.

No native compiler can be had from a package registry, so the site serves npm's, which is an executable too.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from solcx import install

from devnet import toolchain
from tools.bootstrap import native_solc
from tools.bootstrap.compilers import agrees

SOLC = "0.8.28"
NPM = toolchain.TOOLS / "solc-npm" / f"solc-v{SOLC}"


class QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Says nothing: a request is no news in a test."""


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder that the download site serves; py-solc-x is pointed at it."""
    folder = tmp_path / "site"
    (folder / "linux-amd64").mkdir(parents=True)
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(QuietHandler, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setattr(
        install, "BINARY_DOWNLOAD_BASE", f"http://127.0.0.1:{server.server_port}/{{}}-amd64/{{}}"
    )
    monkeypatch.setenv(install.SOLCX_BINARY_PATH_VARIABLE, str(tmp_path))
    monkeypatch.setattr(install, "_get_os_name", lambda: "linux")
    yield folder / "linux-amd64"
    server.shutdown()
    server.server_close()


def offer(site: Path, *versions: str) -> None:
    (site / "list.json").write_text(
        json.dumps({"releases": {version: f"solc-{version}" for version in versions}})
    )


def test_an_offered_compiler_is_fetched_and_agrees(site: Path, tmp_path: Path) -> None:
    offer(site, SOLC)
    (site / f"solc-{SOLC}").write_bytes(NPM.read_bytes())
    assert native_solc.main(tmp_path, [SOLC, "0.7.6"]) == 0
    assert agrees(tmp_path / f"solc-v{SOLC}", NPM)
    assert not (tmp_path / "solc-v0.7.6").exists()


def test_a_download_that_does_not_run_is_removed(site: Path, tmp_path: Path) -> None:
    offer(site, SOLC)
    (site / f"solc-{SOLC}").write_bytes(b"<html>not a compiler</html>")
    assert native_solc.main(tmp_path, [SOLC]) == 0
    assert not (tmp_path / f"solc-v{SOLC}").exists()


def test_a_site_that_does_not_answer_is_told_by_the_exit_code(site: Path, tmp_path: Path) -> None:
    assert native_solc.main(tmp_path, [SOLC]) == 1
