"""What the block of a transaction did to our balances, to hold the entries against it."""

from collections.abc import Sequence
from dataclasses import dataclass

from executor.chain.balances import balances
from executor.chain.blocks import block_param
from executor.chain.calls import call_many
from executor.chain.logs import parse_log
from executor.chain.quantities import answer_error, hash_text, member, quantity, to_data
from executor.chain.rpc import Rpc, results
from executor.domain.abi import decoded_int, eth_call
from executor.domain.address import Address
from executor.domain.booking import Holding
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
class SenderChange:
    """What a block did to the sender of a transaction: its native coin in wei, how many it sent."""

    native: int
    sent: int


async def router_changes(
    rpc: Rpc, ours: Ours, span: Span, transaction_hash: str, tokens: Sequence[Address]
) -> dict[Holding, BlockChange]:
    """How the router's balances of `tokens` and of the native coin moved in the block, against what the logs
    of the whole block say.

    A token that does not tell a balance is left out. Raises NodeError.
    """
    router = ours.router
    told = await _block_logs(rpc, router, span.after)
    everyone = changes([log for _, log in told], {router}, wrapped_native=ours.wrapped_native)
    others = [log for sender, log in told if sender != transaction_hash]
    moved_by_others = {log.address for log in others}
    before = await _held(rpc, router, tokens, span.before)
    after = await _held(rpc, router, tokens, span.after)
    found: dict[Holding, BlockChange] = {}
    for token in (*tokens, None):
        first, last = before[token], after[token]
        if first is None or last is None:
            continue
        logged = 0 if token is None else everyone.get((router, token), 0)
        shared = bool(others) if token is None else token in moved_by_others
        found[router, token] = BlockChange(last - first, logged, shared)
    return found


async def sender_change(rpc: Rpc, sender: Address, span: Span) -> SenderChange:
    """What the block did to `sender`. Raises NodeError."""
    readings = []
    for block in (span.before, span.after):
        param = block_param(rpc, block)
        answers = results(
            await rpc.batch(
                [("eth_getBalance", (sender, param)), ("eth_getTransactionCount", (sender, param))]
            )
        )
        readings.append(
            (quantity(answers[0], "eth_getBalance"), quantity(answers[1], "eth_getTransactionCount"))
        )
    (before, count_before), (after, count_after) = readings
    return SenderChange(after - before, count_after - count_before)


async def _held(
    rpc: Rpc, account: Address, tokens: Sequence[Address], block: BlockHead
) -> dict[Address | None, int | None]:
    native = await balances(rpc, account, [], block)
    answers = await call_many(
        rpc, [eth_call(token, "balanceOf(address)", account) for token in tokens], block
    )
    told = zip(tokens, (decoded_int(answer) for answer in answers), strict=True)
    return {None: native.native, **dict(told)}


async def _block_logs(rpc: Rpc, account: Address, block: BlockHead) -> list[tuple[str, Log]]:
    """The block's logs of transfers from and to `account`, each once with the hash of its transaction."""
    party = to_data(bytes(12) + bytes.fromhex(account[2:]))
    first = [to_data(topic) for topic in (TRANSFER, DEPOSIT, WITHDRAWAL)]
    filters = ([first, party], [to_data(TRANSFER), None, party])
    answers = results(
        await rpc.batch(
            [("eth_getLogs", ({"blockHash": block.hash, "topics": topics},)) for topics in filters]
        )
    )
    found: dict[int, tuple[str, Log]] = {}
    for answer in answers:
        if not isinstance(answer, list):
            raise answer_error("eth_getLogs", "is not a list")
        for index, entry in enumerate(answer):
            field = f"eth_getLogs[{index}]"
            log, _ = parse_log(entry, field)
            sender = hash_text(member(entry, "transactionHash", field), f"{field}.transactionHash")
            found[log.index] = (sender, log)
    return [found[index] for index in sorted(found)]
