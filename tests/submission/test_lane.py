"""A wallet's nonce stream on a real node."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from devnet import ETHER, GWEI, Node
from executor.chain.rpc import Rpc
from executor.domain.address import Address
from executor.domain.attempt import Attempt
from executor.domain.errors import JournalError, SafetyError, UnknownOutcomeError
from executor.domain.execution import Execution, Status
from executor.domain.opportunity import Opportunity
from executor.journal.journal import AttemptState, Journal
from executor.policy.fees import Fees
from executor.submission.clock import SystemClock
from executor.submission.envelope import read_envelope
from executor.submission.errors import TransactionRefusedError
from executor.submission.lane import Lane, RouterCall
from executor.submission.waiting import Patience, Watch
from executor.wallet.development import DEVELOPMENT_ADDRESSES, development_signer

RECEIVER = Address("0x000000000000000000000000000000000000dEaD")
CALL = RouterCall(RECEIVER, b"\x01\x02", 50_000, Fees(10 * GWEI, GWEI, 2 * GWEI))


class MiningClock:
    """A clock on which each sleep brings the next block, and takes no time."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._now = 0.0

    def now(self) -> float:
        return self._now

    async def sleep(self, seconds: float) -> None:
        self._now += seconds
        self._node.mine(1)


@dataclass
class Setting:
    node: Node
    rpc: Rpc
    journal: Journal
    lane: Lane

    async def send(self, name: str = "seen-1", call: RouterCall = CALL) -> Attempt:
        opportunity = Opportunity(name, "ethereum")
        return await self.lane.send(opportunity, Execution(name, "ethereum", Status.PENDING), call)

    @staticmethod
    async def verified() -> None:
        """The network is the right one."""

    def states(self, name: str = "seen-1") -> list[AttemptState]:
        return [stored.state for stored in self.journal.attempts(name)]


@pytest.fixture(scope="module")
def node() -> Iterator[Node]:
    with Node.empty(no_mining=True) as empty:
        yield empty


@pytest.fixture
async def setting(node: Node, tmp_path: Path) -> AsyncIterator[Setting]:
    journal = Journal(tmp_path / "ethereum.sqlite3")
    with node.isolated():
        async with Rpc(node.url) as rpc:
            lane = Lane(rpc, journal, development_signer(3), node.chain_id, verify=Setting.verified)
            yield Setting(node, rpc, journal, lane)
        node.rpc("anvil_dropAllTransactions")
    journal.close()


async def test_what_is_sent_is_what_was_recorded(setting: Setting) -> None:
    attempt = await setting.send()
    pending = setting.node.rpc("eth_getTransactionByHash", attempt.hash)
    assert pending["from"].lower() == DEVELOPMENT_ADDRESSES[3].lower()
    assert setting.states() == [AttemptState.SENT]
    envelope = read_envelope(attempt.raw)
    assert (envelope.to, envelope.data, envelope.gas_limit) == (RECEIVER, CALL.data, CALL.gas_limit)
    stored = setting.journal.stored("seen-1")
    assert stored is not None
    assert stored.execution.transaction_hashes == (attempt.hash,)


async def test_nonces_follow_one_another_while_nothing_is_mined(setting: Setting) -> None:
    assert [(await setting.send(name)).nonce for name in ("a", "b", "c")] == [0, 1, 2]


async def test_a_live_record_that_the_node_does_not_know_keeps_its_nonce(setting: Setting) -> None:
    first = await setting.send("a")
    setting.node.rpc("anvil_dropTransaction", first.hash)
    assert await setting.lane.next_nonce() == 1


async def test_a_gap_below_the_live_records_is_filled_first(setting: Setting) -> None:
    first, second = await setting.send("a"), await setting.send("b")
    setting.node.rpc("anvil_dropTransaction", first.hash)
    setting.journal.mark(first.hash, AttemptState.REFUSED)
    assert await setting.lane.next_nonce() == first.nonce < second.nonce


async def test_a_send_that_was_cut_short_goes_out_before_the_next_one(setting: Setting) -> None:
    first = await setting.send("a")
    setting.node.rpc("anvil_dropTransaction", first.hash)
    setting.journal.mark(first.hash, AttemptState.RECORDED)
    second = await setting.send("b")
    setting.node.mine(1)
    for attempt in (first, second):
        assert setting.node.rpc("eth_getTransactionReceipt", attempt.hash)["status"] == "0x1"


async def test_what_the_pool_dropped_goes_out_before_the_next_one(setting: Setting) -> None:
    """Else the next one would wait behind a gap that nobody fills."""
    first = await setting.send("a")
    setting.node.rpc("anvil_dropTransaction", first.hash)
    assert setting.states("a") == [AttemptState.SENT]
    second = await setting.send("b")
    setting.node.mine(1)
    for attempt in (first, second):
        assert setting.node.rpc("eth_getTransactionReceipt", attempt.hash)["status"] == "0x1"


async def test_the_count_of_another_wallet_does_not_end_an_attempt(setting: Setting) -> None:
    """The settings name another wallet by now, whose nonces are higher; the attempt may still be mined."""
    attempt = await setting.send()
    setting.node.rpc("anvil_dropTransaction", attempt.hash)
    now = replace(
        setting,
        lane=Lane(
            setting.rpc,
            setting.journal,
            development_signer(4),
            setting.node.chain_id,
            verify=setting.verified,
        ),
    )
    await now.send("seen-2")
    setting.node.mine(1)
    clock = MiningClock(setting.node)
    watch = Watch(setting.rpc, setting.journal, now.lane, clock, Patience(10, 1, 1))
    with pytest.raises(UnknownOutcomeError):
        await watch.outcome(attempt)
    assert setting.states() == [AttemptState.SENT]


async def test_what_the_wallet_sent_elsewhere_is_counted(setting: Setting) -> None:
    setting.node.rpc(
        "eth_sendTransaction",
        {"from": DEVELOPMENT_ADDRESSES[3], "to": RECEIVER, "value": "0x1", "gas": "0x5208"},
    )
    assert (await setting.send()).nonce == 1


async def test_a_wallet_without_money_is_refused_and_its_nonce_is_free(setting: Setting) -> None:
    setting.node.set_balance(DEVELOPMENT_ADDRESSES[3], 1)
    with pytest.raises(TransactionRefusedError, match="nsufficient funds"):
        await setting.send()
    assert setting.states() == [AttemptState.REFUSED]
    setting.node.set_balance(DEVELOPMENT_ADDRESSES[3], ETHER)
    assert (await setting.send("seen-2")).nonce == 0


async def test_a_repeated_send_never_frees_the_nonce(setting: Setting) -> None:
    attempt = await setting.send()
    setting.node.rpc("anvil_dropTransaction", attempt.hash)
    setting.node.set_balance(DEVELOPMENT_ADDRESSES[3], 1)
    await setting.lane.send_again(attempt)
    assert setting.states() == [AttemptState.SENT]
    assert await setting.lane.next_nonce() == 1


async def test_nothing_is_signed_for_a_network_that_has_changed(setting: Setting, tmp_path: Path) -> None:
    async def changed() -> None:
        raise JournalError("another network.", fix="stop")

    lane = Lane(setting.rpc, setting.journal, development_signer(3), setting.node.chain_id, verify=changed)
    with pytest.raises(JournalError):
        await lane.send(Opportunity("a", "x"), Execution("a", "x", Status.PENDING), CALL)
    assert setting.states("a") == []
    assert setting.node.rpc("txpool_status")["pending"] == "0x0"


async def test_a_record_that_cannot_be_written_stops_the_send(setting: Setting) -> None:
    setting.journal._engine.dispose()
    setting.journal.path.unlink()
    setting.journal.path.mkdir()
    with pytest.raises(JournalError):
        await setting.send()
    assert setting.node.rpc("txpool_status")["pending"] == "0x0"
    setting.journal.path.rmdir()


async def test_a_receipt_ends_the_wait_and_the_record(setting: Setting) -> None:
    attempt = await setting.send()
    setting.node.mine(1)
    watch = Watch(setting.rpc, setting.journal, setting.lane, SystemClock(), Patience(5, 1, 0.05))
    receipt = await watch.outcome(attempt)
    assert receipt.success
    assert receipt.gas_cost == receipt.gas_used * receipt.effective_gas_price
    assert setting.states() == [AttemptState.MINED]


async def test_an_unsigned_fee_below_the_base_fee_is_refused(setting: Setting) -> None:
    cheap = replace(CALL, fees=Fees(1, 1, 2 * GWEI))
    with pytest.raises(TransactionRefusedError):
        await setting.send(call=cheap)
    assert setting.states() == [AttemptState.REFUSED]


def test_a_public_mempool_is_refused_only_where_it_is_one() -> None:
    from executor.chain.network import Network
    from executor.config.chains import load_chain
    from executor.submission.guard import check_public

    ethereum, base = load_chain("ethereum"), load_chain("base")
    real, local = Network(1, False, "Geth"), Network(1, True, "anvil")
    with pytest.raises(SafetyError, match="allow_public"):
        check_public(ethereum, real, allow_public=False)
    check_public(ethereum, real, allow_public=True)
    check_public(ethereum, local, allow_public=False)
    check_public(base, Network(8453, False, "Geth"), allow_public=False)
