"""Compiling: imports, errors in words, and results kept by content."""

from __future__ import annotations

from pathlib import Path

import pytest

from devnet import artifacts, compiler, toolchain
from devnet.artifacts import Artifact
from devnet.errors import ArtifactError, CompileError

VERSION = "0.8.28"
SETTINGS = {"optimizer": {"enabled": True, "runs": 1}, "evmVersion": "cancun"}
HEADER = "// SPDX-License-Identifier: MIT\npragma solidity 0.8.28;\n"


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path_factory.mktemp("cache")
    monkeypatch.setenv("ARBITRAGE_CACHE", str(folder))
    return folder


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A little tree: a contract that imports an interface beside its folder and a library by remapping."""
    for name, body in {
        "contracts/Counter.sol": (
            'import {ICounter} from "../interfaces/ICounter.sol";\n'
            'import "@lib/Step.sol";\n'
            '// import "./nowhere.sol";\n'
            "contract Counter is ICounter {\n"
            "  uint256 public count;\n"
            "  function add() external { count += Step.by(); }\n"
            "}\n"
        ),
        "interfaces/ICounter.sol": "interface ICounter { function add() external; }",
        "vendor/lib/Step.sol": "library Step { function by() internal pure returns (uint256) { return 1; } }",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(HEADER + body)
    return tmp_path


def compile_counter(project: Path) -> Artifact:
    return compiler.compile_files(
        ["contracts/Counter.sol"],
        base_path=project,
        version=VERSION,
        settings=SETTINGS,
        remappings={"@lib/": project / "vendor" / "lib"},
    )["Counter"]


def test_imports_are_followed_through_the_tree_and_remappings(project: Path) -> None:
    artifact = compile_counter(project)
    assert {entry["name"] for entry in artifact.abi} == {"add", "count"}
    assert artifact.deployed_bytecode in artifact.bytecode


def test_the_same_content_is_compiled_once(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = compile_counter(project)

    def no_compiler(version: str) -> Path:
        raise AssertionError("the compiler was started again")

    monkeypatch.setattr(toolchain, "solc_path", no_compiler)
    assert compile_counter(project) == first


def test_a_change_in_an_imported_file_is_compiled_anew(project: Path) -> None:
    first = compile_counter(project)
    step = project / "vendor/lib/Step.sol"
    step.write_text(step.read_text().replace("return 1", "return 2"))
    assert compile_counter(project).bytecode != first.bytecode


def test_a_mistake_in_the_source_is_shown_with_its_place() -> None:
    sources = {"Broken.sol": HEADER + "contract Broken { uint256 x = ; }"}
    with pytest.raises(CompileError, match=r"Broken\.sol:3") as caught:
        compiler.compile(sources, version=VERSION, settings=SETTINGS)
    assert caught.value.code == "devnet.compile"


def test_a_missing_import_is_named(project: Path) -> None:
    (project / "interfaces/ICounter.sol").unlink()
    with pytest.raises(CompileError, match=r"no source file for the import interfaces/ICounter\.sol"):
        compile_counter(project)


def test_two_contracts_of_one_name_are_not_confused() -> None:
    body = HEADER + "contract Same { uint256 public x; }"
    with pytest.raises(CompileError, match="two contracts are named Same"):
        compiler.compile({"A.sol": body, "B.sol": body}, version=VERSION, settings=SETTINGS)


def test_a_compiler_that_is_not_installed_says_what_to_run() -> None:
    with pytest.raises(toolchain.ToolMissingError, match="make setup"):
        compiler.compile({"A.sol": HEADER + "contract A {}"}, version="0.8.1", settings=SETTINGS)


def test_the_projects_settings_come_from_its_ape_configuration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "ape-config.yaml").write_text(
        "solidity:\n  version: 0.8.28\n  evm_version: cancun\n  optimization_runs: 77\n  via_ir: true\n"
    )
    monkeypatch.setattr(compiler, "PROJECT", tmp_path)
    assert compiler.project_settings() == (
        "0.8.28",
        {"optimizer": {"enabled": True, "runs": 77}, "evmVersion": "cancun", "viaIR": True},
    )


def test_a_configuration_without_a_version_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "ape-config.yaml").write_text("name: x\n")
    monkeypatch.setattr(compiler, "PROJECT", tmp_path)
    with pytest.raises(CompileError, match="names no solidity version"):
        compiler.project_settings()


@pytest.mark.parametrize(
    "data",
    [
        {"bytecode": "0x6001"},
        {"bytecode": {"object": "0x6001"}},
        {"bytecode": {"object": "6001"}},
        {"creationCode": "6001"},
        {"evm": {"bytecode": {"object": "6001"}}},
    ],
)
def test_every_dialect_of_artifact_is_read(data: dict[str, object]) -> None:
    assert artifacts.parse(data, name="Any").bytecode == bytes.fromhex("6001")


@pytest.mark.parametrize("data", [{}, {"bytecode": "0x"}, {"bytecode": {"object": ""}}, {"abi": []}])
def test_an_artifact_without_bytecode_is_refused(data: dict[str, object]) -> None:
    with pytest.raises(ArtifactError, match="the artifact Empty holds no creation code"):
        artifacts.parse(data, name="Empty")


def test_libraries_are_linked_and_a_missing_one_is_named() -> None:
    placeholder = "__$" + "a" * 34 + "$__"
    data = {
        "bytecode": "0x73" + placeholder + "00",
        "linkReferences": {"L.sol": {"Lib": [{"start": 1, "length": 20}]}},
    }
    artifact = artifacts.parse(data, name="User")
    library = "0x" + "11" * 20
    assert artifact.linked({"Lib": library}) == bytes.fromhex("73" + "11" * 20 + "00")
    with pytest.raises(ArtifactError, match="User needs the library Lib"):
        artifact.linked({})
