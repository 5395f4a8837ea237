"""What is offered for gas, read off the chain's own history."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from devnet import GWEI, Node
from executor.chain.head import head
from executor.chain.rpc import Rpc
from executor.config.chains import load_chain
from executor.config.settings import ChainSettings, Settings
from executor.domain.errors import NodeError
from executor.domain.fee_rules import FeeRules
from executor.domain.market import BlockHead
from executor.engine.gas_market import HISTORY_BLOCKS, GasMarket, GasWatch, read_gas
from executor.policy.fees import Fees, max_base_fee
from executor.policy.gas_levels import GasLevel, L2GasThresholds
from tests.support.misbehaving_node import MisbehavingNode, each, error

ETHEREUM, POLYGON, BSC = (load_chain(name).fees for name in ("ethereum", "polygon", "bsc"))
LOCAL = ETHEREUM.on_local_node()
HEAD = BlockHead(7, "0x" + "aa" * 32, "0x" + "bb" * 32, 0, 100 * GWEI, 100 * GWEI, 30_000_000)


def settings(**own: Any) -> ChainSettings:
    return Settings.from_mapping({"chains": {"ethereum": {"rpc_url": "http://127.0.0.1:1", **own}}}).chain(
        "ethereum"
    )


def node_says(rewards: object, *, ratios: object = None, fees: object = None, suggested: str = "0x5") -> Any:
    """A node with that fee history."""
    rows = rewards if isinstance(rewards, list) else []
    history = {
        "oldestBlock": "0x1",
        "baseFeePerGas": [hex(100 * GWEI)] * (len(rows) + 1) if fees is None else fees,
        "gasUsedRatio": [0.5] * len(rows) if ratios is None else ratios,
        "reward": rewards,
    }
    answers = {"eth_feeHistory": history, "eth_maxPriorityFeePerGas": suggested}
    return each(lambda request: {"id": request["id"], "result": answers[request["method"]]})


async def told(
    behaviour: Any, rules: FeeRules = ETHEREUM, newest: BlockHead = HEAD, **own: Any
) -> tuple[Fees, list[str]]:
    async with MisbehavingNode(behaviour) as node, Rpc(node.url()) as rpc:
        market = await read_gas(rpc, settings(**own), rules, newest, is_local=False)
        assert len(node.seen) == 1
        return market.fees, node.methods()


ROWS = [["0x1", "0x2", "0x3"], ["0x11", "0x12", "0x13"], ["0x21", "0x22", "0x23"]]


@pytest.mark.parametrize(("urgency", "tip"), [("ordinary", 0x11), ("urgent", 0x12), ("at_once", 0x13)])
async def test_the_tip_is_what_others_paid_by_urgency(urgency: str, tip: int) -> None:
    fees, methods = await told(node_says(ROWS), LOCAL, bids={"urgency": urgency})
    assert fees.max_priority_fee_per_gas == tip
    assert methods == ["eth_feeHistory", "eth_maxPriorityFeePerGas"]


@pytest.mark.parametrize(("rules", "least"), [(ETHEREUM, 10**6), (BSC, 5 * 10**7), (POLYGON, 25 * GWEI)])
async def test_less_than_the_chain_asks_is_never_offered(rules: FeeRules, least: int) -> None:
    fees, _ = await told(node_says(ROWS), rules)
    assert fees.max_priority_fee_per_gas == least


@pytest.mark.parametrize(
    "history",
    [
        node_says([["0x0", "0x0", "0x0"]], ratios=[0.0], suggested=hex(3 * GWEI)),
        node_says([], fees=[hex(100 * GWEI)], suggested=hex(3 * GWEI)),
        node_says(None, fees=[hex(100 * GWEI)], suggested=hex(3 * GWEI)),
    ],
    ids=["empty blocks", "no blocks", "no rewards"],
)
async def test_where_nothing_was_paid_the_node_is_asked(history: Any) -> None:
    assert (await told(history))[0].max_priority_fee_per_gas == 3 * GWEI
    assert (await told(history, POLYGON))[0].max_priority_fee_per_gas == 25 * GWEI


async def test_the_users_own_tip_comes_before_all() -> None:
    fees, _ = await told(node_says(ROWS), POLYGON, priority_fee_gwei="0.5")
    assert fees.max_priority_fee_per_gas == GWEI // 2


async def test_the_maximum_lasts_for_the_blocks_of_the_settings() -> None:
    for blocks in (1, 3, 10):
        fees, _ = await told(node_says(ROWS), LOCAL, bids={"horizon_blocks": blocks})
        assert fees.max_fee_per_gas == 0x12 + max_base_fee(100 * GWEI, blocks - 1, 30_000_000)


async def test_the_ceiling_of_the_settings_is_never_passed() -> None:
    fees, _ = await told(node_says(ROWS), LOCAL, bids={"max_fee_per_gas_gwei": "101"})
    assert fees == Fees(101 * GWEI, 0x12, 100 * GWEI)
    fees, _ = await told(node_says(ROWS), LOCAL, bids={"max_fee_per_gas_gwei": "99"})
    assert fees == Fees(99 * GWEI, 0, 100 * GWEI)


async def test_where_there_is_no_base_fee_the_tip_is_all_that_is_offered() -> None:
    newest = replace(HEAD, base_fee=0, next_base_fee=0, rule=BSC.base_fee)
    fees, _ = await told(node_says(ROWS, fees=["0x0"] * 4), BSC, newest)
    assert fees == Fees(5 * 10**7, 5 * 10**7, 0)


async def test_polygons_maximum_follows_what_a_block_may_move_at_most() -> None:
    newest = replace(HEAD, rule=POLYGON.base_fee)
    fees, _ = await told(node_says(ROWS), POLYGON, newest, bids={"horizon_blocks": 3})
    margin = fees.max_fee_per_gas - 25 * GWEI - 100 * GWEI
    assert 10_250_000_000 <= margin <= 10_250_000_000 + 10_000


async def test_a_node_that_foretells_a_higher_base_fee_is_believed_a_lower_one_not() -> None:
    for foretold, expected in ((120 * GWEI, 120 * GWEI), (80 * GWEI, 100 * GWEI)):
        fees, _ = await told(node_says(ROWS, fees=[hex(foretold)] * 4))
        assert fees.base_fee == expected


async def test_a_node_without_fee_history_still_serves() -> None:
    def old(request: Any) -> object:
        if request["method"] == "eth_feeHistory":
            return {"id": request["id"], "error": {"code": -32601, "message": "no such method"}}
        return {"id": request["id"], "result": hex(2 * GWEI)}

    fees, _ = await told(each(old))
    assert (fees.base_fee, fees.max_priority_fee_per_gas) == (100 * GWEI, 2 * GWEI)


@pytest.mark.parametrize(
    ("history", "named"),
    [
        (node_says(ROWS, fees=[]), "baseFeePerGas"),
        (node_says(ROWS, fees="0x1"), "baseFeePerGas"),
        (node_says([["0x1", "x", "0x3"]]), "reward"),
        (node_says(["0x1"]), "reward"),
        (node_says(ROWS, ratios=[]), "reward"),
        (node_says({"0": "0x1"}), "reward"),
        (node_says([], fees=["0x1"], suggested="five"), "eth_maxPriorityFeePerGas"),
        (error(-32000, "busy"), "busy"),
    ],
)
async def test_nonsense_is_named(history: Any, named: str) -> None:
    with pytest.raises(NodeError, match=named):
        await told(history)


@pytest.fixture(scope="module")
def empty() -> Iterator[Node]:
    with Node.empty(gas_limit=20_000_000) as node:
        yield node


async def test_a_real_node_tells_what_its_blocks_paid(empty: Node) -> None:
    sender, other = empty.accounts[0].address, empty.accounts[1].address

    async def fees(**own: Any) -> GasMarket:
        async with Rpc(empty.url) as rpc:
            return await read_gas(rpc, settings(**own), LOCAL, await head(rpc), is_local=True)

    suggested = int(empty.rpc("eth_maxPriorityFeePerGas"), 16)
    assert (await fees()).fees.max_priority_fee_per_gas == suggested
    for _ in range(3):
        price = {"maxFeePerGas": hex(50 * GWEI), "maxPriorityFeePerGas": hex(7 * GWEI)}
        empty.rpc("eth_sendTransaction", {"from": sender, "to": other, "value": "0x1", **price})
        empty.mine()
    offered = (await fees()).fees
    assert offered.max_priority_fee_per_gas == 7 * GWEI
    empty.mine(HISTORY_BLOCKS)
    assert (await fees()).fees.max_priority_fee_per_gas == suggested


async def test_the_terms_for_data_come_in_the_same_batch(base: Node) -> None:
    rules = load_chain("base").fees
    async with Rpc(base.url) as rpc:
        market = await read_gas(rpc, settings(), rules, await head(rpc), is_local=True)
        assert market.data is not None
        assert market.data.oracle_agrees
        assert market.data.sample_fee > 0


def test_a_watch_remembers() -> None:
    watch, levels = GasWatch(), L2GasThresholds(1, 2, 3, 4, 100)
    assert watch.judge(100, 10, levels).level is GasLevel.NEVER
    assert watch.judge(99, 11, levels).level is GasLevel.NEVER
    assert watch.judge(80, 12, levels).level is GasLevel.BAD
