"""A real node on its worst days: a man in the middle that fails, lies and keeps geth's pool rules, by
a seed.
"""

from __future__ import annotations

import asyncio
import json
import random
from collections import Counter
from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from aiohttp import web

from tests.chaos.geth_pool import GethPool, read_transaction
from tests.support.proxy import Answer, ChangingProxy, Request

YESTERDAY = 3
"""Blocks by which a node that lags is behind."""

STATE_METHODS = frozenset(
    {"eth_call", "eth_getBalance", "eth_getTransactionCount", "eth_getCode", "eth_getStorageAt"}
)


FULL = ("txpool is full", "transaction underpriced: gas tip cap 1, minimum needed 30000000000")
"""What geth says to a newcomer where too many wait: that there is no room, or that its floor has risen."""


class Fault(StrEnum):
    """What can happen to one exchange."""

    DELAYED = "delayed"
    REQUEST_LOST = "request_lost"
    ANSWER_LOST = "answer_lost"
    DUPLICATED = "duplicated"
    REORDERED = "reordered"
    TRUNCATED = "truncated"
    THROTTLED = "throttled"
    YESTERDAYS_STATE = "yesterdays_state"
    WRONG_NONCE = "wrong_nonce"
    NO_RECEIPT = "no_receipt"
    FALSE_RECEIPT = "false_receipt"
    POOL_FULL = "pool_full"


TELLING = frozenset({Fault.NO_RECEIPT, Fault.FALSE_RECEIPT, Fault.POOL_FULL})
"""Faults that count where they changed an answer: others are felt in any."""


class FaultyNode(ChangingProxy):
    """Passes JSON-RPC on to `upstream`, with a fault in that share of exchanges that `odds` gives each of
    them.

    The seed decides all of it. `happened` counts the faults, `refusals` what the pool's rules did not admit,
    by the beginning of the words. While `calm` is set nothing goes wrong.
    """

    def __init__(self, upstream: str, seed: int, odds: Mapping[Fault, float]) -> None:
        super().__init__(upstream)
        self._random = random.Random(seed)
        self._odds = dict(odds)
        self.pool = GethPool()
        self.happened: Counter[Fault] = Counter()
        self.refusals: Counter[str] = Counter()
        self.calm = False

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        body = json.loads(await request.read())
        requests: list[Request] = body if isinstance(body, list) else [body]
        fault = self._drawn(requests)
        if fault is Fault.THROTTLED:
            return web.Response(status=429, text="too many requests")
        if fault is Fault.REQUEST_LOST:
            return self._hung_up(request)
        if fault is Fault.DELAYED:
            await asyncio.sleep(self._random.uniform(0.05, 0.5))
        answers = [await self._faulty_answer(one, fault) for one in requests]
        if fault is Fault.DUPLICATED:
            answers = [await self._faulty_answer(one, None) for one in requests]
        if fault is Fault.ANSWER_LOST:
            return self._hung_up(request)
        if fault is Fault.REORDERED:
            self._random.shuffle(answers)
        text = json.dumps(answers if isinstance(body, list) else answers[0])
        if fault is Fault.TRUNCATED:
            text = text[: self._random.randrange(len(text))]
        return web.Response(text=text, content_type="application/json")

    def _drawn(self, requests: list[Request]) -> Fault | None:
        """The fault of this exchange, if one can happen to it."""
        if self.calm:
            return None
        methods = {request["method"] for request in requests}
        for fault, odds in self._odds.items():
            if self._random.random() < odds and _possible(fault, methods):
                self.happened[fault] += fault not in TELLING
                return fault
        return None

    async def _faulty_answer(self, request: Request, fault: Fault | None) -> Answer:
        method = request["method"]
        if method == "eth_sendRawTransaction":
            return await self._send(request, full=fault is Fault.POOL_FULL)
        if fault is Fault.YESTERDAYS_STATE and method in STATE_METHODS:
            request = await self._aged(request)
        answer = await self._answer(request)
        if fault is Fault.WRONG_NONCE and method == "eth_getTransactionCount" and "result" in answer:
            count = int(answer["result"], 16) + self._random.choice((-2, -1, 1, 2))
            answer["result"] = hex(max(count, 0))
        if fault is Fault.NO_RECEIPT and method == "eth_getTransactionReceipt":
            self.happened[fault] += answer["result"] is not None
            answer["result"] = None
        if fault is Fault.FALSE_RECEIPT and method == "eth_getTransactionReceipt" and answer["result"]:
            self.happened[fault] += 1
            self._falsify(answer["result"])
        return answer

    def _falsify(self, receipt: dict[str, Any]) -> None:
        """It says the contrary of what happened. Two nodes never tell the same lie."""
        receipt["status"] = "0x0" if receipt["status"] == "0x1" else "0x1"
        receipt["gasUsed"] = hex(int(receipt["gasUsed"], 16) + self._random.randrange(1, 10**6))

    async def _aged(self, request: Request) -> Request:
        """The same question about an earlier block."""
        head = int((await self._answer({**request, "method": "eth_blockNumber", "params": []}))["result"], 16)
        params = list(request["params"])
        if params and params[-1] in ("latest", "pending"):
            params[-1] = hex(max(head - YESTERDAY, 0))
        return {**request, "params": params}

    async def _send(self, request: Request, *, full: bool = False) -> Answer:
        """By geth's rules, in geth's words; what geth would take goes to the node. A `full` pool takes no
        newcomer.
        """
        new = read_transaction(bytes.fromhex(request["params"][0].removeprefix("0x")))
        mined, balance, block = [
            (await self._answer({**request, "method": method, "params": params}))["result"]
            for method, params in (
                ("eth_getTransactionCount", [new.sender, "latest"]),
                ("eth_getBalance", [new.sender, "latest"]),
                ("eth_getBlockByNumber", ["latest", False]),
            )
        ]
        words = self.pool.refusal(
            new,
            mined=int(mined, 16),
            balance=int(balance, 16),
            block_gas_limit=int(block["gasLimit"], 16),
        )
        if words == "already known":
            # The node behind may have dropped what geth would keep.
            await self._answer(request)
        if words is None and full:
            self.happened[Fault.POOL_FULL] += 1
            words = self._random.choice(FULL)
        if words is not None:
            self.refusals[words.split(":")[0].split(" (")[0]] += 1
            return {"jsonrpc": "2.0", "id": request["id"], "error": {"code": -32000, "message": words}}
        answer = await self._answer(request)
        if "error" not in answer:
            self.pool.take(new)
        return answer

    def _hung_up(self, request: web.Request) -> web.StreamResponse:
        if request.transport is not None:
            request.transport.abort()
        return web.Response(status=502)


def _possible(fault: Fault, methods: set[str]) -> bool:
    """True if the fault would show in an exchange of these methods."""
    if fault is Fault.WRONG_NONCE:
        return "eth_getTransactionCount" in methods
    if fault in (Fault.NO_RECEIPT, Fault.FALSE_RECEIPT):
        return "eth_getTransactionReceipt" in methods
    if fault is Fault.POOL_FULL:
        return "eth_sendRawTransaction" in methods
    if fault is Fault.YESTERDAYS_STATE:
        return bool(methods & STATE_METHODS)
    if fault is Fault.REORDERED:
        return len(methods) > 1
    return True
