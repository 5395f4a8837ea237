"""The very calldata that would be sent is what the node is asked about."""

from collections.abc import AsyncIterator, Iterator

import pytest

from devnet import Node
from devnet.market import trade
from devnet.node import ETHER
from executor.chain.arbitrum import NODE_INTERFACE
from executor.chain.head import head
from executor.chain.receipts import receipt, settlement_delta
from executor.chain.rpc import Rpc
from executor.chain.simulation import estimate_gas, rehearse, simulate
from executor.domain.address import Address, to_address
from executor.domain.decision import Simulation
from executor.domain.errors import NodeError, PlanError, RevertError
from executor.domain.fee_rules import DataFee
from executor.domain.market import BlockHead
from executor.domain.route import Funding, SizedRoute
from executor.plan import decode_revert, encode
from executor.policy.fees import calldata_floor
from executor.routing.sizing import forward
from tests.support.misbehaving_node import MisbehavingNode, each
from tests.support.proxy import Answer, ChangingProxy, Request
from tests.support.routers import FOREVER, OPERATOR, STRANGER, Desk, deploy_desk

HOPS = (("uniswap_v2 USDC/WETH", "WETH"), ("sushi_v2 USDC/WETH", "USDC"))
SENDER, BYSTANDER = to_address(OPERATOR), to_address(STRANGER)


def decoder(data: bytes) -> tuple[str, dict[str, object]]:
    """The project's own decoder in the shape that simulation takes."""
    error = decode_revert(data)
    return error.name, dict(error.args)


@pytest.fixture(scope="module")
def deployed() -> Iterator[Desk]:
    with Node.load("ethereum") as node:
        yield deploy_desk(node)


@pytest.fixture
def desk(deployed: Desk) -> Iterator[Desk]:
    with deployed.node.isolated():
        yield deployed


@pytest.fixture
async def rpc(desk: Desk) -> AsyncIterator[Rpc]:
    async with Rpc(desk.node.url) as connection:
        yield connection


def plan(desk: Desk, *, minimum: int = 1, gap: bool = True) -> bytes:
    """One WETH around two pools, between which somebody opened a gap."""
    if gap:
        trade(desk.node, desk.record(HOPS[0][0]), desk.book.tokens["USDC"], 400_000 * 10**6)
    route = desk.route("WETH", *HOPS)
    amounts = forward(route, desk.states(leg.pool for leg in route.legs), ETHER)
    sized = SizedRoute(route, amounts, Funding.INVENTORY)
    return encode(sized, settlement_index=0, minimum_profit=minimum, deadline=FOREVER)


async def asked(rpc: Rpc, desk: Desk, calldata: bytes, block: BlockHead) -> Simulation:
    return await simulate(
        rpc,
        sender=SENDER,
        to=desk.router,
        calldata=calldata,
        block=block,
        gas_limit_multiplier_bps=12_000,
        decode=decoder,
    )


async def test_the_simulated_profit_is_the_executed_one_to_the_wei(desk: Desk, rpc: Rpc) -> None:
    calldata = plan(desk)
    simulated = await simulate(
        rpc,
        sender=SENDER,
        to=desk.router,
        calldata=calldata,
        block=await head(rpc),
        gas_limit_multiplier_bps=12_000,
        decode=decoder,
    )
    sent = desk.node.send(OPERATOR, desk.router, calldata, gas=simulated.gas_limit)
    done = await receipt(rpc, sent["transactionHash"])
    assert done is not None
    assert done.success
    assert settlement_delta(done, to_address(desk.book.tokens["WETH"]), desk.router) == simulated.profit > 0
    assert done.gas_used <= simulated.gas_used <= done.gas_used * 5 // 4
    assert simulated.gas_limit >= -(-simulated.gas_used * 12_000 // 10_000)


async def test_the_gas_used_is_the_receipts_and_the_limit_goes_by_the_estimate(desk: Desk, rpc: Rpc) -> None:
    """Storage is refunded at the end, so the least limit that works is above what is used."""
    calldata = plan(desk)
    desk.node.increase_time(60)
    block = await head(rpc)
    simulated = await asked(rpc, desk, calldata, block)
    estimate = await estimate_gas(rpc, sender=SENDER, to=desk.router, calldata=calldata, block=block)
    sent = desk.node.send(OPERATOR, desk.router, calldata, gas=simulated.gas_limit)
    done = await receipt(rpc, sent["transactionHash"])
    assert done is not None
    assert simulated.gas_used == done.gas_used < estimate
    assert simulated.gas_limit == -(-estimate * 12_000 // 10_000)


async def simulated_on_arbitrum(rpc: Rpc, desk: Desk, calldata: bytes) -> Simulation:
    return await simulate(
        rpc,
        sender=SENDER,
        to=desk.router,
        calldata=calldata,
        block=await head(rpc),
        gas_limit_multiplier_bps=12_000,
        data_fee=DataFee.ARBITRUM,
        decode=decoder,
    )


async def test_where_data_cost_gas_their_part_is_added_up_to_the_estimate(desk: Desk, rpc: Rpc) -> None:
    """A stand-in NodeInterface, which only Nitro has: it names 1,000 gas, then a million, then reverts."""
    calldata = plan(desk)
    desk.node.increase_time(60)
    plain = await asked(rpc, desk, calldata, await head(rpc))
    estimate = await estimate_gas(
        rpc, sender=SENDER, to=desk.router, calldata=calldata, block=await head(rpc)
    )
    assert plain.gas_used + 1_100 < estimate
    assert await simulated_on_arbitrum(rpc, desk, calldata) == plain
    for code, used in (
        ("6103e85f5260605ff3", plain.gas_used + 1_100),
        ("620f42405f5260605ff3", estimate),
        ("5f5ffd", estimate),
    ):
        desk.node.set_code(NODE_INTERFACE, bytes.fromhex(code))
        told = await simulated_on_arbitrum(rpc, desk, calldata)
        assert (told.gas_used, told.gas_limit) == (used, plain.gas_limit)


UNUSABLE: dict[str, Answer] = {
    "no such method": {"error": {"code": -32601, "message": "the method does not exist"}},
    "too busy": {"error": {"code": -32000, "message": "try later"}},
    "nothing": {"result": None},
    "no blocks": {"result": []},
    "no gas": {"result": [{"calls": [{"status": "0x1", "returnData": "0x"}]}]},
    "a failed call": {"result": [{"calls": [{"status": "0x0", "returnData": "0x", "gasUsed": "0x1"}]}]},
    "another profit": {
        "result": [{"calls": [{"status": "0x1", "returnData": "0x" + "00" * 32, "gasUsed": "0x1"}]}]
    },
}


@pytest.mark.parametrize("told", UNUSABLE.values(), ids=UNUSABLE.keys())
async def test_without_a_usable_simulation_the_estimate_counts_as_used(
    desk: Desk, rpc: Rpc, told: Answer
) -> None:
    calldata = plan(desk)
    desk.node.increase_time(60)
    block = await head(rpc)
    estimate = await estimate_gas(rpc, sender=SENDER, to=desk.router, calldata=calldata, block=block)

    def withhold(request: Request) -> Answer | None:
        return dict(told) if request["method"] == "eth_simulateV1" else None

    async with ChangingProxy(desk.node.url, withhold=withhold) as proxy, Rpc(proxy.url) as without:
        for _ in range(2):
            assert (await asked(without, desk, calldata, block)).gas_used == estimate
        known = told.get("error", {}).get("code") != -32601
        assert proxy.methods.count("eth_simulateV1") == (2 if known else 1)


async def test_a_simulation_never_uses_less_than_the_calldata_costs(desk: Desk, rpc: Rpc) -> None:
    calldata = plan(desk)
    block = await head(rpc)

    def understate(request: Request, answer: Answer) -> Answer:
        if request["method"] == "eth_simulateV1":
            answer["result"][0]["calls"][0]["gasUsed"] = "0x0"
        return answer

    async with ChangingProxy(desk.node.url, understate) as proxy, Rpc(proxy.url) as wrong:
        assert (await asked(wrong, desk, calldata, block)).gas_used == calldata_floor(calldata)


async def test_a_plan_that_does_not_earn_reverts_with_the_figures(desk: Desk, rpc: Rpc) -> None:
    calldata = plan(desk, minimum=ETHER)
    with pytest.raises(RevertError) as caught:
        await simulate(
            rpc,
            sender=SENDER,
            to=desk.router,
            calldata=calldata,
            block=await head(rpc),
            gas_limit_multiplier_bps=12_000,
            decode=decoder,
        )
    assert caught.value.facts["error"] == "ProfitBelowMinimum"
    assert "ProfitBelowMinimum" in str(caught.value)


async def test_who_sends_is_part_of_the_question(desk: Desk, rpc: Rpc) -> None:
    calldata = plan(desk)
    with pytest.raises(RevertError):
        await simulate(
            rpc,
            sender=BYSTANDER,
            to=desk.router,
            calldata=calldata,
            block=await head(rpc),
            gas_limit_multiplier_bps=12_000,
        )


async def test_an_older_state_is_what_it_was(desk: Desk, rpc: Rpc) -> None:
    """The gap opens in the block after the one that is asked about."""
    before = await head(rpc)
    calldata = plan(desk)
    with pytest.raises(RevertError):
        await simulate(
            rpc,
            sender=SENDER,
            to=desk.router,
            calldata=calldata,
            block=before,
            gas_limit_multiplier_bps=12_000,
        )


async def test_an_address_without_a_router_is_told_apart_from_no_profit(desk: Desk, rpc: Rpc) -> None:
    with pytest.raises(NodeError, match="is there a router"):
        await simulate(
            rpc,
            sender=SENDER,
            to=Address("0x00000000000000000000000000000000000000F6"),
            calldata=plan(desk, gap=False),
            block=await head(rpc),
            gas_limit_multiplier_bps=12_000,
        )


@pytest.mark.parametrize("gas", [None, "lots", "0x", 21000])
async def test_a_wrong_gas_estimate_is_named(desk: Desk, rpc: Rpc, gas: object) -> None:
    def answer(request: dict[str, object]) -> object:
        word = "0x" + "00" * 31 + "07"
        return {"id": request["id"], "result": gas if request["method"] == "eth_estimateGas" else word}

    block = await head(rpc)
    async with MisbehavingNode(each(answer)) as node, Rpc(node.url()) as wrong:
        with pytest.raises(NodeError, match="eth_estimateGas"):
            await simulate(
                wrong,
                sender=SENDER,
                to=desk.router,
                calldata=b"\x01",
                block=block,
                gas_limit_multiplier_bps=12_000,
            )


async def test_a_rehearsal_tells_what_each_step_gives(desk: Desk, rpc: Rpc) -> None:
    calldata = plan(desk)
    result = await rehearse(rpc, sender=SENDER, to=desk.router, calldata=calldata, decode=decoder)
    assert result.profit == desk.simulate(calldata)
    assert [hop.output > 0 and hop.gas_used > 0 for hop in result.hops] == [True, True]


async def test_a_rehearsal_of_a_plan_that_fails_gives_the_plans_reason(desk: Desk, rpc: Rpc) -> None:
    with pytest.raises(RevertError, match="ProfitBelowMinimum") as refused:
        await rehearse(
            rpc, sender=SENDER, to=desk.router, calldata=plan(desk, minimum=10**20), decode=decoder
        )
    assert refused.value.facts["error"] == "ProfitBelowMinimum"


async def test_only_a_router_rehearses_and_only_plans(desk: Desk, rpc: Rpc) -> None:
    weth = to_address(desk.book.tokens["WETH"])
    with pytest.raises(NodeError, match="is there a router at that address"):
        await rehearse(rpc, sender=SENDER, to=weth, calldata=plan(desk))
    with pytest.raises(PlanError, match="no call of the router's execute"):
        await rehearse(rpc, sender=SENDER, to=desk.router, calldata=b"")
