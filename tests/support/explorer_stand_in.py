"""A stand-in for a block explorer: no real one can be had offline. It verifies as they do, by compiling."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

from devnet import Node
from devnet.compiler import compile as compile_sources

IMPLEMENTATION_SLOT = "0x360894a13ba1a3210667c828492db98dca3e2076cc3735a920a3ca505d382bbc"
TICKET = "ezq878u486pzijkvvmerl6a9mzwhv6sefgvqi5tkwceejc7tvn"


@dataclass
class ExplorerStandIn:
    """Takes source code for contracts of `node` as Etherscan does, compiles it, compares with the chain.

    `not_indexed` and `pending` are how often it answers that it is not done; `garbled` makes it answer HTML.
    """

    node: Node
    key: str
    not_indexed: int = 0
    pending: int = 0
    garbled: bool = False
    asked: list[str] = field(default_factory=list)
    _verdict: str = ""

    def __enter__(self) -> Self:
        explorer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                length = int(self.headers["Content-Length"])
                self._tell(explorer._submit(dict(parse_qsl(self.rfile.read(length).decode())), self._query()))

            def do_GET(self) -> None:
                self._tell(explorer._status(self._query()))

            def _query(self) -> dict[str, str]:
                return dict(parse_qsl(urlsplit(self.path).query))

            def _tell(self, answer: dict[str, str]) -> None:
                body = b"<html>" if explorer.garbled else json.dumps(answer).encode()
                self.send_response(200)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: Any) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self) -> str:
        """Where it serves."""
        return f"http://127.0.0.1:{self._server.server_port}/v2/api"

    def _submit(self, form: dict[str, str], query: dict[str, str]) -> dict[str, str]:
        self.asked.append(form["action"])
        if form.get("apikey") != self.key:
            return {"status": "0", "message": "NOTOK", "result": "Invalid API Key"}
        if query.get("chainid") != str(self.node.chain_id):
            return {"status": "0", "message": "NOTOK", "result": "Missing or unsupported chainid parameter"}
        if self.not_indexed:
            self.not_indexed -= 1
            return {
                "status": "0",
                "message": "NOTOK",
                "result": "Unable to locate ContractCode",
            }
        if form["action"] == "verifyproxycontract":
            self._verdict = self._implementation(form["address"], form["expectedimplementation"])
            return {"status": "1", "message": "OK", "result": TICKET}
        same = self._constructs(form) == self.node.code(form["contractaddress"])
        self._verdict = "Pass - Verified" if same else "Fail - Unable to verify"
        return {"status": "1", "message": "OK", "result": TICKET}

    def _implementation(self, proxy: str, expected: str) -> str:
        found = "0x" + str(self.node.rpc("eth_getStorageAt", proxy, IMPLEMENTATION_SLOT, "latest"))[-40:]
        if found != expected.lower():
            return "A corresponding implementation contract was unfortunately not detected for the proxy"
        return f"The proxy's ({proxy}) implementation contract is found at {found} and is updated"

    def _constructs(self, form: dict[str, str]) -> bytes:
        """The runtime code that the submitted source makes under the submitted settings."""
        source, name = form["contractname"].split(":")
        version = form["compilerversion"].removeprefix("v").partition("+")[0]
        asked = json.loads(form["sourceCode"])
        sources = {path: entry["content"] for path, entry in asked["sources"].items()}
        settings = {key: value for key, value in asked["settings"].items() if key != "outputSelection"}
        made = compile_sources(sources, version=version, settings=settings, targets=[source])[name]
        code = made.bytecode.hex() + form["constructorArguements"]
        address = form["contractaddress"]
        request = {"from": self.node.accounts[0].address, "to": address}
        return bytes.fromhex(
            self.node.rpc("eth_call", request, "latest", {address: {"code": f"0x{code}"}})[2:]
        )

    def _status(self, query: dict[str, str]) -> dict[str, str]:
        self.asked.append(query["action"])
        if self.pending:
            self.pending -= 1
            return {"status": "0", "message": "NOTOK", "result": "Pending in queue"}
        known = query.get("guid") == TICKET and query.get("apikey") == self.key
        return {"status": "1", "message": "OK", "result": self._verdict if known else "Unknown UID"}
