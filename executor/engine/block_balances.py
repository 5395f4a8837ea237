"""What the block of a transaction did to our balances, to hold the entries against it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from executor.chain.blocks import block_param, refuses_block_hash
from executor.chain.calls import reverted
from executor.chain.logs import parse_log
from executor.chain.nodes import Nodes, NodesDisagreeError
from executor.chain.quantities import answer_error, hash_text, hex_data, member, quantity, to_data
from executor.chain.rpc import Call, NodeRefusedError, Rpc, results
from executor.domain.abi import decoded_int, eth_call
from executor.domain.address import Address
from executor.domain.booking import NATIVE, Holding
from executor.domain.errors import NodeError
from executor.domain.log import Log
from executor.domain.market import BlockHead
from executor.policy.bookkeeping import BlockChange, Ours
from executor.policy.transfers import DEPOSIT, TRANSFER, WITHDRAWAL, changes


@dataclass(frozen=True, slots=True)
class Span:
    """A block and the one before it."""

    before: BlockHead
    after: BlockHead


@dataclass(frozen=True, slots=True)
class BlockWord:
    """What a block did. `router`: to the router's balances, against what the logs of the whole block say.
    `native`: to the sender's native coin, in wei; `sent`: how many transactions it sent in the block.
    """

    router: dict[Holding, BlockChange]
    native: int
    sent: int


@dataclass(frozen=True, slots=True)
class _State:
    """Balances at one block; None for a token that does not tell."""

    held: dict[Address | None, int | None]
    native: int
    count: int


async def read_block_word(
    rpc: Rpc,
    ours: Ours,
    sender: Address,
    span: Span,
    transaction_hash: str,
    tokens: Sequence[Address],
    *,
    quorum: int = 1,
) -> BlockWord:
    """What the block did to the router's balances of `tokens` and of the native coin, and to `sender`: all in
    one batch, as `quorum` nodes tell it alike. A token that does not tell a balance is left out.

    Raises NodeError.
    """
    asked = [_state_calls(ours.router, sender, tokens, block_param(rpc, block)) for block in _both(span)]
    calls = [*asked[0], *asked[1], *_log_calls(ours.router, span.after)]
    told = await _told(rpc, calls, quorum)
    if any(refuses_block_hash(rpc, asked[0][0][1][-1], answer) for answers in told for answer in answers):
        return await read_block_word(rpc, ours, sender, span, transaction_hash, tokens, quorum=quorum)
    words: list[BlockWord] = []
    failure: NodeError | None = None
    for answers in told:
        try:
            words.append(_block_word(ours, answers, len(asked[0]), transaction_hash, tokens))
        except NodeError as error:
            failure = error
    most = max(words, key=words.count, default=None)
    if most is not None and words.count(most) >= quorum:
        return most
    raise failure or NodesDisagreeError(
        f"the nodes {rpc.name} do not agree about the balances around block {span.after.number}.",
        fix="look at the nodes in rpc_url and rpc_urls",
        block_number=span.after.number,
    )


async def _told(rpc: Rpc, calls: Sequence[Call], quorum: int) -> list[list[object]]:
    """What each node that answered told; one node where no quorum is asked for."""
    if quorum > 1 and isinstance(rpc, Nodes):
        return [one for one in await rpc.everywhere(calls) if not isinstance(one, NodeError)]
    return [await rpc.batch(calls)]


def _block_word(
    ours: Ours, answers: Sequence[object], width: int, transaction_hash: str, tokens: Sequence[Address]
) -> BlockWord:
    """From one node's answers: the state before, the state after, the logs."""
    before, after = (_state(answers[start : start + width], tokens) for start in (0, width))
    return BlockWord(
        router=_router_changes(ours, _logs(results(answers[2 * width :])), transaction_hash, before, after),
        native=after.native - before.native,
        sent=after.count - before.count,
    )


def _both(span: Span) -> tuple[BlockHead, BlockHead]:
    return span.before, span.after


def _state_calls(router: Address, sender: Address, tokens: Sequence[Address], block: object) -> list[Call]:
    calls = [eth_call(token, "balanceOf(address)", router) for token in tokens]
    return [
        ("eth_getBalance", (router, block)),
        ("eth_getBalance", (sender, block)),
        ("eth_getTransactionCount", (sender, block)),
        *(("eth_call", ({"to": call.to, "data": to_data(call.data)}, block)) for call in calls),
    ]


def _state(answers: Sequence[object], tokens: Sequence[Address]) -> _State:
    router, native = (quantity(answer, "eth_getBalance") for answer in results(answers[:2]))
    (count,) = results(answers[2:3])
    held: dict[Address | None, int | None] = {NATIVE: router}
    held |= {token: _amount(answer) for token, answer in zip(tokens, answers[3:], strict=True)}
    return _State(held, native, quantity(count, "eth_getTransactionCount"))


def _amount(answer: object) -> int | None:
    if isinstance(answer, NodeRefusedError):
        if reverted(answer):
            return None
        raise answer
    return decoded_int(hex_data(answer, "balanceOf"))


def _router_changes(
    ours: Ours, told: Sequence[tuple[str, Log]], transaction_hash: str, before: _State, after: _State
) -> dict[Holding, BlockChange]:
    logged = changes([log for _, log in told], {ours.router}, wrapped_native=ours.wrapped_native)
    by_others = {log.address for sender, log in told if sender != transaction_hash}
    found: dict[Holding, BlockChange] = {}
    for token, last in after.held.items():
        first = before.held[token]
        if first is None or last is None:
            continue
        shared = bool(by_others) if token is NATIVE else token in by_others
        of_logs = 0 if token is NATIVE else logged.get((ours.router, token), 0)
        found[ours.router, token] = BlockChange(last - first, of_logs, shared)
    return found


def _log_calls(account: Address, block: BlockHead) -> list[Call]:
    """For the block's logs of transfers from and to `account`."""
    party = to_data(bytes(12) + bytes.fromhex(account[2:]))
    first = [to_data(topic) for topic in (TRANSFER, DEPOSIT, WITHDRAWAL)]
    filters = ([first, party], [to_data(TRANSFER), None, party])
    return [("eth_getLogs", ({"blockHash": block.hash, "topics": topics},)) for topics in filters]


def _logs(answers: Sequence[object]) -> list[tuple[str, Log]]:
    """Each log once, with the hash of its transaction."""
    found = {log.index: (sender, log) for answer in answers for sender, log in _parsed(answer)}
    return [found[index] for index in sorted(found)]


def _parsed(answer: object) -> Iterator[tuple[str, Log]]:
    if not isinstance(answer, list):
        raise answer_error("eth_getLogs", "is not a list")
    for index, entry in enumerate(answer):
        field = f"eth_getLogs[{index}]"
        log, _ = parse_log(entry, field)
        yield hash_text(member(entry, "transactionHash", field), f"{field}.transactionHash"), log
