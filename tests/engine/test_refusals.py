"""What the engine does not take on: each refusal has a stable code, names the field, and sends nothing."""

from __future__ import annotations

import json
import time
from importlib import resources
from typing import Any

import pytest
from eth_account import Account

from devnet import ETHEREUM, Node
from executor.chain.deployments import as_json
from executor.domain.deployment import Part
from executor.domain.errors import ConfigError
from executor.domain.execution import Execution, Status
from executor.engine.executor import Executor
from tests.support.proxy import RealLookingNode
from tests.support.routers import OWNER, PAUSER
from tests.support.trading import OPERATOR, Trading, explicit, high_level

STA, USDC, WETH = (ETHEREUM.tokens[symbol] for symbol in ("STA", "USDC", "WETH"))
V2_POOL = ETHEREUM.pool("uniswap_v2 USDC/WETH").address
V3_POOL = ETHEREUM.pool("uniswap_v3 USDC/WETH 500").address
USDT_POOL = ETHEREUM.pool("uniswap_v2 WETH/USDT").address


async def execute(trading: Trading, opportunity: Any, *, dry_run: bool = False, **changes: Any) -> Execution:
    async with Executor(trading.settings(**changes), dry_run=dry_run) as executor:
        return await executor.execute(opportunity)


def assert_refused(trading: Trading, execution: Execution, code: str, field: str | None = None) -> None:
    assert execution.status is Status.REJECTED, execution.reasons
    (reason,) = execution.reasons
    assert reason.code == code
    assert "Fix: " in reason.message
    if field is not None:
        assert reason.facts["field"] == field
    assert trading.nonce() == 0


def with_leg(index: int, **changes: Any) -> dict[str, Any]:
    opportunity = explicit()
    opportunity["legs"][index].update(changes)
    return opportunity


WRONG: list[tuple[str, dict[str, Any], str]] = [
    ("a chain that is not configured", explicit(chain="base"), "chain"),
    ("an unknown symbol", high_level(token="NOPE"), "token"),
    ("an address that is no token", high_level(token=V3_POOL), "token"),
    ("a token of a wrong checksum", high_level(token=USDC.replace("A0b8", "a0b8")), "token"),
    ("the quote token twice", high_level(token="WETH"), "token"),
    ("an unknown exchange to buy at", high_level(buy="nowhere"), "buy_dex"),
    ("an unknown exchange to sell at", high_level(sell="nowhere"), "sell_dex"),
    ("one pool only", high_level(sell="uniswap_v2"), "sell_dex"),
    (
        "a quote token that the router does not settle in",
        high_level(quote_token=STA, token="WETH", sell="uniswap_v2"),
        "sell_dex",
    ),
    ("an address without a pool", with_leg(1, pool=OPERATOR), "legs[1].pool"),
    ("a pool of another kind", with_leg(0, kind="uniswap_v3"), "legs[0].pool"),
    ("a pool of another exchange", with_leg(0, dex="sushiswap_v2"), "legs[0].dex"),
    ("an exchange of another kind", with_leg(0, dex="uniswap_v3", kind="uniswap_v2"), "legs[0].kind"),
    ("another fee than the pool's", with_leg(0, fee=500), "legs[0].fee"),
    ("a token that the pool does not hold", with_leg(0, token_in="DAI"), "legs[0].token_in"),
    ("a leg that does not follow", with_leg(1, pool=USDT_POOL), "legs[1].token_in"),
    ("a walk that does not close", with_leg(1, token_in="WETH"), "legs[1].token_in"),
    ("inventory that is not there", explicit(funding="inventory", amount=str(10**30)), "funding"),
]


@pytest.mark.parametrize(("opportunity", "field"), [row[1:] for row in WRONG], ids=[row[0] for row in WRONG])
async def test_a_wrong_field_is_named(trading: Trading, opportunity: dict[str, Any], field: str) -> None:
    trading.open_gap()
    if field == "funding":
        trading.node.set_erc20_balance(WETH, trading.router, 0)
    assert_refused(trading, await execute(trading, opportunity), "invalid_opportunity", field)


async def test_a_pair_that_an_exchange_does_not_have_is_told_with_the_field(trading: Trading) -> None:
    execution = await execute(trading, high_level(token=STA, sell="sushiswap_v2"))
    assert_refused(trading, execution, "pool_not_found", "sell_dex")


async def test_a_token_that_the_router_does_not_settle_in_is_no_start(trading: Trading) -> None:
    pools = [
        ETHEREUM.pool("uniswap_v2 STA/WETH").address,
        V2_POOL,
        ETHEREUM.pool("sushi_v2 USDC/WETH").address,
    ]
    legs = [{"pool": pools[0], "token_in": STA}, {"pool": pools[1], "token_in": "WETH"}]
    execution = await execute(trading, explicit() | {"legs": legs})
    assert_refused(trading, execution, "invalid_opportunity", "legs[0].token_in")


async def test_bad_input_of_any_kind_leaves_the_process_alive(trading: Trading) -> None:
    trading.open_gap()
    async with Executor(trading.settings()) as executor:
        nonsense: list[Any] = [None, 7, "x", [], {}, {"legs": 1}, {"opportunity_id": "a", "amount": 1.5}]
        for document in nonsense:
            rejected = await executor.execute(document)
            assert rejected.status is Status.REJECTED
            assert all(reason.facts["field"] for reason in rejected.reasons)
        assert (await executor.execute(explicit())).status is Status.REALISED


async def test_a_rejected_opportunity_may_come_again_when_it_is_mended(trading: Trading) -> None:
    trading.open_gap()
    async with Executor(trading.settings()) as executor:
        assert (await executor.execute(with_leg(0, fee=500))).status is Status.REJECTED
        assert (await executor.execute(explicit())).status is Status.REALISED


async def test_a_pool_by_address_needs_no_factory(trading: Trading) -> None:
    """With the factory gone the pool still trades, as a pool of no named exchange."""
    trading.open_gap()
    trading.node.set_code(ETHEREUM.contracts["uniswap_v2_factory"], b"")
    execution = await execute(trading, explicit())
    assert execution.status is Status.REALISED, execution.reasons
    assert "at unnamed" in execution.route[0]
    assert "at sushiswap_v2" in execution.route[1]


async def test_a_paused_router_is_not_tried(trading: Trading) -> None:
    trading.open_gap()
    trading.desk.send(PAUSER, "pause()")
    assert_refused(trading, await execute(trading, explicit()), "router_paused")


async def test_a_wallet_that_is_no_operator_is_told_so(trading: Trading) -> None:
    trading.open_gap()
    execution = await execute(trading, explicit(), wallet={"development_account": 5})
    assert_refused(trading, execution, "not_operator")
    trading.desk.send(OWNER, "allowOperator(address,bool)", trading.node.accounts[5].address, True)
    execution = await execute(trading, explicit(), wallet={"development_account": 5})
    assert execution.status is Status.REALISED


async def test_other_code_at_the_routers_address_is_refused(trading: Trading) -> None:
    trading.open_gap()
    settings = trading.settings()
    trading.node.set_code(trading.router, trading.node.code(trading.router) + b"\x00")
    async with Executor(settings) as executor:
        assert_refused(trading, await executor.execute(explicit()), "router_mismatch")


@pytest.mark.parametrize("part", [part for part in Part if part is not Part.ROUTER])
async def test_other_code_at_the_address_of_a_part_is_refused(trading: Trading, part: Part) -> None:
    trading.open_gap()
    settings = trading.settings()
    address = trading.desk.parts[part]
    trading.node.set_code(address, trading.node.code(address) + b"\x00")
    async with Executor(settings) as executor:
        assert_refused(trading, await executor.execute(explicit()), "router_mismatch")


async def test_an_address_without_code_is_no_router(trading: Trading) -> None:
    execution = await execute(trading, explicit(), deployment=None, router=OPERATOR)
    assert_refused(trading, execution, "router_mismatch")


async def test_a_router_named_by_address_alone_works(trading: Trading) -> None:
    trading.open_gap()
    execution = await execute(trading, explicit(), deployment=None, router=trading.router)
    assert execution.status is Status.REALISED


async def test_a_node_of_another_chain_is_refused(trading: Trading) -> None:
    with Node.empty(chain_id=5) as other:
        execution = await execute(trading, explicit(), rpc_url=other.url)
    assert_refused(trading, execution, "invalid_config", "chains.ethereum.rpc_url")


async def test_a_deployment_of_a_real_network_is_not_taken_for_a_local_one(trading: Trading) -> None:
    path = trading.folder / "real.json"
    path.write_text(json.dumps(as_json(trading.deployment(local=False))))
    execution = await execute(trading, explicit(), deployment=str(path))
    assert_refused(trading, execution, "invalid_config", str(path))


async def test_a_wrong_setting_stops_at_once_and_is_named(trading: Trading) -> None:
    with pytest.raises(ConfigError) as caught:
        Executor(trading.settings(min_profit=1))
    assert caught.value.field == "chains.ethereum.min_profit"


async def test_no_wallet_is_told_before_anything_is_read(trading: Trading) -> None:
    assert_refused(
        trading, await execute(trading, explicit(), wallet=None), "invalid_config", "chains.ethereum.wallet"
    )


# No accident with real money.


def own_keystore(trading: Trading) -> dict[str, Any]:
    """A wallet of the user's own, encrypted, made the operator of the router and given gas money."""
    account = Account.create()
    keystore, passphrase = trading.folder / "own.json", trading.folder / "passphrase"
    keystore.write_text(json.dumps(Account.encrypt(account.key, "correct horse", iterations=2)))
    passphrase.write_text("correct horse\n")
    passphrase.chmod(0o600)
    trading.node.set_balance(account.address, 10**18)
    trading.desk.send(OWNER, "allowOperator(address,bool)", account.address, True)
    return {"keystore": str(keystore), "passphrase": {"file": str(passphrase)}}


def real_deployment(trading: Trading) -> str:
    path = trading.folder / "real.json"
    path.write_text(json.dumps(as_json(trading.deployment(local=False))))
    return str(path)


def like_a_real_network(trading: Trading, real: RealLookingNode) -> dict[str, Any]:
    """What a user would set on a real network.

    The chain data leave out the feeds, which are not Chainlink's here.
    """
    # A real network is only traded on while its newest block is young, and a node that was put back lives in
    # the time of the block that it was put back to.
    newest = int(trading.node.block()["timestamp"], 16)
    trading.node.mine(timestamp=max(int(time.time()), newest + 1))
    data = trading.folder / "chain.yaml"
    text = (resources.files("executor") / "chains" / "ethereum.yaml").read_text()
    data.write_text(text[: text.index("feeds:")] + "feeds: {}\n")
    return {
        "rpc_url": real.url,
        "data": str(data),
        "deployment": real_deployment(trading),
        "wallet": own_keystore(trading),
        "min_profit_usd": 0,
    }


async def test_a_development_key_is_refused_on_a_real_network(trading: Trading) -> None:
    trading.open_gap()
    async with RealLookingNode(trading.node.url) as real:
        execution = await execute(
            trading, explicit(), rpc_url=real.url, deployment=real_deployment(trading), allow_public=True
        )
        assert_refused(trading, execution, "refused_for_safety")
        assert "development" in execution.reasons[0].message
        assert "eth_sendRawTransaction" not in real.methods


async def test_an_own_key_is_refused_on_a_local_node_of_chain_id_1(trading: Trading) -> None:
    trading.open_gap()
    execution = await execute(trading, explicit(), wallet=own_keystore(trading))
    assert_refused(trading, execution, "refused_for_safety")


async def test_sending_into_a_public_mempool_is_refused_unless_allowed(trading: Trading) -> None:
    trading.open_gap()
    async with RealLookingNode(trading.node.url) as real:
        changes = like_a_real_network(trading, real)
        execution = await execute(trading, explicit(), **changes)
        assert_refused(trading, execution, "refused_for_safety")
        assert "allow_public" in execution.reasons[0].message
        execution = await execute(trading, explicit(), dry_run=True, **changes)
        assert execution.status is Status.DRY_RUN, execution.reasons
        assert "eth_sendRawTransaction" not in real.methods
        execution = await execute(trading, explicit(), allow_public=True, **changes)
        assert execution.status is Status.REALISED, execution.reasons


async def test_an_address_that_fails_its_check_is_refused_on_a_real_network(trading: Trading) -> None:
    """The local mainnet's feeds do not call themselves by Chainlink's names: just right here."""
    trading.open_gap()
    async with RealLookingNode(trading.node.url) as real:
        changes = like_a_real_network(trading, real) | {"data": None, "allow_public": True}
        execution = await execute(trading, explicit(), **changes)
        assert_refused(trading, execution, "refused_for_safety")
        assert "feeds.WETH" in execution.reasons[0].message
        assert "eth_sendRawTransaction" not in real.methods


async def test_a_real_network_that_stands_still_is_not_traded_on(trading: Trading) -> None:
    def rewind(request: dict[str, Any], answer: dict[str, Any]) -> dict[str, Any]:
        if request["method"] == "eth_getBlockByNumber" and answer.get("result"):
            answer["result"]["timestamp"] = hex(int(answer["result"]["timestamp"], 16) - 10_000)
        return answer

    async with RealLookingNode(trading.node.url) as real:
        real.change = rewind
        execution = await execute(trading, explicit(), dry_run=True, **like_a_real_network(trading, real))
    assert execution.status is Status.FAILED
    assert [reason.code for reason in execution.reasons] == ["node_behind"]
