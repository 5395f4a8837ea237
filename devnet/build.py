"""Build a chain from real bytecode on an empty node."""

from __future__ import annotations

from collections.abc import Callable

from devnet import cache, dumps, packages
from devnet.addresses import AddressBook
from devnet.books import BOOKS_OF_TIER
from devnet.chains import ChainSpec, Tier
from devnet.manifest import PACKAGES_OF_TIER
from devnet.node import Node
from devnet.place import Placer
from devnet.protocols import (
    aave_v3,
    aerodrome_v2,
    algebra,
    balancer_v2,
    balancer_v3,
    chainlink,
    curve,
    erc3156,
    erc4626,
    more_tokens,
    morpho_blue,
    multicall3,
    optimism,
    pancake_v3,
    permit2,
    slipstream,
    solidly_v3,
    sushi_v2,
    tokens,
    uniswap_v2,
    uniswap_v3,
    uniswap_v4,
    v2_forks,
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


# On top of those, for the full tier. Vaults first, since their shares stand in pools too.
FULL_BUILDERS: dict[str, tuple[Builder, ...]] = {
    "ethereum": (
        erc4626.build,
        morpho_blue.build,
        balancer_v3.build,
        aave_v3.build_others,
        erc3156.build,
        more_tokens.build,
        curve.build,
        algebra.build,
        v2_forks.build,
        solidly_v3.build,
        uniswap_v4.build_hooked,
    ),
    "base": (
        more_tokens.build,
        morpho_blue.build,
        balancer_v3.build,
        slipstream.build,
        aerodrome_v2.build_stable,
    ),
}
BUILDERS_OF_TIER: dict[Tier, dict[str, tuple[Builder, ...]]] = {"lean": BUILDERS, "full": FULL_BUILDERS}


def build(spec: ChainSpec, tier: Tier = "lean") -> Node:
    """A node with everything of the chain's address book on it; the caller closes it.

    The full tier starts from the dump of the lean one. Raises DevnetError when a package, a compilation or an
    address is not as it should be.
    """
    packages.ensure(PACKAGES_OF_TIER[tier][spec.name])
    node = _empty(spec) if tier == "lean" else Node.of_state(spec, dumps.path(spec))
    title = spec.name if tier == "lean" else f"{tier} {spec.name}"
    try:
        with cache.progress(f"building the {title} chain"):
            place = Placer(node)
            for builder in BUILDERS_OF_TIER[tier][spec.name]:
                builder(place, BOOKS_OF_TIER[tier][spec.name])
            node.mine()
    except BaseException:
        node.close()
        raise
    return node


def _empty(spec: ChainSpec) -> Node:
    return Node.empty(
        chain_id=spec.chain_id,
        hardfork=spec.hardfork,
        number=spec.genesis_number,
        base_fee=spec.base_fee,
        gas_limit=spec.gas_limit,
    )
