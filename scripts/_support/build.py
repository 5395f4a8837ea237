"""The router as it is deployed and verified: one compiler input, one bytecode."""

import copy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ape import compilers, config

from devnet.compiler import compile as compile_sources

SOURCE = "contracts/ArbRouter.sol"
NAME = "ArbRouter"


@dataclass(frozen=True)
class RouterBuild:
    """`init_code` lacks the constructor's arguments. `compiler` is solc's version with its commit, as
    explorers want it; `standard_input` the compiler's JSON input that makes this very code.
    """

    compiler: str
    standard_input: dict[str, Any]
    init_code: bytes


def build_router() -> RouterBuild:
    """Compile the router with what it imports and nothing else, under the settings of ape-config.yaml.

    Other contracts in the same compiler run would change the bytes, hence the address. Kept by content in the
    per-user cache. Raises devnet.errors.CompileError.
    """
    ape_solidity = compilers.get_compiler("solidity")
    metadata = (config.get_config("solidity").model_extra or {}).get("metadata")
    extra = {"metadata": metadata} if metadata else {}
    ((version, request),) = ape_solidity.get_standard_input_json([Path(SOURCE).absolute()], **extra).items()
    settings = {key: value for key, value in request["settings"].items() if key != "outputSelection"}
    sources = {name: source["content"] for name, source in request["sources"].items()}
    artifact = compile_sources(sources, version=version.base_version, settings=settings, targets=[SOURCE])[
        NAME
    ]
    return RouterBuild(f"v{version}", _for_explorers(request), artifact.bytecode)


def _for_explorers(request: dict[str, Any]) -> dict[str, Any]:
    """The same input, asking for what explorers read."""
    wanted = copy.deepcopy(request)
    outputs = ["abi", "evm.bytecode", "evm.deployedBytecode", "metadata"]
    wanted["settings"]["outputSelection"] = {SOURCE: {NAME: outputs}}
    return {key: wanted[key] for key in ("language", "sources", "settings")}
