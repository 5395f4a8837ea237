"""Which network a node serves, and whether it is a real one."""

from dataclasses import dataclass, replace

from executor.chain.quantities import answer_error, quantity
from executor.chain.rpc import Call, Rpc, results
from executor.domain.chain import ChainData
from executor.domain.errors import ConfigError, NodeError

_LOCAL_CLIENTS = ("anvil", "hardhat", "ganache", "eth-tester", "ethereumjs testrpc", "foundry", "tenderly")
_LOCAL_CHAIN_IDS = frozenset({1337, 31337})
_LOCAL_METHODS = ("anvil_nodeInfo", "hardhat_metadata")


@dataclass(frozen=True, slots=True)
class Network:
    """What a node says of itself. `is_local`: a development node or a fork, whatever chain id it bears;
    nothing there is real.
    """

    chain_id: int
    is_local: bool
    client: str


async def identify(rpc: Rpc) -> Network:
    """Ask the node for its chain id and client, and whether it takes orders that only a development node
    takes.

    Raises NodeError when it does not answer. An unknown client counts as real: that is the side on which
    money is at stake.
    """
    named = named_network(*results(await rpc.batch(NETWORK_CALLS)))
    return named if named.is_local else replace(named, is_local=await _takes_orders(rpc))


NETWORK_CALLS: tuple[Call, ...] = (("eth_chainId", ()), ("web3_clientVersion", ()))
"""What `named_network` goes by."""


def named_network(chain_id: object, client: object) -> Network:
    """The network by the answers to `NETWORK_CALLS`: local where client or chain id say so. A development
    node under another name counts as real here. Raises NodeError.
    """
    number = quantity(chain_id, "eth_chainId")
    if not isinstance(client, str):
        raise answer_error("web3_clientVersion", "is not text")
    named = any(name in client.lower() for name in _LOCAL_CLIENTS)
    return Network(chain_id=number, is_local=named or number in _LOCAL_CHAIN_IDS, client=client)


def require_chain(network: Network, chain: ChainData, name: str) -> None:
    """Raise ConfigError when the node serves another chain than the one that the settings call `name`."""
    if network.chain_id != chain.chain_id:
        raise ConfigError(
            f"chains.{name}.rpc_url",
            f"the node serves chain id {network.chain_id}, {name} is {chain.chain_id}",
            fix="point rpc_url at a node of this chain",
        )


async def _takes_orders(rpc: Rpc) -> bool:
    """True if the node answers one of the development methods. Gateways reject unknown methods in many ways:
    all mean no.
    """
    for method in _LOCAL_METHODS:
        try:
            await rpc.call(method)
        except NodeError:
            continue
        return True
    return False
