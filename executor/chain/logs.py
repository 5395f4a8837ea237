"""Logs of one block, named by its hash, and what a node says of them."""

from collections.abc import Collection, Sequence

from executor.chain.quantities import address_of, answer_error, hash_text, hex_data, member, quantity, to_data
from executor.chain.rpc import Rpc, results
from executor.domain.address import Address
from executor.domain.log import Log
from executor.domain.market import BlockHead

MOST_ADDRESSES = 1_000
"""Addresses that nodes take in one filter; for more, the topics alone choose, and the answer is sifted."""


def log_filter(emitters: Collection[Address], topics: Collection[bytes]) -> dict[str, object]:
    """The one filter for the logs of these contracts with one of these first topics."""
    chosen: dict[str, object] = {"topics": [sorted(to_data(topic) for topic in topics)]}
    return {"address": sorted(emitters), **chosen} if len(emitters) <= MOST_ADDRESSES else chosen


async def logs_of(
    rpc: Rpc, blocks: Sequence[BlockHead], emitters: Collection[Address], topics: Collection[bytes]
) -> list[tuple[Log, ...]]:
    """The logs of each of `blocks` by these contracts with one of these first topics, all in one batch.

    Raises NodeError, also where the node does not have one of these very blocks.
    """
    if not emitters:
        return [()] * len(blocks)
    wanted = log_filter(emitters, topics)
    # Some nodes answer "no logs" for a block that they do not have; whether they have it is asked along.
    calls = [("eth_getBlockTransactionCountByHash", (block.hash,)) for block in blocks]
    asked = [("eth_getLogs", ({"blockHash": block.hash, **wanted},)) for block in blocks]
    answers = results(await rpc.batch([*calls, *asked]))
    for block, known in zip(blocks, answers, strict=False):
        if known is None:
            raise answer_error(f"block {block.number} ({block.hash})", "is unknown to the node")
    return [
        _of_block(answer, block, emitters)
        for block, answer in zip(blocks, answers[len(blocks) :], strict=True)
    ]


def parse_log(answer: object, field: str) -> tuple[Log, bool]:
    """A log from a node's answer, and whether its block was taken back. Raises NodeError naming `field`."""

    def number(key: str) -> int:
        return quantity(member(answer, key, field), f"{field}.{key}")

    topics = member(answer, "topics", field)
    if not isinstance(topics, list) or len(topics) > 4:
        raise answer_error(f"{field}.topics", "is not a list of at most four")
    log = Log(
        address=address_of(member(answer, "address", field), f"{field}.address"),
        topics=tuple(hex_data(topic, f"{field}.topics", 32) for topic in topics),
        data=hex_data(member(answer, "data", field), f"{field}.data"),
        block_number=number("blockNumber"),
        block_hash=hash_text(member(answer, "blockHash", field), f"{field}.blockHash"),
        index=number("logIndex"),
    )
    return log, isinstance(answer, dict) and answer.get("removed") is True


def _of_block(answer: object, block: BlockHead, emitters: Collection[Address]) -> tuple[Log, ...]:
    if not isinstance(answer, list):
        raise answer_error("eth_getLogs", "is not a list")
    found = []
    for index, entry in enumerate(answer):
        log, removed = parse_log(entry, f"eth_getLogs[{index}]")
        if removed or log.block_hash != block.hash:
            raise answer_error(f"eth_getLogs[{index}]", f"is not of block {block.number} ({block.hash})")
        if log.address in emitters:
            found.append(log)
    return tuple(found)
