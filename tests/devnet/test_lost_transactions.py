"""Shortly after a revert anvil may accept a transaction and lose it."""

from __future__ import annotations

import pytest

from devnet import ETHER, ETHEREUM, Node
from devnet.node import Receipt

WETH = ETHEREUM.tokens["WETH"]


def test_what_is_sent_after_a_revert_is_mined_every_time(ethereum_node: Node) -> None:
    """Without sending again about one in twenty is never mined."""
    sender = ethereum_node.accounts[0].address
    for _ in range(80):
        with ethereum_node.isolated():
            before = ethereum_node.erc20_balance(WETH, sender)
            ethereum_node.send(sender, WETH, value=ETHER)
            assert ethereum_node.erc20_balance(WETH, sender) == before + ETHER


def test_what_was_only_late_is_not_mined_twice(ethereum: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy node may not know of a transaction at once that it mines all the same."""
    look, looks = Node._receipt_unless_lost, 0

    def blind_at_first(node: Node, transaction_hash: str) -> Receipt | None:
        nonlocal looks
        looks += 1
        return look(node, transaction_hash) if looks > 1 else None

    monkeypatch.setattr(Node, "_receipt_unless_lost", blind_at_first)
    sender = ethereum.accounts[0].address
    before = ethereum.erc20_balance(WETH, sender)
    receipt = ethereum.send(sender, WETH, value=ETHER)
    assert ethereum.erc20_balance(WETH, sender) == before + ETHER
    assert receipt["status"] == "0x1"
