"""A local node: started from a built chain, as a fork, or empty; driven over JSON-RPC; gone at the end."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from eth_utils.address import to_checksum_address

from devnet import abi
from devnet.chains import ChainSpec, Tier
from devnet.errors import NodeError, RpcError, TransactionError
from devnet.process import HOST, AnvilProcess
from devnet.rpc import RpcClient
from devnet.settings import ETHER, GWEI, MNEMONIC, TRANSACTION_GAS_CAP, DevAccount, NodeOptions

__all__ = ["ETHER", "GWEI", "MNEMONIC", "TRANSACTION_GAS_CAP", "DevAccount", "Node", "NodeOptions", "Receipt"]

RECEIPT_WITHIN_SECONDS = 30.0
POOL_EMPTY_WITHIN_SECONDS = 0.2
LOCAL_HOSTS = ("127.0.0.1", "localhost", "::1")
# How often a transaction that the node lost is sent again, and how many looks in vain mean that it is lost.
SUBMISSIONS = 5
UNKNOWN_ANSWERS = 20

Receipt = dict[str, Any]


class Node:
    """A running node. Use as a context manager, or call `close`.

    Amounts are in wei or in the token's smallest unit; addresses are 0x strings. Blocks made through this
    object keep the base fee of the options, so that it does not decay to nothing over a long test.
    """

    def __init__(self, process: AnvilProcess, options: NodeOptions) -> None:
        self._process = process
        self._options = options
        self._client = RpcClient(HOST, process.port)
        self._base_fee = options.base_fee
        self._impersonated: set[str] = set()
        # The node says its port once; from then on its log would only grow.
        self.rpc("anvil_setLoggingEnabled", False)
        self.chain_id = int(self.rpc("eth_chainId"), 16)

    @classmethod
    def load(cls, chain: str = "ethereum", *, tier: Tier = "lean", **options: Any) -> Self:
        """A node that holds the built chain `ethereum` or `base`; builds it first when that is not done.

        The tier `full` has more protocols, which take minutes to compile the first time. Other keywords are
        those of NodeOptions. Raises DevnetError when the chain cannot be built, PortInUseError.
        """
        from devnet import dumps, feeds
        from devnet.chains import CHAINS

        spec = CHAINS[chain]
        node = cls.of_state(spec, dumps.path(spec, tier), **options)
        try:
            # A fork caches storage by the header of its upstream block. A fee recipient of its own makes
            # the header of each load unlike all others, so that no cache entry ever fits a second chain.
            recipient = "0x" + secrets.token_hex(20)
            node.set_balance(recipient, ETHER)
            node.rpc("anvil_setCoinbase", recipient)
            feeds.refresh(node, spec)
        except BaseException:
            node.close()
            raise
        return node

    @classmethod
    def of_state(cls, spec: ChainSpec, dump: Path, **options: Any) -> Self:
        """A node that goes on from a dumped state as it is: its feeds are as old as the dump."""
        settings = NodeOptions(**{"base_fee": spec.base_fee, "gas_limit": spec.gas_limit, **options})
        return cls._start(["--load-state", str(dump), *spec.node_arguments()], settings)

    @classmethod
    def fork(
        cls, url: str, *, hardfork: str = "osaka", block_number: int | None = None, **options: Any
    ) -> Self:
        """A node that forks the one at `url` at its newest block or at `block_number`.

        The hardfork is pinned: left alone, anvil would choose it by the timestamp of the upstream's head.
        Without `base_fee` the fork keeps the upstream's.
        """
        arguments = ["--fork-url", url, "--hardfork", hardfork, "--no-storage-caching"]
        if urlsplit(url).hostname in LOCAL_HOSTS:
            arguments += ["--retries", "0", "--no-rate-limit"]
        if block_number is not None:
            arguments += ["--fork-block-number", str(block_number)]
        node = cls._start(arguments, NodeOptions(**options))
        if node._base_fee is None:
            node.set_base_fee(int(node.block().get("baseFeePerGas", "0x0"), 16))
        return node

    @classmethod
    def empty(
        cls,
        *,
        chain_id: int = 31337,
        hardfork: str = "osaka",
        number: int = 0,
        timestamp: int | None = None,
        **options: Any,
    ) -> Self:
        """A node with nothing but the development accounts and the CREATE2 deployer."""
        arguments = ["--chain-id", str(chain_id), "--hardfork", hardfork, "--number", str(number)]
        if timestamp is not None:
            arguments += ["--timestamp", str(timestamp)]
        return cls._start(arguments, NodeOptions(**options))

    @classmethod
    def _start(cls, arguments: Sequence[str], options: NodeOptions) -> Self:
        process = AnvilProcess([*arguments, *options.arguments()], port=options.port)
        try:
            return cls(process, options)
        except BaseException:
            process.stop()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Kill the node; harmless when repeated."""
        self._client.close()
        self._process.stop()

    @property
    def port(self) -> int:
        """The port it listens on, on this machine only."""
        return self._process.port

    @property
    def pid(self) -> int:
        """The node's process group."""
        return self._process.pid

    @property
    def url(self) -> str:
        """Its HTTP JSON-RPC address."""
        return f"http://{HOST}:{self.port}"

    @property
    def ws_url(self) -> str:
        """Its WebSocket JSON-RPC address."""
        return f"ws://{HOST}:{self.port}"

    @property
    def mines_at_once(self) -> bool:
        """Whether each transaction gets its block right away."""
        return self._options.block_time is None and not self._options.no_mining

    @cached_property
    def accounts(self) -> list[DevAccount]:
        """The funded development accounts, in the order of the mnemonic."""
        addresses = self.rpc("eth_accounts")[: self._options.accounts]
        return [DevAccount(to_checksum_address(address), index) for index, address in enumerate(addresses)]

    def rpc(self, method: str, *params: Any) -> Any:
        """Any JSON-RPC method; its `result` as it came. Raises RpcError, or NodeError when it is gone."""
        return self._client.call(method, *params)

    # -- blocks and time ---------------------------------------------------------------------------------

    def block(self, number: int | str = "latest") -> dict[str, Any]:
        """A block without its transactions' bodies. Raises NodeError when there is none."""
        tag = hex(number) if isinstance(number, int) else number
        block: dict[str, Any] | None = self.rpc("eth_getBlockByNumber", tag, False)
        if block is None:
            raise NodeError(f"there is no block {number}", "ask for a block that was mined")
        return block

    @property
    def block_number(self) -> int:
        """Number of the newest block."""
        return int(self.rpc("eth_blockNumber"), 16)

    def mine(self, blocks: int = 1, *, timestamp: int | None = None) -> None:
        """Mine `blocks` blocks; the first at `timestamp` (seconds) when given."""
        if timestamp is not None:
            self.rpc("evm_setNextBlockTimestamp", timestamp)
        for _ in range(blocks):
            self._hold_base_fee()
            self.rpc("evm_mine")
        self._hold_base_fee()

    def increase_time(self, seconds: int) -> None:
        """Mine a block `seconds` later than now by the node's clock."""
        self.rpc("evm_increaseTime", hex(seconds))
        self.mine()

    def set_base_fee(self, wei: int) -> None:
        """The base fee (wei per gas) of the next block and of every one made through this object."""
        self._base_fee = wei
        self._hold_base_fee()

    def snapshot(self) -> str:
        """Remember the chain as it is; the answer goes to `revert`."""
        return str(self.rpc("evm_snapshot"))

    def revert(self, snapshot: str) -> None:
        """Go back to a snapshot, which is used up by that. Raises NodeError when it is unknown."""
        if self.mines_at_once:
            self._let_pool_empty()
        if not self.rpc("evm_revert", snapshot):
            raise NodeError(f"there is no snapshot {snapshot}", "take one with `snapshot`; each serves once")
        self._hold_base_fee()

    def _let_pool_empty(self) -> None:
        """Wait until what was mined has left the pool of pending transactions, for a moment at most.

        That comes shortly after its receipt; what is still there when the state goes back is mined again, in
        one block with the next transaction.
        """
        deadline = time.monotonic() + POOL_EMPTY_WITHIN_SECONDS
        while int(self.rpc("txpool_status")["pending"], 16) and time.monotonic() < deadline:
            time.sleep(0.001)

    @contextmanager
    def isolated(self) -> Iterator[Self]:
        """Whatever happens to the chain inside is undone at the end."""
        base_fee = self._base_fee
        snapshot = self.snapshot()
        try:
            yield self
        finally:
            self._base_fee = base_fee
            self.revert(snapshot)

    # -- accounts ----------------------------------------------------------------------------------------

    def balance(self, who: str) -> int:
        """Wei held by `who`."""
        return int(self.rpc("eth_getBalance", who, "latest"), 16)

    def set_balance(self, who: str, wei: int) -> None:
        """Give `who` exactly `wei`."""
        self.rpc("anvil_setBalance", who, hex(wei))

    def erc20_balance(self, token: str, who: str) -> int:
        """Smallest units of `token` held by `who`."""
        answer = self.call(token, abi.encode_call("balanceOf(address)", who))
        return int(abi.decode("(uint256)", answer)[0])

    def set_erc20_balance(self, token: str, who: str, amount: int) -> None:
        """Make `who` hold exactly `amount` smallest units, by real mints and transfers.

        Raises BuildError for a token that nobody here can mint or give.
        """
        from devnet import deal

        deal.set_balance(self, token, who, amount)

    @contextmanager
    def impersonate(self, who: str) -> Iterator[str]:
        """Let `who` send transactions without its key; it gets ether for gas when it has next to none."""
        self._unlock(who)
        try:
            yield who
        finally:
            self._impersonated.discard(who.lower())
            self.rpc("anvil_stopImpersonatingAccount", who)

    def _unlock(self, who: str) -> None:
        if who.lower() in self._impersonated:
            return
        self.rpc("anvil_impersonateAccount", who)
        self._impersonated.add(who.lower())

    @cached_property
    def _dev_addresses(self) -> frozenset[str]:
        return frozenset(account.address.lower() for account in self.accounts)

    # -- calls and transactions --------------------------------------------------------------------------

    def call(
        self, to: str, data: bytes = b"", *, from_: str | None = None, value: int = 0, block: str = "latest"
    ) -> bytes:
        """What a call returns, without a transaction. Raises RpcError, with the revert data in `data`."""
        request = {"to": to, "data": "0x" + data.hex(), "value": hex(value)}
        if from_ is not None:
            request["from"] = from_
        return bytes.fromhex(self.rpc("eth_call", request, block)[2:])

    def send(
        self, from_: str, to: str | None, data: bytes = b"", *, value: int = 0, gas: int | None = None
    ) -> Receipt:
        """Send from any account, wait until it is mined, give the receipt.

        `to` None creates a contract; `gas` None lets the node estimate. Raises RpcError when the node refuses
        (a revert found by the estimate comes so), TransactionError when it was mined and reverted. On a node
        with `no_mining` a block is mined for it.
        """
        receipt = self._mined(from_, to, data, value, gas)
        # Only after the block: a base fee set while the node is mining can cost it the transaction.
        self._hold_base_fee()
        if receipt["status"] != "0x1":
            sent = receipt["transactionHash"]
            raise TransactionError(f"transaction {sent} reverted", receipt, self._replay(receipt))
        return receipt

    def _mined(self, from_: str, to: str | None, data: bytes, value: int, gas: int | None) -> Receipt:
        """Shortly after a revert anvil may take a transaction and lose it: then it is sent again.

        With the same nonce, since on a busy machine it may only have been late.
        """
        nonce = int(self.rpc("eth_getTransactionCount", from_, "pending"), 16)
        sent = self.submit(from_, to, data, value=value, gas=gas)
        for _ in range(SUBMISSIONS):
            if self._options.no_mining:
                self.mine()
            receipt = self._receipt_unless_lost(sent)
            if receipt is not None:
                return receipt
            try:
                sent = self.submit(from_, to, data, value=value, gas=gas, nonce=nonce)
            except RpcError:
                return self.wait_for(sent)
        return self.wait_for(sent)

    def _receipt_unless_lost(self, transaction_hash: str) -> Receipt | None:
        """The receipt once there is one; None when the node no longer knows of the transaction."""
        deadline, unknown = time.monotonic() + RECEIPT_WITHIN_SECONDS, 0
        while unknown < UNKNOWN_ANSWERS and time.monotonic() < deadline:
            receipt: Receipt | None = self.rpc("eth_getTransactionReceipt", transaction_hash)
            if receipt is not None:
                return receipt
            known = self.rpc("eth_getTransactionByHash", transaction_hash) is not None
            unknown = 0 if known else unknown + 1
            time.sleep(0.01)
        if unknown < UNKNOWN_ANSWERS:
            raise NodeError(f"transaction {transaction_hash} was not mined", "mine a block, or raise its fee")
        return None

    def submit(
        self,
        from_: str,
        to: str | None,
        data: bytes = b"",
        *,
        value: int = 0,
        gas: int | None = None,
        nonce: int | None = None,
    ) -> str:
        """Send from any account without waiting; the transaction's hash.

        `nonce` None takes the account's next one. Raises RpcError when refused.
        """
        if from_.lower() not in self._dev_addresses:
            self._unlock(from_)
            if self.balance(from_) < ETHER:
                self.set_balance(from_, 10 * ETHER)
        request = {"from": from_, "data": "0x" + data.hex(), "value": hex(value)}
        if to is not None:
            request["to"] = to
        if nonce is not None:
            request["nonce"] = hex(nonce)
        if gas is None:
            # Estimated apart: when its own estimate reverts, the node asks for too much gas and hides why.
            estimate = int(self.rpc("eth_estimateGas", request, "pending"), 16)
            gas = min(estimate * 5 // 4, TRANSACTION_GAS_CAP)
        request["gas"] = hex(gas)
        if self._base_fee is not None:
            # Room for the base fee to move: a transaction that no longer affords it is dropped in silence.
            request["maxFeePerGas"] = hex(4 * self._base_fee + GWEI)
            request["maxPriorityFeePerGas"] = hex(min(GWEI, self._base_fee))
        return str(self.rpc("eth_sendTransaction", request))

    def wait_for(self, transaction_hash: str) -> Receipt:
        """The receipt of a transaction. Raises NodeError when it is not mined within half a minute."""
        deadline = time.monotonic() + RECEIPT_WITHIN_SECONDS
        while time.monotonic() < deadline:
            receipt: Receipt | None = self.rpc("eth_getTransactionReceipt", transaction_hash)
            if receipt is not None:
                return receipt
            time.sleep(0.01)
        raise NodeError(f"transaction {transaction_hash} was not mined", "mine a block, or raise its fee")

    def code(self, address: str) -> bytes:
        """Runtime code at `address`, empty when there is none."""
        return bytes.fromhex(self.rpc("eth_getCode", address, "latest")[2:])

    def set_code(self, address: str, code: bytes) -> None:
        """Put runtime code at `address`."""
        self.rpc("anvil_setCode", address, "0x" + code.hex())

    def storage(self, address: str, slot: int | str) -> int:
        """The word in a storage slot."""
        key = slot if isinstance(slot, str) else hex(slot)
        return int(self.rpc("eth_getStorageAt", address, key, "latest"), 16)

    def set_storage(self, address: str, slot: int | str, word: int) -> None:
        """Write the word in a storage slot."""
        key = slot if isinstance(slot, str) else f"0x{slot:064x}"
        self.rpc("anvil_setStorageAt", address, key, f"0x{word:064x}")

    def _hold_base_fee(self) -> None:
        if self._base_fee is not None:
            self.rpc("anvil_setNextBlockBaseFeePerGas", hex(self._base_fee))

    def _replay(self, receipt: Receipt) -> object:
        """Why a mined transaction reverted, as far as a replay on the block before tells."""
        transaction = self.rpc("eth_getTransactionByHash", receipt["transactionHash"])
        request = {key: transaction[key] for key in ("from", "to", "value", "gas") if transaction[key]}
        request["data"] = transaction["input"]
        try:
            self.rpc("eth_call", request, hex(int(receipt["blockNumber"], 16) - 1))
        except RpcError as error:
            return error.data if error.data is not None else error.text
        return "the replay on the block before does not revert"
