"""Contracts that are compiled here: this project's few small ones and packaged sources without bytecode."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from devnet import packages
from devnet.artifacts import Artifact
from devnet.compiler import compile_files
from devnet.manifest import AERODROME, CHAINLINK, OPENZEPPELIN

FOLDER = Path(__file__).resolve().parent / "contracts"
OPTIMIZED = {"enabled": True, "runs": 200}
SETTINGS = {"optimizer": OPTIMIZED, "evmVersion": "cancun", "metadata": {"bytecodeHash": "none"}}


@lru_cache(maxsize=1)
def contracts() -> dict[str, Artifact]:
    """The contracts of `devnet/contracts`, by name. Raises CompileError."""
    return compile_files(
        sorted(path.name for path in FOLDER.glob("*.sol")),
        base_path=FOLDER,
        version="0.8.28",
        settings=SETTINGS,
        remappings={"@openzeppelin/contracts/": packages.root(OPENZEPPELIN)},
    )


@lru_cache(maxsize=1)
def chainlink() -> dict[str, Artifact]:
    """Chainlink's aggregator proxy and its mock aggregator, by name. Raises CompileError."""
    return compile_files(
        ["src/v0.6/EACAggregatorProxy.sol", "src/v0.6/tests/MockV3Aggregator.sol"],
        base_path=packages.root(CHAINLINK),
        version="0.6.6",
        settings={"optimizer": OPTIMIZED},
    )


@lru_cache(maxsize=1)
def aerodrome() -> dict[str, Artifact]:
    """Aerodrome's pool, factory, registry and router, by name. Raises CompileError."""
    root = packages.root(AERODROME) / "domains" / "aerodrome"
    return compile_files(
        [
            "contracts/Pool.sol",
            "contracts/Router.sol",
            "contracts/factories/PoolFactory.sol",
            "contracts/factories/FactoryRegistry.sol",
        ],
        base_path=root,
        version="0.8.28",
        settings=SETTINGS,
        remappings={"@openzeppelin/contracts/": packages.root(OPENZEPPELIN)},
    )
