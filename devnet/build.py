"""Build a chain from real bytecode on an empty node."""

from __future__ import annotations

from collections.abc import Callable

from devnet import cache, packages
from devnet.addresses import AddressBook
from devnet.books import BOOKS
from devnet.chains import ChainSpec
from devnet.manifest import PACKAGES
from devnet.node import Node
from devnet.place import Placer
from devnet.protocols import (
    aave_v3,
    aerodrome_v2,
    balancer_v2,
    chainlink,
    multicall3,
    optimism,
    pancake_v3,
    permit2,
    sushi_v2,
    tokens,
    uniswap_v2,
    uniswap_v3,
    uniswap_v4,
)

Builder = Callable[[Placer, AddressBook], None]

# In order: tokens first, since everything else holds some; feeds before the lenders that read them.
BUILDERS: dict[str, tuple[Builder, ...]] = {
    "ethereum": (
        tokens.build,
        chainlink.build,
        multicall3.build,
        permit2.build,
        uniswap_v2.build,
        sushi_v2.build,
        uniswap_v3.build,
        pancake_v3.build,
        uniswap_v4.build,
        balancer_v2.build,
        aave_v3.build,
    ),
    "base": (
        tokens.build,
        chainlink.build,
        multicall3.build,
        permit2.build,
        optimism.build,
        uniswap_v2.build,
        uniswap_v3.build,
        pancake_v3.build,
        uniswap_v4.build,
        aerodrome_v2.build,
        balancer_v2.build,
        aave_v3.build,
    ),
}


def build(spec: ChainSpec) -> Node:
    """A node with everything of the chain's address book on it; the caller closes it.

    Raises DevnetError when a package, a compilation or an address is not as it should be.
    """
    packages.ensure(PACKAGES[spec.name])
    node = Node.empty(
        chain_id=spec.chain_id,
        hardfork=spec.hardfork,
        number=spec.genesis_number,
        base_fee=spec.base_fee,
        gas_limit=spec.gas_limit,
    )
    try:
        with cache.progress(f"building the {spec.name} chain"):
            place = Placer(node)
            for builder in BUILDERS[spec.name]:
                builder(place, BOOKS[spec.name])
            node.mine()
    except BaseException:
        node.close()
        raise
    return node
