"""Several nodes of one chain behind the face of one: the healthiest answers, another steps in when it fails,
and what decides money is believed only when enough of them say the same.

No node is trusted to know its own state: one that lags answers old truths, one that lies answers whole ones.
Reads go to one node after the other, so that a silent one costs its time limit once and is then asked last. A
call that acts is never repeated on another node by itself: whoever sends says where to.
"""

import asyncio
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Self

from pydantic import SecretStr

from executor.chain.quantities import quantity
from executor.chain.rpc import Call, NodeRefusedError, Rpc, acts
from executor.domain.errors import NodeError

REST_SECONDS = 5.0
"""How long a node that failed is asked last, times the failures in a row up to MOST_RESTS."""

MOST_RESTS = 12
MOST_LAG = 2
"""Blocks that a node may be behind the foremost one and still be asked in its turn."""

Answers = list[object]


class NodesDisagreeError(NodeError):
    """Too few nodes gave the same answer. Nothing is known; nothing may be decided on it."""

    code = "nodes_disagree"


@dataclass(slots=True)
class Health:
    """How a node has done of late: failures in a row, when the last one was, the newest block it told."""

    failures: int = 0
    failed_at: float = 0.0
    head: int | None = None

    def rests(self, now: float) -> bool:
        """True while it is asked last for having failed."""
        return self.failures > 0 and now - self.failed_at < REST_SECONDS * min(self.failures, MOST_RESTS)

    def lags(self, foremost: int) -> bool:
        """True if it is known to be behind."""
        return self.head is not None and foremost - self.head > MOST_LAG


class Nodes(Rpc):
    """The nodes at `urls`, used as one `Rpc`. `now` gives seconds that only go forward."""

    def __init__(
        self,
        urls: Sequence[str | SecretStr],
        *,
        timeout_seconds: float = 10,
        read_retries: int = 0,
        max_batch: int = 100,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(urls[0], timeout_seconds=timeout_seconds, max_batch=max_batch)
        self._nodes = tuple(
            Rpc(url, timeout_seconds=timeout_seconds, read_retries=read_retries, max_batch=max_batch)
            for url in urls
        )
        self._health = {node: Health() for node in self._nodes}
        self._now = now
        self.name = ", ".join(node.name for node in self._nodes)

    async def __aenter__(self) -> Self:
        for node in self._nodes:
            await node.__aenter__()
        return self

    async def close(self) -> None:
        """Close the connections. Harmless when repeated."""
        for node in self._nodes:
            await node.close()

    @property
    def health(self) -> dict[str, Health]:
        """How each node does, by its name without credentials."""
        return {node.name: health for node, health in self._health.items()}

    async def batch(self, calls: Sequence[Call]) -> Answers:
        """As of one node. Reads pass to the next node where one gives no answer; a refusal is an answer.
        Calls that act go to the healthiest only. Raises the last NodeError when no node answers.
        """
        first, *others = self._ordered()
        outcome = await self._ask(first, calls)
        for node in () if acts(calls) else others:
            if not isinstance(outcome, NodeError):
                break
            outcome = await self._ask(node, calls)
        if isinstance(outcome, NodeError):
            raise outcome
        return outcome

    async def everywhere(self, calls: Sequence[Call]) -> tuple[Answers | NodeError, ...]:
        """What each node answers to the same calls, in the order of the settings: for sending the same bytes
        to all, and for comparing.
        """
        return tuple(await asyncio.gather(*(self._ask(node, calls) for node in self._nodes)))

    async def agreed(self, calls: Sequence[Call], quorum: int) -> Answers:
        """The answers that at least `quorum` nodes give alike, call by call; refusals are compared by their
        words.

        Raises NodesDisagreeError, whose facts say which call and what was told.
        """
        told = [answers for answers in await self.everywhere(calls) if not isinstance(answers, NodeError)]
        return [
            _most_told(call, [answers[index] for answers in told], quorum) for index, call in enumerate(calls)
        ]

    async def look(self) -> int:
        """Ask every node for its newest block; returns the foremost. Raises NodeError when none answers."""
        outcomes = await self.everywhere([("eth_blockNumber", ())])
        heads = []
        for node, outcome in zip(self._nodes, outcomes, strict=True):
            if isinstance(outcome, NodeError) or isinstance(outcome[0], NodeRefusedError):
                continue
            head = quantity(outcome[0], "eth_blockNumber")
            self._health[node].head = head
            heads.append(head)
        if not heads:
            raise NodeError(f"None of {self.name} tells its newest block.", fix="check the rpc_urls")
        return max(heads)

    def _ordered(self) -> list[Rpc]:
        """The nodes in the order to ask them: rested and up to date first, as the settings name them."""
        now = self._now()
        foremost = max((health.head or 0 for health in self._health.values()), default=0)
        return sorted(
            self._nodes, key=lambda node: (self._health[node].rests(now), self._health[node].lags(foremost))
        )

    async def _ask(self, node: Rpc, calls: Sequence[Call]) -> Answers | NodeError:
        health = self._health[node]
        try:
            answers = await node.batch(calls)
        except NodeError as error:
            health.failures, health.failed_at = health.failures + 1, self._now()
            return error
        health.failures = 0
        return answers


def _most_told(call: Call, answers: Sequence[object], quorum: int) -> object:
    """The answer that most nodes gave, if they are enough."""
    groups: dict[str, list[object]] = {}
    for answer in answers:
        groups.setdefault(_words(answer), []).append(answer)
    most = max(groups.values(), key=len, default=[])
    if len(most) < quorum:
        raise NodesDisagreeError(
            f"Of {len(answers)} nodes that answered {call[0]} only {len(most)} say the same, {quorum} must.",
            fix="wait for the nodes to catch up, or replace the one that is wrong",
            method=call[0],
            answers=sorted(groups),
            quorum=quorum,
        )
    return most[0]


def _words(answer: object) -> str:
    if isinstance(answer, NodeRefusedError):
        return f"refused: {answer.rpc_message}"
    return json.dumps(answer, sort_keys=True, default=str)
