"""The addresses of the chain data, asked of a chain; and what a network is."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from devnet import Node
from executor.chain.checks import require_checked, run_checks
from executor.chain.network import identify, require_chain
from executor.chain.rpc import Rpc
from executor.config.chains import load_chain
from executor.domain.address import Address
from executor.domain.chain import ChainData, KnownAddress
from executor.domain.errors import ConfigError, NodeError, SafetyError
from executor.wallet.guard import check_signer
from tests.support.misbehaving_node import MisbehavingNode, each, result
from tests.support.proxy import RealLookingNode

ELSEWHERE = Address("0x00000000000000000000000000000000000000A1")
SUBSTITUTED = {
    "feeds.WETH",
    "feeds.USDC",
    "feeds.USDT",
    "feeds.DAI",
    "tokens.WBTC",
    "dexes.pancakeswap_v2.factory",
    "dexes.sushiswap_v3.factory",
    "registries.curve_address_provider",
    "registries.curve_meta_registry",
}
"""The local mainnet has packaged mock aggregators, which give another description, and not all of these."""

NOT_ON_LOCAL_BASE = {
    "feeds.WETH",
    "feeds.USDC",
    "feeds.DAI",
    "tokens.USDbC",
    "tokens.DAI",
    "dexes.sushiswap_v2.factory",
    "dexes.sushiswap_v3.factory",
    "dexes.pancakeswap_v2.factory",
    "sequencer_uptime_feed",
}


@pytest.fixture
async def masked(ethereum: Node) -> AsyncIterator[Rpc]:
    async with RealLookingNode(ethereum.url) as proxy, Rpc(proxy.url) as rpc:
        yield rpc


def factory(chain: ChainData) -> KnownAddress:
    return chain.dexes["uniswap_v3"].known


async def test_the_chain_data_of_ethereum_hold_on_its_real_bytecode(
    ethereum_full_node: Node, chain: ChainData
) -> None:
    async with Rpc(ethereum_full_node.url) as rpc:
        results = await run_checks(rpc, chain.known_addresses())
    assert [result.known for result in results] == list(chain.known_addresses())
    assert {result.known.name for result in results if not result.ok} <= SUBSTITUTED


async def test_the_chain_data_of_base_hold_on_its_real_bytecode(base_full_node: Node) -> None:
    data = load_chain("base")
    async with Rpc(base_full_node.url) as rpc:
        network = await identify(rpc)
        require_chain(network, data, "ethereum")
        results = await run_checks(rpc, data.known_addresses())
    assert {told.known.name for told in results if not told.ok} <= NOT_ON_LOCAL_BASE


async def test_an_address_that_is_something_else_fails_and_says_what_it_said(
    rpc: Rpc, chain: ChainData
) -> None:
    check = replace(factory(chain).checks[0], to=chain.dexes["pancakeswap_v3"].dex.factory)
    (told,) = await run_checks(rpc, [replace(factory(chain), checks=(check,))])
    assert not told.ok
    assert "expected getPool" in told.message
    assert "0x1ac1a8fe".replace("0x", "") in told.message.lower()


async def test_an_address_without_code_fails(rpc: Rpc, chain: ChainData) -> None:
    check = replace(factory(chain).checks[0], to=ELSEWHERE)
    (told,) = await run_checks(rpc, [replace(factory(chain), checks=(check,))])
    assert told.message.endswith("the chain says no answer")


async def test_on_a_real_network_a_failing_address_is_refused(rpc: Rpc, chain: ChainData) -> None:
    check = replace(factory(chain).checks[0], to=ELSEWHERE)
    with pytest.raises(SafetyError, match=r"dexes\.uniswap_v3\.factory"):
        await require_checked(rpc, [replace(factory(chain), checks=(check,))], is_local=False)


async def test_on_a_real_network_an_unchecked_address_is_refused(rpc: Rpc, chain: ChainData) -> None:
    with pytest.raises(SafetyError, match="no check"):
        await require_checked(rpc, [replace(factory(chain), checks=())], is_local=False)


async def test_on_a_real_network_a_passing_address_is_accepted(rpc: Rpc, chain: ChainData) -> None:
    await require_checked(rpc, [factory(chain)], is_local=False)


async def test_on_a_local_node_nothing_is_asked(chain: ChainData) -> None:
    async with MisbehavingNode(result(None)) as node, Rpc(node.url()) as rpc:
        await require_checked(rpc, [replace(factory(chain), checks=())], is_local=True)
        assert node.seen == []


async def test_a_local_mainnet_with_chain_id_one_is_local(rpc: Rpc) -> None:
    network = await identify(rpc)
    assert network.is_local
    assert network.chain_id == 1
    assert "anvil" in network.client


async def test_a_node_of_another_chain_is_refused_by_its_key(rpc: Rpc, chain: ChainData) -> None:
    network = await identify(rpc)
    require_chain(network, chain, "ethereum")
    with pytest.raises(ConfigError, match="chain id 1, base is 8453") as caught:
        require_chain(network, load_chain("base"), "base")
    assert caught.value.field == "chains.base.rpc_url"


async def test_a_fork_is_local(ethereum: Node) -> None:
    with Node.fork(ethereum.url) as fork:
        async with Rpc(fork.url) as rpc:
            network = await identify(rpc)
    assert network.is_local
    assert network.chain_id == 1


async def test_a_node_that_shows_no_sign_of_development_is_real(masked: Rpc) -> None:
    network = await identify(masked)
    assert not network.is_local
    assert network.chain_id == 1
    assert network.client.startswith("Geth")
    with pytest.raises(SafetyError):
        check_signer(network.is_local, Address("0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"))


async def test_a_development_node_under_another_name_is_known_by_its_orders() -> None:
    def renamed(request: dict[str, object]) -> object:
        answers = {"eth_chainId": "0x1", "web3_clientVersion": "erigon/3.0", "hardhat_metadata": {}}
        if request["method"] in answers:
            return {"id": request["id"], "result": answers[str(request["method"])]}
        return {"id": request["id"], "error": {"code": -32601, "message": "Method not found"}}

    async with MisbehavingNode(each(renamed)) as node, Rpc(node.url()) as rpc:
        assert (await identify(rpc)).is_local


async def test_a_development_chain_id_is_local() -> None:
    def geth_dev(request: dict[str, object]) -> object:
        return {
            "id": request["id"],
            "result": "0x539" if request["method"] == "eth_chainId" else "Geth/v1.16",
        }

    async with MisbehavingNode(each(geth_dev)) as node, Rpc(node.url()) as rpc:
        assert (await identify(rpc)).is_local


@pytest.mark.parametrize(
    ("method", "value"),
    [("eth_chainId", None), ("eth_chainId", 1), ("web3_clientVersion", None), ("web3_clientVersion", 7)],
)
async def test_a_node_that_does_not_say_what_it_is_is_refused(method: str, value: object) -> None:
    def vague(request: dict[str, object]) -> object:
        told = {"eth_chainId": "0x1", "web3_clientVersion": "Geth"} | {method: value}
        return {"id": request["id"], "result": told[str(request["method"])]}

    async with MisbehavingNode(each(vague)) as node, Rpc(node.url()) as rpc:
        with pytest.raises(NodeError, match=method):
            await identify(rpc)
