"""Keep Chainlink answers fresh: a feed remembers when it was last told a price."""

from __future__ import annotations

from devnet import abi
from devnet.books import BOOKS
from devnet.chains import ChainSpec
from devnet.node import Node
from devnet.roles import account

KEEPER = account("chainlink keeper")


def set_price(node: Node, feed: str, answer: int) -> None:
    """Tell the feed (proxy address) a new answer in its own decimals and mine it."""
    transaction = _submit(node, feed, answer)
    if not node.mines_at_once:
        node.mine()
    node.wait_for(transaction)


def latest(node: Node, feed: str) -> tuple[int, int]:
    """(answer in the feed's decimals, time of it in seconds)."""
    data = node.call(feed, abi.encode_call("latestRoundData()"))
    _, answer, _, updated_at, _ = abi.decode("(uint80,int256,uint256,uint256,uint80)", data)
    return answer, updated_at


def refresh(node: Node, spec: ChainSpec) -> None:
    """Repeat every answer of the chain's feeds now, and end with a block of its own."""
    sent = [_submit(node, feed, latest(node, feed)[0]) for feed in BOOKS[spec.name].feeds.values()]
    if node.mines_at_once:
        for transaction in sent:
            node.wait_for(transaction)
    node.mine()


def _submit(node: Node, feed: str, answer: int) -> str:
    aggregator = abi.decode("(address)", node.call(feed, abi.encode_call("aggregator()")))[0]
    return node.submit(KEEPER, aggregator, abi.encode_call("updateAnswer(int256)", answer), gas=300_000)
