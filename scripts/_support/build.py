"""The router's contracts as they are deployed and verified: for each one compiler input, one bytecode."""

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from ape import compilers, config

from devnet.compiler import compile as compile_sources
from executor.domain.deployment import Part


@dataclass(frozen=True)
class PartBuild:
    """`init_code` lacks the constructor's arguments. `compiler` is solc's version with its commit, as
    explorers want it; `standard_input` the compiler's JSON input that makes this very code.
    """

    part: Part
    compiler: str
    standard_input: Mapping[str, Any]
    init_code: bytes

    @property
    def contract(self) -> str:
        """The contract by source file and name, as explorers want it."""
        return f"{_source(self.part)}:{self.part}"


def build_parts() -> Mapping[Part, PartBuild]:
    """Every contract of the router. Raises devnet.errors.CompileError."""
    return {part: build_part(part) for part in Part}


@cache
def build_part(part: Part) -> PartBuild:
    """Compile one contract with what it imports and nothing else, under the settings of ape-config.yaml.

    Other contracts in the same compiler run would change the bytes, hence the address. Kept by content in the
    per-user cache. Raises devnet.errors.CompileError.
    """
    source = _source(part)
    ape_solidity = compilers.get_compiler("solidity")
    metadata = (config.get_config("solidity").model_extra or {}).get("metadata")
    extra = {"metadata": metadata} if metadata else {}
    ((version, request),) = ape_solidity.get_standard_input_json([Path(source).absolute()], **extra).items()
    settings = {key: value for key, value in request["settings"].items() if key != "outputSelection"}
    sources = {name: found["content"] for name, found in request["sources"].items()}
    made = compile_sources(sources, version=version.base_version, settings=settings, targets=[source])
    return PartBuild(part, f"v{version}", _for_explorers(request, part), made[part].bytecode)


def _source(part: Part) -> str:
    return f"contracts/{part}.sol"


def _for_explorers(request: dict[str, Any], part: Part) -> dict[str, Any]:
    """The same input, asking for what explorers read."""
    wanted = copy.deepcopy(request)
    outputs = ["abi", "evm.bytecode", "evm.deployedBytecode", "metadata"]
    wanted["settings"]["outputSelection"] = {_source(part): {part.value: outputs}}
    return {key: wanted[key] for key in ("language", "sources", "settings")}
