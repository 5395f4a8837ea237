"""What goes wrong in silence on local nodes, each handled once in `devnet` and shown here to be."""

from __future__ import annotations

import statistics
import time

import pytest
from eth_account import Account

from devnet import ETHER, ETHEREUM, GWEI, Node, abi, feeds, market
from devnet.books import BOOKS
from devnet.chains import CHAINS
from devnet.errors import DevnetError, RpcError
from devnet.roles import account
from devnet.settings import TRANSACTION_GAS_CAP

CONTRACT = account("contract under test")
SENDER = account("sender")
LONG_AGO = 1_650_000_000
# PUSH1 1, PUSH1 0, TSTORE, STOP: an opcode of the Cancun hardfork.
USES_TRANSIENT_STORAGE = bytes.fromhex("600160005d00")


def age_of_newest_block(node: Node) -> float:
    return abs(time.time() - int(node.block()["timestamp"], 16))


def test_a_fork_never_reads_what_an_earlier_fork_of_the_same_block_stored() -> None:
    seen = []
    for content in (1, 2):
        with Node.empty(chain_id=1, number=22_700_000, timestamp=LONG_AGO) as upstream:
            upstream.set_code(CONTRACT, b"\x00")
            upstream.set_storage(CONTRACT, 0, content)
            upstream.mine(timestamp=LONG_AGO + 12)
            with Node.fork(upstream.url) as fork:
                seen.append((fork.storage(CONTRACT, 0), fork.block_number))
    assert seen == [(1, 22_700_001), (2, 22_700_001)]


def test_no_two_loads_end_with_the_same_block_header() -> None:
    with Node.load("ethereum") as one, Node.load("ethereum") as other:
        assert one.block_number == other.block_number
        assert one.block()["miner"] != other.block()["miner"]
        assert one.block()["hash"] != other.block()["hash"]


def test_a_fork_runs_the_pinned_hardfork_whatever_the_age_of_its_upstream() -> None:
    with Node.empty(chain_id=1, timestamp=LONG_AGO) as upstream:
        upstream.set_code(CONTRACT, USES_TRANSIENT_STORAGE)
        upstream.mine(timestamp=LONG_AGO + 12)
        upstream.call(CONTRACT)
        with Node.fork(upstream.url) as fork:
            assert fork.call(CONTRACT) == b""
        with Node.fork(upstream.url, hardfork="shanghai") as old, pytest.raises(RpcError):
            old.call(CONTRACT)


def test_uniswap_v4_trades_on_a_fork_of_the_local_mainnet(ethereum_node: Node) -> None:
    pool = ETHEREUM.pool("uniswap_v4 USDC/WETH 3000")
    with Node.fork(ethereum_node.url) as fork:
        assert market.trade(fork, pool, ETHEREUM.tokens["WETH"], ETHER) > 0


def test_a_loaded_chain_keeps_its_chain_id_and_lets_development_accounts_sign() -> None:
    with Node.load("ethereum") as node:
        assert int(node.rpc("eth_chainId"), 16) == int(node.rpc("net_version")) == 1
        operator = node.accounts[1]
        transaction = {
            "to": SENDER,
            "value": 1,
            "gas": 21_000,
            "gasPrice": 10 * GWEI,
            "nonce": 0,
            "chainId": 1,
        }
        signed = Account.sign_transaction(transaction, operator.private_key)
        receipt = node.wait_for(node.rpc("eth_sendRawTransaction", signed.raw_transaction.to_0x_hex()))
        assert receipt["status"] == "0x1"
        assert receipt["from"] == operator.address.lower()


@pytest.mark.parametrize("chain", ["ethereum", "base"])
def test_after_a_load_time_is_now_and_the_next_block_is_not_far_off(chain: str) -> None:
    with Node.load(chain) as node:
        assert age_of_newest_block(node) < 10
        before = int(node.block()["timestamp"], 16)
        node.mine()
        assert 0 <= int(node.block()["timestamp"], 16) - before < 10


@pytest.mark.parametrize("chain", ["ethereum", "base"])
def test_every_chainlink_answer_is_fresh_after_a_load(chain: str) -> None:
    with Node.load(chain) as node:
        for feed in BOOKS[chain].feeds.values():
            answer, updated_at = feeds.latest(node, feed)
            assert answer > 0
            assert abs(time.time() - updated_at) < 10


def test_a_feed_grows_old_when_time_passes_and_can_be_told_again(ethereum: Node) -> None:
    feed = ETHEREUM.feeds["ETH/USD"]
    ethereum.increase_time(7200)
    now = int(ethereum.block()["timestamp"], 16)
    assert now - feeds.latest(ethereum, feed)[1] >= 7200
    feeds.set_price(ethereum, feed, 2_900 * 10**8)
    answer, updated_at = feeds.latest(ethereum, feed)
    assert answer == 2_900 * 10**8
    assert updated_at >= now


@pytest.mark.parametrize("chain", ["ethereum", "base"])
def test_the_base_fee_is_a_real_one_after_a_load(chain: str, request: pytest.FixtureRequest) -> None:
    node: Node = request.getfixturevalue(chain)
    assert int(node.block()["baseFeePerGas"], 16) == CHAINS[chain].base_fee >= GWEI // 100


def test_the_base_fee_does_not_decay_over_a_long_test(ethereum: Node) -> None:
    ethereum.mine(150)
    ethereum.send(ethereum.accounts[0].address, SENDER, value=1)
    ethereum.send(ethereum.accounts[0].address, SENDER, value=1)
    assert int(ethereum.block()["baseFeePerGas"], 16) == CHAINS["ethereum"].base_fee


def test_a_base_fee_set_in_a_test_holds_and_is_gone_after_it(ethereum_node: Node) -> None:
    with ethereum_node.isolated() as node:
        node.set_base_fee(80 * GWEI)
        receipts = [node.send(node.accounts[0].address, SENDER, value=1) for _ in range(2)]
        blocks = [node.block(int(receipt["blockNumber"], 16)) for receipt in receipts]
        assert [int(block["baseFeePerGas"], 16) for block in blocks] == [80 * GWEI] * 2
    ethereum_node.mine()
    assert int(ethereum_node.block()["baseFeePerGas"], 16) == CHAINS["ethereum"].base_fee


def test_a_fork_keeps_the_base_fee_of_its_upstream(ethereum_node: Node) -> None:
    with Node.fork(ethereum_node.url) as fork:
        fork.mine(60)
        assert int(fork.block()["baseFeePerGas"], 16) == CHAINS["ethereum"].base_fee


def test_gas_is_paid_at_the_base_fee_at_least(ethereum: Node) -> None:
    who = ethereum.accounts[2].address
    before = ethereum.balance(who)
    receipt = ethereum.send(who, SENDER, value=5)
    paid = int(receipt["gasUsed"], 16) * int(receipt["effectiveGasPrice"], 16)
    assert ethereum.balance(who) == before - 5 - paid
    assert paid >= 21_000 * 2 * GWEI


def test_forking_below_the_load_point_says_so(ethereum_node: Node) -> None:
    below = ethereum_node.block_number - 100
    with (
        pytest.raises(DevnetError),
        Node.fork(ethereum_node.url, block_number=below) as fork,
    ):
        fork.erc20_balance(ETHEREUM.tokens["WETH"], ETHEREUM.pool("uniswap_v2 USDC/WETH").address)


def test_a_block_that_was_mined_after_the_load_can_be_forked_by_number(ethereum: Node) -> None:
    token = ETHEREUM.tokens["WETH"]
    ethereum.set_erc20_balance(token, SENDER, 7)
    number = ethereum.block_number
    ethereum.set_erc20_balance(token, SENDER, 9)
    with Node.fork(ethereum.url, block_number=number) as fork:
        assert fork.erc20_balance(token, SENDER) == 7


def test_a_contract_over_the_size_limit_cannot_be_deployed(ethereum: Node) -> None:
    def creation(size: int) -> bytes:
        # PUSH3 size, PUSH1 0, RETURN: runtime code of that many zeroes.
        return bytes([0x62]) + size.to_bytes(3, "big") + bytes.fromhex("6000f3")

    assert len(ethereum.code(ethereum.send(SENDER, None, creation(24_576))["contractAddress"])) == 24_576
    with pytest.raises(DevnetError):
        ethereum.send(SENDER, None, creation(24_577))


def test_the_gas_cap_of_a_transaction_is_enforced(ethereum: Node) -> None:
    ethereum.send(SENDER, SENDER, gas=TRANSACTION_GAS_CAP)
    with pytest.raises(RpcError, match="gas"):
        ethereum.send(SENDER, SENDER, gas=TRANSACTION_GAS_CAP + 1)


def test_a_fork_enforces_the_gas_cap_too(ethereum_node: Node) -> None:
    with Node.fork(ethereum_node.url) as fork, pytest.raises(RpcError, match="gas"):
        fork.send(SENDER, SENDER, gas=TRANSACTION_GAS_CAP + 1)


def test_a_request_over_two_megabytes_is_taken(ethereum_node: Node) -> None:
    code = "0x" + "00" * 3_000_000
    with ethereum_node.isolated() as node:
        node.rpc("anvil_setCode", CONTRACT, code)
        assert len(node.code(CONTRACT)) == 3_000_000


def test_loading_takes_well_under_a_second(capsys: pytest.CaptureFixture[str]) -> None:
    with Node.load("ethereum"):
        pass
    seconds = []
    for _ in range(3):
        started = time.perf_counter()
        with Node.load("ethereum"):
            seconds.append(time.perf_counter() - started)
    with capsys.disabled():
        print(f"\nlocal mainnet: loaded in {statistics.median(seconds):.2f} s")
    assert statistics.median(seconds) < 1.0


def test_a_revert_takes_time_back_too(ethereum_node: Node) -> None:
    """The node's clock falls behind by what each reverted test took: ages are compared."""
    ethereum_node.mine()
    before = age_of_newest_block(ethereum_node)
    with ethereum_node.isolated() as node:
        node.increase_time(100_000)
        assert age_of_newest_block(node) > 90_000
    ethereum_node.mine()
    assert age_of_newest_block(ethereum_node) < before + 60


def test_a_call_that_reverts_hands_its_reason_over(ethereum: Node) -> None:
    with pytest.raises(RpcError) as caught:
        ethereum.send(SENDER, ETHEREUM.tokens["DAI"], abi.encode_call("transfer(address,uint256)", SENDER, 5))
    assert str(caught.value.data).startswith(
        "0x" + abi.selector("ERC20InsufficientBalance(address,uint256,uint256)").hex()
    )
