"""The chains that can be built: number, hardfork, fees and where their clock starts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from devnet.settings import GWEI

# How much stands on a chain: the lean tier needs no slow compiler, the full tier is built on top of it.
Tier = Literal["lean", "full"]
TIERS: tuple[Tier, ...] = ("lean", "full")


@dataclass(frozen=True)
class ChainSpec:
    """What a node must be told about a chain, since none of it is in a dump.

    `base_fee` is in wei per gas, `gas_limit` is the block's, `genesis_number` the block number at which the
    build starts, so that numbers look like the real chain's.
    """

    name: str
    chain_id: int
    hardfork: str
    base_fee: int
    gas_limit: int
    genesis_number: int

    def node_arguments(self) -> list[str]:
        """Chain id and hardfork as anvil takes them; both are lost when only the state is loaded."""
        return ["--chain-id", str(self.chain_id), "--hardfork", self.hardfork]


ETHEREUM = ChainSpec(
    name="ethereum",
    chain_id=1,
    hardfork="osaka",
    base_fee=2 * GWEI,
    gas_limit=60_000_000,
    genesis_number=22_700_000,
)
BASE = ChainSpec(
    name="base",
    chain_id=8453,
    hardfork="osaka",
    base_fee=GWEI // 100,
    gas_limit=240_000_000,
    genesis_number=31_000_000,
)

CHAINS: dict[str, ChainSpec] = {spec.name: spec for spec in (ETHEREUM, BASE)}
