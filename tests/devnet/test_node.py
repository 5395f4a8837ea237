"""A node's life: it starts, obeys, and is gone afterwards, however its owner ends."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account

from devnet import ETHER, ETHEREUM, Node, deal, feeds
from devnet.errors import NodeError, PortInUseError, RpcError, TransactionError
from devnet.protocols.tokens import TREASURY
from devnet.roles import account

PROJECT = Path(__file__).resolve().parents[2]
STRANGER, FRIEND = account("stranger"), account("friend")
WETH = ETHEREUM.tokens["WETH"]
# PUSH1 0, PUSH1 0, REVERT.
REVERTS = bytes.fromhex("60006000fd")


def eventually(condition: Callable[[], bool], seconds: float = 5.0) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.02)
    return condition()


def answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def owner_of_a_node(folder: Path) -> tuple[subprocess.Popen[str], int]:
    """Another Python process that holds an empty node open, and the node's port."""
    script = textwrap.dedent("""
        import time
        from devnet import Node
        with Node.empty() as node:
            print(node.port, flush=True)
            time.sleep(60)
    """)
    environment = {**os.environ, "TMPDIR": str(folder)}
    command = [sys.executable, "-c", script]
    owner = subprocess.Popen(command, cwd=PROJECT, env=environment, stdout=subprocess.PIPE, text=True)
    assert owner.stdout is not None
    return owner, int(owner.stdout.readline())


def test_a_closed_node_no_longer_answers_and_leaves_no_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with Node.empty() as node:
        assert answers(node.port)
        assert len(list(tmp_path.iterdir())) == 1
    assert not answers(node.port)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL, signal.SIGINT])
def test_a_node_dies_with_the_process_that_started_it(number: signal.Signals, tmp_path: Path) -> None:
    owner, port = owner_of_a_node(tmp_path)
    assert answers(port)
    owner.send_signal(number)
    owner.wait(timeout=10)
    assert eventually(lambda: not answers(port))
    assert eventually(lambda: list(tmp_path.iterdir()) == [])


def test_a_node_that_died_is_a_clear_error() -> None:
    with Node.empty() as node:
        os.killpg(node.pid, signal.SIGKILL)
        assert eventually(lambda: not answers(node.port))
        with pytest.raises(NodeError, match="is it still running"):
            node.block()


def test_a_taken_port_is_one_clear_line() -> None:
    with Node.empty() as node, pytest.raises(PortInUseError) as caught:
        Node.empty(port=node.port)
    assert str(caught.value) == (
        f"port {node.port} is in use: "
        "stop the program that holds it, or choose another (make devnet PORT=18545)"
    )


def test_an_option_that_anvil_does_not_know_is_a_clear_error() -> None:
    with pytest.raises(NodeError, match=r"anvil did not start .*--nonsense"):
        Node.empty(extra=("--nonsense",))


def test_every_node_gets_a_port_of_its_own() -> None:
    with Node.empty() as one, Node.empty() as other:
        assert one.port != other.port
        assert one.url.endswith(str(one.port))
        assert one.ws_url == f"ws://127.0.0.1:{one.port}"


def test_the_accounts_are_those_of_the_public_mnemonic() -> None:
    with Node.empty(accounts=3) as node:
        assert [account.index for account in node.accounts] == [0, 1, 2]
        assert node.accounts[0].address == "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"
        for account_ in node.accounts:
            assert Account.from_key(account_.private_key).address == account_.address


def test_isolation_undoes_balances_code_and_blocks(ethereum_node: Node) -> None:
    number = ethereum_node.block_number
    with ethereum_node.isolated() as node:
        node.set_balance(STRANGER, 5)
        node.set_code(FRIEND, b"\x01")
        node.mine(3)
        assert node.balance(STRANGER) == 5
    assert ethereum_node.balance(STRANGER) == 0
    assert ethereum_node.code(FRIEND) == b""
    assert ethereum_node.block_number == number


def test_a_snapshot_serves_once(ethereum: Node) -> None:
    snapshot = ethereum.snapshot()
    ethereum.revert(snapshot)
    with pytest.raises(NodeError, match="each serves once"):
        ethereum.revert(snapshot)


@pytest.mark.parametrize("symbol", ETHEREUM.tokens)
def test_an_account_can_be_made_to_hold_exactly_any_amount(ethereum: Node, symbol: str) -> None:
    token = ETHEREUM.tokens[symbol]
    for amount in (123_456_789, 7, 0, 10**9):
        ethereum.set_erc20_balance(token, STRANGER, amount)
        assert ethereum.erc20_balance(token, STRANGER) == amount


@pytest.mark.parametrize("symbol", ["WETH", "USDC", "DAI", "USDT"])
def test_without_a_treasury_a_balance_comes_from_the_tokens_own_mint(ethereum: Node, symbol: str) -> None:
    token = ETHEREUM.tokens[symbol]
    ethereum.set_erc20_balance(token, TREASURY, 0)
    deal.set_balance(ethereum, token, STRANGER, 10**9)
    assert ethereum.erc20_balance(token, STRANGER) == 10**9


def test_a_negative_balance_is_refused(ethereum: Node) -> None:
    with pytest.raises(ValueError, match="a balance cannot be -1"):
        ethereum.set_erc20_balance(WETH, STRANGER, -1)


def test_an_impersonated_account_sends_without_a_key_until_it_is_let_go(ethereum: Node) -> None:
    transfer = {"from": STRANGER, "to": FRIEND, "value": "0x1"}
    ethereum.set_balance(STRANGER, ETHER)
    with ethereum.impersonate(STRANGER):
        ethereum.wait_for(ethereum.rpc("eth_sendTransaction", transfer))
    assert ethereum.balance(FRIEND) == 1
    with pytest.raises(RpcError):
        ethereum.rpc("eth_sendTransaction", transfer)


def test_a_mined_transaction_that_reverted_is_an_error_with_its_receipt(ethereum: Node) -> None:
    ethereum.set_code(FRIEND, REVERTS)
    with pytest.raises(TransactionError) as caught:
        ethereum.send(STRANGER, FRIEND, gas=100_000)
    assert caught.value.receipt["status"] == "0x0"
    assert caught.value.reason == "0x"


def test_a_node_without_mining_waits_for_a_block() -> None:
    with Node.empty(no_mining=True) as node:
        sent = node.submit(node.accounts[0].address, FRIEND, value=1)
        assert node.rpc("eth_getTransactionReceipt", sent) is None
        node.mine()
        assert node.wait_for(sent)["status"] == "0x1"
        assert node.send(node.accounts[0].address, FRIEND, value=1)["status"] == "0x1"


def test_a_node_with_a_block_time_mines_by_the_clock() -> None:
    with Node.empty(block_time=1) as node:
        number = node.block_number
        assert eventually(lambda: node.block_number > number)


@pytest.mark.parametrize("options", [{"no_mining": True}, {"block_time": 5}])
def test_a_chain_loads_in_every_way_of_mining(options: dict[str, Any]) -> None:
    with Node.load("ethereum", **options) as node:
        _, updated_at = feeds.latest(node, ETHEREUM.feeds["ETH/USD"])
        assert abs(time.time() - updated_at) < 10


def test_two_threads_use_one_node_at_once(ethereum_node: Node) -> None:
    with ThreadPoolExecutor(max_workers=2) as pool:
        numbers = list(pool.map(lambda _: ethereum_node.block_number, range(40)))
    assert len(set(numbers)) == 1


def test_an_unknown_method_is_an_error_that_names_it(ethereum_node: Node) -> None:
    with pytest.raises(RpcError, match="eth_nonsense failed") as caught:
        ethereum_node.rpc("eth_nonsense")
    assert caught.value.code == "devnet.rpc"
    assert caught.value.fix
