"""Nodes on a bad day, as others see them: a real node behind a face that is late, or that lies."""

from __future__ import annotations

from typing import Any

from tests.support.proxy import Answer, ChangingProxy, Request

DEAD = "http://127.0.0.1:9"
"""Where nobody serves."""

LATE_BY = 5
"""Blocks that a node that lags is behind."""

_NOT_FOUND = {"code": -32000, "message": "header not found"}


class LaggingNode(ChangingProxy):
    """Knows the chain as it was LATE_BY blocks ago, and nothing since: no block, no state, no receipt."""

    async def _answer(self, request: Request) -> Answer:
        head = await self._now() - LATE_BY
        method, params = request["method"], [_at(param, head) for param in request["params"]]
        for param in params:
            if isinstance(param, dict) and "blockHash" in param and await self._is_later(param, head):
                return {"jsonrpc": "2.0", "id": request["id"], "error": _NOT_FOUND}
        if method == "eth_getBlockByNumber" and int(params[0], 16) > head:
            return {"jsonrpc": "2.0", "id": request["id"], "result": None}
        answer = await super()._answer({**request, "params": params})
        if method == "eth_blockNumber":
            answer["result"] = hex(head)
        if method.startswith("eth_getTransaction") and isinstance(answer.get("result"), dict):
            mined = answer["result"].get("blockNumber")
            if mined is not None and int(mined, 16) > head:
                answer["result"] = None
        return answer

    async def _now(self) -> int:
        return int(await self._upstream_says("eth_blockNumber"), 16)

    async def _is_later(self, param: dict[str, Any], head: int) -> bool:
        block = await self._upstream_says("eth_getBlockByHash", param["blockHash"], False)
        return block is None or int(block["number"], 16) > head

    async def _upstream_says(self, method: str, *params: object) -> Any:
        request = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        assert self._session is not None
        async with self._session.post(self._upstream, json=request) as response:
            return (await response.json())["result"]


class LyingNode(ChangingProxy):
    """Tells a head far ahead, nonces that were never spent, and receipts of the opposite fate."""

    def __init__(self, upstream: str) -> None:
        super().__init__(upstream, self._lie)

    @staticmethod
    def _lie(request: Request, answer: Answer) -> Answer:
        result: Any = answer.get("result")
        method = request["method"]
        if method == "eth_blockNumber" or method == "eth_getTransactionCount":
            answer["result"] = hex(int(result, 16) + 7)
        if method == "eth_getBlockByNumber" and isinstance(result, dict):
            answer["result"] = {
                **result,
                "number": hex(int(result["number"], 16) + 7),
                "hash": "0x" + "11" * 32,
            }
        if method == "eth_getTransactionReceipt" and isinstance(result, dict):
            answer["result"] = {**result, "status": hex(1 - int(result["status"], 16)), "gasUsed": "0x5208"}
        return answer


def _at(param: object, head: int) -> Any:
    return hex(head) if param in ("latest", "pending") else param
