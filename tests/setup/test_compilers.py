"""The compilers that `make setup` places, as py-solc-x, Ape and forge use them; npm's, on node, in detail."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import solcx

from devnet import toolchain
from tools.bootstrap.compilers import agrees

SOLC = "0.8.28"
NPM = toolchain.TOOLS / "solc-npm"
INTERFACE = (
    "// SPDX-License-Identifier: MIT\npragma solidity >=0.6.6;\ninterface IThing { function f() external; }\n"
)
CONTRACT = (
    "// SPDX-License-Identifier: MIT\npragma solidity >=0.6.6;\n"
    'import "../interfaces/IThing.sol";\ncontract Thing is IThing { function f() external override {} }\n'
)


def solc(
    *options: str | Path, question: str = "", version: str = SOLC, cwd: Path | None = None
) -> subprocess.CompletedProcess[str]:
    command = [str(NPM / f"solc-v{version}"), *map(str, options)]
    return subprocess.run(
        command, input=question, capture_output=True, text=True, cwd=cwd, check=False, timeout=60
    )


def ask(sources: dict[str, str]) -> str:
    return json.dumps(
        {
            "language": "Solidity",
            "sources": {name: {"content": content} for name, content in sources.items()},
            "settings": {"outputSelection": {"*": {"*": ["evm.bytecode.object"]}}},
        }
    )


def errors(done: subprocess.CompletedProcess[str]) -> str:
    assert done.returncode == 0, done.stderr
    found = [entry for entry in json.loads(done.stdout).get("errors", []) if entry["severity"] == "error"]
    return "\n".join(entry["formattedMessage"] for entry in found)


def bytecode(done: subprocess.CompletedProcess[str], source: str, contract: str) -> str:
    assert errors(done) == ""
    code: Any = json.loads(done.stdout)["contracts"][source][contract]["evm"]["bytecode"]["object"]
    assert isinstance(code, str)
    return code


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    (tmp_path / "interfaces").mkdir()
    (tmp_path / "interfaces" / "IThing.sol").write_text(INTERFACE)
    (tmp_path / "contracts").mkdir()
    (tmp_path / "contracts" / "Thing.sol").write_text(CONTRACT)
    return tmp_path


def test_the_version_is_told_in_the_words_of_the_native_compiler() -> None:
    done = solc("--version")
    assert done.returncode == 0
    first, second = done.stdout.splitlines()
    assert first == "solc, the solidity compiler commandline interface"
    assert second.startswith("Version: 0.8.28+commit.7893614a.")


@pytest.mark.parametrize("version", toolchain.solc_versions())
def test_every_pinned_compiler_compiles_an_import_from_a_sister_folder(tree: Path, version: str) -> None:
    done = solc(
        "--standard-json",
        "--allow-paths",
        tree,
        version=version,
        cwd=tree,
        question=ask({"contracts/Thing.sol": CONTRACT}),
    )
    assert bytecode(done, "contracts/Thing.sol", "Thing").startswith("6080")


def test_imports_are_found_below_the_base_path_from_any_folder(
    tree: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    question = ask({"contracts/Thing.sol": CONTRACT})
    assert "IThing.sol" in errors(solc("--standard-json", question=question, cwd=elsewhere))
    for option in (["--base-path", str(tree)], [f"--base-path={tree}"]):
        done = solc("--standard-json", *option, question=question, cwd=elsewhere)
        assert bytecode(done, "contracts/Thing.sol", "Thing")


def test_the_question_can_be_a_file(tree: Path) -> None:
    (tree / "question.json").write_text(ask({"contracts/Thing.sol": CONTRACT}))
    assert bytecode(solc("--standard-json", "question.json", cwd=tree), "contracts/Thing.sol", "Thing")


def test_include_paths_are_searched_after_the_base_path(tree: Path) -> None:
    (tree / "library" / "pack").mkdir(parents=True)
    (tree / "library" / "pack" / "Base.sol").write_text("contract Base {}")
    question = ask({"A.sol": 'import "pack/Base.sol"; contract A is Base {}'})
    options = ["--standard-json", "--base-path", "."]
    assert "pack/Base.sol" in errors(solc(*options, question=question, cwd=tree))
    found = solc(*options, "--include-path", "library", question=question, cwd=tree)
    assert bytecode(found, "A.sol", "A")


def test_a_source_found_in_two_places_is_an_error(tree: Path) -> None:
    for folder in ("one", "two"):
        (tree / folder).mkdir()
        (tree / folder / "Base.sol").write_text("contract Base {}")
    question = ask({"A.sol": 'import "Base.sol"; contract A is Base {}'})
    options = ["--base-path", "one", "--include-path", "two"]
    assert "Ambiguous import" in errors(solc("--standard-json", *options, question=question, cwd=tree))


def test_a_file_outside_the_allowed_folders_is_not_read(
    tree: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    outside = tmp_path_factory.mktemp("outside") / "Base.sol"
    outside.write_text("contract Base {}")
    question = ask({"A.sol": f'import "{outside}"; contract A is Base {{}}'})
    refused = solc("--standard-json", "--base-path", ".", question=question, cwd=tree)
    assert "outside of allowed directories" in errors(refused)
    options = ["--base-path", ".", "--allow-paths", f"/nowhere,{outside.parent}"]
    assert bytecode(solc("--standard-json", *options, question=question, cwd=tree), "A.sol", "A")


def test_a_link_does_not_lead_outside_the_allowed_folders(
    tree: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    outside = tmp_path_factory.mktemp("outside") / "Base.sol"
    outside.write_text("contract Base {}")
    (tree / "Base.sol").symlink_to(outside)
    question = ask({"A.sol": 'import "Base.sol"; contract A is Base {}'})
    refused = solc("--standard-json", "--base-path", ".", question=question, cwd=tree)
    assert "outside of allowed directories" in errors(refused)


def test_faults_of_the_source_are_answers_and_faults_of_the_command_are_errors(tree: Path) -> None:
    assert "ParserError" in errors(solc("--standard-json", question=ask({"A.sol": "contract A {"})))
    assert "parse error" in errors(solc("--standard-json", question="nonsense"))
    for command in (["--combined-json", "abi"], ["--base-path", "."], [], ["--standard-json", "--base-path"]):
        done = solc(*command)
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr.startswith("Error: ") and done.stderr.count("\n") == 1
    missing = solc("--standard-json", "absent.json", cwd=tree)
    assert missing.returncode == 1 and "absent.json" in missing.stderr


def test_the_compiler_in_use_makes_the_bytecode_of_npms() -> None:
    assert agrees(toolchain.solc_path(SOLC), NPM / f"solc-v{SOLC}")


def test_a_compiler_that_is_of_another_commit_or_makes_other_bytecode_is_refused(tmp_path: Path) -> None:
    reference = NPM / f"solc-v{SOLC}"
    assert not agrees(NPM / "solc-v0.8.26", reference)
    fake_native_that_answers_only_its_version = tmp_path / "solc"
    fake_native_that_answers_only_its_version.write_text(
        f'#!/bin/sh\n[ "$1" = --version ] && exec {reference} --version\nexec {NPM}/solc-v0.8.26 "$@"\n'
    )
    fake_native_that_answers_only_its_version.chmod(0o755)
    assert not agrees(fake_native_that_answers_only_its_version, reference)
    assert not agrees(tmp_path / "absent", reference)


def test_an_unlisted_version_is_named_with_what_to_do() -> None:
    with pytest.raises(toolchain.ToolMissingError, match=r"solc-v0\.4\.99.*make setup"):
        toolchain.solc_path("0.4.99")


def test_py_solc_x_finds_the_compilers_and_gets_the_same_bytecode(tree: Path) -> None:
    assert SOLC in [str(version) for version in solcx.get_installed_solc_versions()]
    question = ask({"contracts/Thing.sol": CONTRACT})
    answer = solcx.compile_standard(json.loads(question), solc_version=SOLC, base_path=str(tree))
    through_library = answer["contracts"]["contracts/Thing.sol"]["Thing"]["evm"]["bytecode"]["object"]
    direct = solc("--standard-json", "--base-path", tree, question=question)
    assert through_library == bytecode(direct, "contracts/Thing.sol", "Thing")


def test_forge_builds_with_it_without_a_network(tree: Path) -> None:
    (tree / "foundry.toml").write_text('[profile.default]\nsrc = "contracts"\n')
    command = [str(toolchain.forge_path()), "build", "--offline", "--root", str(tree)]
    command += ["--use", str(toolchain.solc_path(SOLC))]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    artifact = json.loads((tree / "out" / "Thing.sol" / "Thing.json").read_text())
    assert artifact["bytecode"]["object"].startswith("0x6080")


@pytest.mark.slow
def test_ape_compiles_imports_from_a_sister_folder_without_a_network(tree: Path) -> None:
    (tree / "ape-config.yaml").write_text(
        f"name: sister\ncontracts_folder: contracts\nsolidity:\n  version: {SOLC}\n"
    )
    ape = str(Path(sys.executable).with_name("ape"))
    # A proxy that nobody serves: whatever Ape would ask the network for fails at once.
    environment = toolchain.environment(os.environ) | {"HTTPS_PROXY": "http://127.0.0.1:9", "HOME": str(tree)}
    done = subprocess.run(
        [ape, "compile"], cwd=tree, env=environment, capture_output=True, text=True, check=False, timeout=240
    )
    assert done.returncode == 0, done.stdout + done.stderr
    manifest = json.loads((tree / ".build" / "__local__.json").read_text())
    assert manifest["contractTypes"]["Thing"]["deploymentBytecode"]["bytecode"].startswith("0x6080")
