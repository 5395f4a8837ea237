"""A chain, opened: its nodes asked which network they serve, its router compared with what was deployed."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass

from executor.chain.deployments import read_deployment
from executor.chain.network import Network, identify, require_chain
from executor.chain.nodes import Nodes, open_nodes
from executor.config.chains import chain_of
from executor.config.settings import ChainSettings, Settings
from executor.domain.address import Address, to_address
from executor.domain.chain import ChainData
from executor.domain.deployment import Deployment
from executor.domain.errors import ConfigError
from executor.engine.router import check_code


@dataclass(frozen=True, slots=True)
class OpenChain:
    """A chain of the settings on the network that its nodes serve. `deployment` is None where the settings
    name the router's address.
    """

    name: str
    settings: ChainSettings
    chain: ChainData
    rpc: Nodes
    network: Network
    router: Address
    deployment: Deployment | None


@asynccontextmanager
async def open_chain(settings: Settings, name: str) -> AsyncIterator[OpenChain]:
    """The chain `name` while the context lasts. Opens no key and no record.

    Raises ConfigError, RouterMismatchError or NodeError.
    """
    own, chain = settings.chain(name), chain_of(settings, name)
    async with nodes_of(own, name) as rpc:
        network = await identify(rpc)
        require_chain(network, chain, name)
        if network.is_local:
            chain = chain.on_local_node()
        deployment = read_own_deployment(own, chain, network)
        router = deployment.router if deployment else to_address(own.router, f"chains.{name}.router")
        await check_code(rpc, router, deployment)
        yield OpenChain(name, own, chain, rpc, network, router, deployment)


def nodes_of(settings: ChainSettings, name: str) -> AbstractAsyncContextManager[Nodes]:
    """Connections to the nodes of the chain `name`. Raises ConfigError when entered."""
    return open_nodes(
        settings.nodes, timeout_seconds=settings.rpc_timeout_seconds, field=f"chains.{name}.rpc_urls"
    )


def read_own_deployment(settings: ChainSettings, chain: ChainData, network: Network) -> Deployment | None:
    """The deployment file of the chain, None when the settings name the router's address instead.

    Raises ConfigError when the file cannot be read, or was written for another network.
    """
    if settings.router is not None:
        return None
    path = settings.deployment_path(chain.chain_id)
    deployment = read_deployment(path)
    if deployment.chain_id != chain.chain_id or deployment.local != network.is_local:
        kinds = {True: "a local or forked", False: "a real"}
        raise ConfigError(
            str(path),
            f"was written for {kinds[deployment.local]} network with chain id {deployment.chain_id}, the "
            "node serves "
            f"{kinds[network.is_local]} one with {network.chain_id}",
            fix=f"name the right file in chains.{chain.name}.deployment, or deploy on this network",
        )
    return deployment
