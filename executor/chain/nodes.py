"""Several nodes of one chain behind the face of one: the healthiest answers, another steps in when it fails,
and what decides money is believed only when enough of them say the same.

No node is trusted to know its own state: one that lags answers old truths, one that lies answers whole ones.
Reads go to one node after the other, so that a silent one costs its time limit once and is then asked last. A
call that acts is never repeated on another node by itself: whoever sends says where to.
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Self

from pydantic import SecretStr

from executor.chain.absent_blocks import lacks_block
from executor.chain.network import NETWORK_CALLS, Network, named_network
from executor.chain.quantities import quantity, to_quantity
from executor.chain.rpc import Call, NodeRefusedError, Rpc, acts, results
from executor.domain.errors import ConfigError, NodeError

REST_SECONDS = 5.0
"""How long a node that failed is asked last, times the failures in a row up to MOST_RESTS."""

MOST_RESTS = 12
MOST_LAG = 2
"""Blocks that a node may be behind the foremost one and still be asked in its turn."""

LOOK_SECONDS = 5.0
"""How often all nodes are asked how far they are."""

STRAGGLER_SECONDS = 2.0
"""How long the last nodes may take longer than most of them."""

Answers = list[object]
_Asking = asyncio.Task[Answers | NodeError]


class NodesDisagreeError(NodeError):
    """Too few nodes gave the same answer. Nothing is known; nothing may be decided on it."""

    code = "nodes_disagree"


@dataclass(slots=True)
class Health:
    """How a node has done of late: failures in a row, when the last one was, the newest block it told, and
    the network that it serves, None while it has not said so. `strays`: its chain is another than that of
    most.
    """

    failures: int = 0
    failed_at: float = 0.0
    head: int | None = None
    network: tuple[int, bool] | None = None
    strays: bool = False

    def rests(self, now: float) -> bool:
        """True while it is asked last for having failed."""
        return self.failures > 0 and now - self.failed_at < REST_SECONDS * min(self.failures, MOST_RESTS)

    def lags(self, foremost: int) -> bool:
        """True if it is known to be behind."""
        return self.head is not None and foremost - self.head > MOST_LAG


class Nodes(Rpc):
    """The nodes at `urls`, used as one `Rpc`. `now` gives seconds that only go forward.

    Once `look` has been called, a node that serves another network than most is never asked again while it
    does, nor one that has not said yet which it serves.
    """

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
        self._network: tuple[int, bool] | None = None
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
        """How each node does, by its name without credentials, with its place where two have the same."""
        names = [node.name for node in self._nodes]
        return {
            name if names.count(name) == 1 else f"{name} ({place})": self._health[node]
            for place, (name, node) in enumerate(zip(names, self._nodes, strict=True), 1)
        }

    async def batch(self, calls: Sequence[Call]) -> Answers:
        """As of one node. Reads pass to the next node where one gives no answer, or does not have the block
        that is asked about; any other refusal is an answer. Calls that act go to the healthiest only.

        Raises the last NodeError when no node answers.
        """
        ordered = self._ordered()
        failure = NodeError(
            f"None of {self.name} serves the network that it did at the start.",
            fix="check the rpc_urls, and start again",
        )
        behind: Answers | None = None
        for node in ordered[:1] if acts(calls) else ordered:
            outcome = await self._ask(node, calls)
            if isinstance(outcome, NodeError):
                failure = outcome
            elif _behind(calls, outcome):
                behind = behind or outcome
            else:
                return outcome
        if behind is not None:
            return behind
        raise failure

    async def everywhere(self, calls: Sequence[Call]) -> tuple[Answers | NodeError, ...]:
        """What each node answers to the same calls, in the order of the settings: for sending the same bytes
        to all, and for comparing.

        Once most have answered, the others are waited for STRAGGLER_SECONDS more, those that failed just now
        not at all: a node that is silent holds nobody up.
        """
        nodes = self._trusted()
        asked = [asyncio.create_task(self._ask(node, calls)) for node in nodes]
        resting = {task for task, node in zip(asked, nodes, strict=True) if self._rests(node)}
        try:
            await _most_answer(asked, resting)
            return tuple(
                task.result() if task.done() else self._silent(node)
                for task, node in zip(asked, nodes, strict=True)
            )
        finally:
            for task in asked:
                task.cancel()
            await asyncio.gather(*asked, return_exceptions=True)

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
        """Ask every node for its newest block and its network; returns the foremost block of those on the
        network of most. Raises NodeError when none answers.
        """
        outcomes = await asyncio.gather(*(self._ask(node, _LOOK) for node in self._nodes))
        for node, outcome in zip(self._nodes, outcomes, strict=True):
            if not isinstance(outcome, NodeError):
                self._note(self._health[node], outcome)
        networks = [health.network for health in self._health.values() if health.network is not None]
        if self._network is None and networks:
            self._network = max(networks, key=networks.count)
        heads = [self._health[node].head for node in self._trusted()]
        foremost = max((head for head in heads if head is not None), default=None)
        if foremost is None or all(isinstance(outcome, NodeError) for outcome in outcomes):
            raise NodeError(f"None of {self.name} tells its newest block.", fix="check the rpc_urls")
        await self._compare()
        return foremost

    async def watch(self, seconds: float = LOOK_SECONDS) -> None:
        """Look again and again, until cancelled."""
        while True:
            await asyncio.sleep(seconds)
            with suppress(NodeError):
                await self.look()

    def require_one_network(self, field: str) -> None:
        """Raise ConfigError naming `field` where nodes have told that they serve different networks."""
        told = {node.name: self._health[node].network for node in self._nodes}
        known = {name: network for name, network in told.items() if network is not None}
        if len(set(known.values())) > 1:
            kinds = {True: "a local", False: "a real"}
            shown = "; ".join(f"{name}: {kinds[local]} {chain}" for name, (chain, local) in known.items())
            raise ConfigError(
                field, f"the nodes serve different networks ({shown})", fix="name nodes of one network"
            )

    def _note(self, health: Health, answers: Answers) -> None:
        """What a node says in a look. Nonsense counts as a failure."""
        try:
            head, *network = results(answers)
            health.head = quantity(head, "eth_blockNumber")
            told: Network = named_network(*network)
            health.network = (told.chain_id, told.is_local)
        except NodeError:
            health.failures, health.failed_at = health.failures + 1, self._now()

    async def _compare(self) -> None:
        """Find the nodes that tell another block than most at a height that all should have: one that lies,
        or is on a branch that was left. Of two nobody can say which is right.
        """
        nodes = self._trusted()
        if len(nodes) < 3:
            return
        height = max(self._foremost(nodes) - MOST_LAG, 0)
        call: Call = ("eth_getBlockByNumber", (to_quantity(height), False))
        outcomes = await asyncio.gather(*(self._ask(node, [call]) for node in nodes))
        told = [_hash(outcome) for outcome in outcomes]
        known = [one for one in told if one is not None]
        usual = max(known, key=known.count, default=None)
        if usual is not None and known.count(usual) > len(known) // 2:
            for node, one in zip(nodes, told, strict=True):
                self._health[node].strays = one is not None and one != usual

    def _foremost(self, nodes: Sequence[Rpc]) -> int:
        """The newest block: of three nodes or more, the newest that two of them tell, so that one alone does
        not make the others late.
        """
        heads = sorted((self._health[node].head or 0 for node in nodes), reverse=True)
        return heads[1] if len(heads) > 2 else max(heads, default=0)

    def _trusted(self) -> tuple[Rpc, ...]:
        """The nodes that may be asked."""
        if self._network is None:
            return self._nodes
        return tuple(node for node in self._nodes if self._health[node].network == self._network)

    def _ordered(self) -> list[Rpc]:
        """The nodes in the order to ask them: those on the chain of most, rested and up to date first, as the
        settings name them.
        """
        nodes = self._trusted()
        if len(nodes) == 1:
            return [*nodes]
        foremost = self._foremost(nodes)

        def worse(node: Rpc) -> tuple[bool, bool, bool]:
            health = self._health[node]
            return health.strays, health.rests(self._now()), health.lags(foremost)

        return sorted(nodes, key=worse)

    def _rests(self, node: Rpc) -> bool:
        return self._health[node].rests(self._now())

    def _silent(self, node: Rpc) -> NodeError:
        """The error for a node that most others have left behind."""
        health = self._health[node]
        health.failures, health.failed_at = health.failures + 1, self._now()
        return NodeError(
            f"The node {node.name} answers too late.", fix="check that the node is up", node=node.name
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


_LOOK: tuple[Call, ...] = (("eth_blockNumber", ()), *NETWORK_CALLS)


@asynccontextmanager
async def open_nodes(
    urls: Sequence[str | SecretStr],
    *,
    timeout_seconds: float = 10,
    look_seconds: float = LOOK_SECONDS,
    field: str = "rpc_urls",
) -> AsyncIterator[Nodes]:
    """The nodes at `urls`, connected and, where there are several, watched until the block ends.

    One that is silent just now is used from its first answer on. Raises ConfigError naming `field` where two
    of them serve different networks, NodeError where none answers.
    """
    alone = len(urls) == 1
    async with Nodes(urls, timeout_seconds=timeout_seconds, read_retries=2 if alone else 0) as nodes:
        if alone:
            yield nodes
            return
        await nodes.look()
        nodes.require_one_network(field)
        watch = asyncio.create_task(nodes.watch(look_seconds))
        try:
            yield nodes
        finally:
            watch.cancel()
            await asyncio.gather(watch, return_exceptions=True)


async def _most_answer(asked: Iterable[_Asking], resting: set[_Asking]) -> None:
    """Wait until all are done, or most have answered and the rest had its time."""
    pending = set(asked)
    needed = len(pending) // 2 + 1
    answered = 0
    while pending and answered < needed:
        done, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
        answered += sum(not isinstance(task.result(), NodeError) for task in done)
    late = pending - resting
    if late:
        await asyncio.wait(late, timeout=STRAGGLER_SECONDS)


def _hash(outcome: Answers | NodeError) -> str | None:
    """The hash of the block in an outcome of eth_getBlockByNumber; None where there is none."""
    block = None if isinstance(outcome, NodeError) else outcome[0]
    return str(block["hash"]).lower() if isinstance(block, dict) and "hash" in block else None


def _behind(calls: Sequence[Call], answers: Answers) -> bool:
    """True if the node does not have a block that the calls name."""
    return any(
        lacks_block(answer) or (answer is None and method.startswith("eth_getBlockBy"))
        for (method, _), answer in zip(calls, answers, strict=True)
    )


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
