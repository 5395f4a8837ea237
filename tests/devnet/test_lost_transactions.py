"""Shortly after a revert anvil may accept a transaction and lose it."""

from __future__ import annotations

from devnet import ETHER, ETHEREUM, Node

WETH = ETHEREUM.tokens["WETH"]


def test_what_is_sent_after_a_revert_is_mined_every_time(ethereum_node: Node) -> None:
    """Without sending again about one in twenty is never mined."""
    sender = ethereum_node.accounts[0].address
    for _ in range(80):
        with ethereum_node.isolated():
            before = ethereum_node.erc20_balance(WETH, sender)
            ethereum_node.send(sender, WETH, value=ETHER)
            assert ethereum_node.erc20_balance(WETH, sender) == before + ETHER
