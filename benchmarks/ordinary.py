"""The ordinary ways to send a transaction from Python, for comparison: web3.py's and Ape's."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from eth_account import Account
from eth_account.signers.local import LocalAccount
from web3 import HTTPProvider, Web3

from devnet import Node
from executor.domain.address import Address


class Web3Way:
    """web3.py with a local key: the node is asked for the nonce, the gas, the fees and its chain id."""

    def __init__(self, node: Node, account: int) -> None:
        self._web3 = Web3(HTTPProvider(node.url))
        self._account: LocalAccount = Account.from_key(node.accounts[account].private_key)

    def send(self, to: Address, data: bytes) -> str:
        """Ask, build, sign, send; the transaction's hash."""
        eth = self._web3.eth
        request: Any = {"from": self._account.address, "to": to, "data": "0x" + data.hex(), "value": 0}
        request["gas"] = eth.estimate_gas(request)
        request["maxPriorityFeePerGas"] = eth.max_priority_fee
        base_fee = eth.get_block("latest")["baseFeePerGas"]
        request["maxFeePerGas"] = 2 * base_fee + request["maxPriorityFeePerGas"]
        request["nonce"] = eth.get_transaction_count(self._account.address)
        request["chainId"] = eth.chain_id
        raw = self._account.sign_transaction(request).raw_transaction
        return eth.send_raw_transaction(raw).to_0x_hex()

    def wait(self, transaction_hash: str) -> None:
        """Until it has a receipt, by web3.py's own polling."""
        self._web3.eth.wait_for_transaction_receipt(transaction_hash)  # type: ignore[arg-type]


class ApeWay:
    """Ape with one of its test accounts, which are the node's."""

    def __init__(self, account: Any, provider: Any) -> None:
        self._account = account
        self._provider = provider

    def send(self, to: Address, data: bytes) -> str:
        """Prepare (nonce, gas and fees by RPC), sign, send; the transaction's hash."""
        ecosystem = self._provider.network.ecosystem
        request = ecosystem.create_transaction(receiver=to, data=data, sender=self._account.address)
        signed = self._account.sign_transaction(self._account.prepare_transaction(request))
        sent: bytes = self._provider.web3.eth.send_raw_transaction(signed.serialize_transaction())
        return "0x" + bytes(sent).hex()

    def wait(self, transaction_hash: str) -> None:
        """Until Ape has the receipt."""
        self._provider.get_receipt(transaction_hash, required_confirmations=0)


@contextmanager
def ape_way(node: Node, account: int) -> Iterator[ApeWay]:
    """Ape, connected to `node`."""
    # Here, because it takes seconds to import and not everybody measures it.
    from ape import accounts, networks

    logging.getLogger("ape").setLevel(logging.ERROR)
    with networks.parse_network_choice(f"ethereum:mainnet:{node.url}") as provider:
        yield ApeWay(accounts.test_accounts[account], provider)
