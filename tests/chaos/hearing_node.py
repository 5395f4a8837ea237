"""The node in the middle as the harness of the kills needs it: it tells what it hears, and keeps what was
sent.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, MutableMapping

from aiohttp import web

from tests.chaos.faulty_node import Fault, FaultyNode
from tests.chaos.geth_pool import GethPool, read_transaction
from tests.chaos.killing import When
from tests.support.proxy import Answer, Request

Hear = Callable[[str, When], None]


class HearingNode(FaultyNode):
    """A faulty node that tells `hear` each method before and after it is answered. `sent` keeps raw
    transactions that passed, by hash; `pool` may be shared between nodes, as gossip would.
    """

    def __init__(
        self,
        upstream: str,
        seed: int,
        odds: Mapping[Fault, float],
        *,
        hear: Hear,
        sent: MutableMapping[str, str],
        pool: GethPool,
    ) -> None:
        super().__init__(upstream, seed, odds)
        self.pool = pool
        self._hear = hear
        self._sent = sent

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        body = json.loads(await request.read())
        methods = [one["method"] for one in (body if isinstance(body, list) else [body])]
        for method in methods:
            self._hear(method, When.BEFORE)
        answer = await super()._handle(request)
        for method in methods:
            self._hear(method, When.AFTER)
        return answer

    async def _send(self, request: Request, *, full: bool = False) -> Answer:
        raw = request["params"][0]
        self._sent[read_transaction(bytes.fromhex(raw[2:])).hash] = raw
        return await super()._send(request, full=full)
