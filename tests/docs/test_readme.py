"""The README is run: its commands, its settings, its opportunities and its Python, in the order in which they
stand there.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from devnet import ETHEREUM, Node, abi
from executor.config.settings import Settings
from executor.engine.intake import problems
from executor.operations.exit_codes import MEANINGS

PROJECT = Path(__file__).resolve().parents[2]
TEXT = (PROJECT / "README.md").read_text()
BIN = Path(sys.executable).parent
SERVED = "http://127.0.0.1:8545"


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)


def commands() -> list[str]:
    return [line for block in blocks("sh") for line in block.splitlines() if line]


def opportunities() -> list[dict[str, object]]:
    return [json.loads(block) for block in blocks("json")]


def test_the_two_commands_come_first_and_are_targets_of_the_makefile() -> None:
    assert commands()[:2] == ["make demo", "make test"]
    targets = set(re.findall(r"^([a-z-]+):", (PROJECT / "Makefile").read_text(), re.MULTILINE))
    assert {"demo", "test", "devnet", "imports"} <= targets


def test_every_link_leads_somewhere() -> None:
    for page in (PROJECT / "README.md", *sorted((PROJECT / "docs").glob("*.md"))):
        for target in re.findall(r"\]\(([^)#]+)\)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_the_page_on_prices_shows_a_command_that_is_run_here() -> None:
    page = (PROJECT / "docs" / "pricing.md").read_text()
    (shown,) = re.findall(r"^```sh\n(.*?)\n```$", page, re.MULTILINE | re.DOTALL)
    assert shown in commands()


def test_files_that_the_pages_name_exist() -> None:
    for page in (PROJECT / "README.md", *sorted((PROJECT / "docs").glob("*.md"))):
        for name in re.findall(
            r"`((?:executor|contracts|docs|tests|examples)/[a-z_/.A-Z]+)`", page.read_text()
        ):
            assert (PROJECT / name).exists(), f"{page.name} names {name}"


def test_the_table_of_exit_codes_is_that_of_the_program() -> None:
    rows = re.findall(r"^\| (\d+) \| (.+?) \|$", TEXT, re.MULTILINE)
    assert rows == [(str(code.value), meaning) for code, meaning in MEANINGS.items()]


def test_the_settings_are_accepted() -> None:
    settings = Settings.from_mapping(yaml.safe_load(blocks("yaml")[0]))
    assert settings.chain("ethereum").max_base_fee == 60 * 10**9


@pytest.mark.parametrize("opportunity", opportunities(), ids=lambda given: str(given["opportunity_id"]))
def test_the_opportunities_are_accepted(opportunity: dict[str, object]) -> None:
    assert problems(opportunity) == []


@pytest.fixture
def node() -> Iterator[Node]:
    with Node.load("ethereum") as running:
        yield running


def run(command: str, node: Node, folder: Path) -> subprocess.CompletedProcess[str]:
    """One command of the README in a folder of its own, with the local chain's real address for the one it
    shows.
    """
    program, *arguments = shlex.split(command.replace(SERVED, node.url))
    environment = {**os.environ, "PYTHONPATH": str(PROJECT)}
    done = subprocess.run(
        [str(PROJECT / program if program.startswith(".tools/") else BIN / Path(program).name), *arguments],
        cwd=PROJECT if "ape" in program else folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
    return done


@pytest.mark.slow
def test_a_newcomer_who_follows_it_on_the_local_chain_earns(node: Node, tmp_path: Path) -> None:
    deploy, open_gap = (line for line in commands() if SERVED in line)
    run(f"{deploy} --deployments {tmp_path / 'deployments'}", node, tmp_path)
    router = json.loads((tmp_path / "deployments/1.json").read_text())["router"]
    weth = ETHEREUM.tokens["WETH"]
    settings = yaml.safe_load(blocks("yaml")[0].replace(SERVED, node.url))
    (tmp_path / "config.yaml").write_text(yaml.safe_dump({**settings, "journal": str(tmp_path / "journal")}))
    run(".venv/bin/executor check", node, tmp_path)
    held_by_all, taken_by_others = (line for line in commands() if "executor wallet" in line)
    assert "ETH" in run(held_by_all, node, tmp_path).stdout
    assert json.loads(run(taken_by_others, node, tmp_path).stdout) == {"approvals": [], "unread": []}

    (tmp_path / "opportunities.jsonl").write_text(
        "".join(json.dumps(given) + "\n" for given in opportunities())
    )
    run(open_gap, node, tmp_path)
    of_the_pair, of_the_route = (line for line in commands() if "executor quote" in line)
    assert "net profit" in run(of_the_pair, node, tmp_path).stdout
    assert json.loads(run(of_the_route, node, tmp_path).stdout)["ok"] is True
    dry_run, real_run = (line for line in commands() if "executor run opportunities.jsonl" in line)
    tried = [json.loads(line) for line in run(dry_run, node, tmp_path).stdout.splitlines()]
    assert [result["status"] for result in tried] == ["dry_run", "dry_run"]

    held = node.erc20_balance(weth, router)
    done = [json.loads(line) for line in run(real_run, node, tmp_path).stdout.splitlines()]
    # The size limit leaves some of the gap to the second.
    assert [result["status"] for result in done] == ["realised", "realised"]
    earned = sum(int(result["realised_profit"]) for result in done)
    assert node.erc20_balance(weth, router) - held == earned > 0
    again = [json.loads(line) for line in run(real_run, node, tmp_path).stdout.splitlines()]
    assert [result["transaction_hashes"] for result in again] == [
        result["transaction_hashes"] for result in done
    ]

    history, pnl = (line for line in commands() if "executor history" in line or "executor pnl" in line)
    told = run(history, node, tmp_path).stdout
    assert all(str(given["opportunity_id"]) in told for given in opportunities()[:2])
    lines = json.loads(run(pnl, node, tmp_path).stdout)["lines"]
    assert [int(line["profit"]) for line in lines if line["token"] == weth] == [earned]

    words = run(f".venv/bin/executor explain {done[0]['plan']}", node, tmp_path).stdout
    assert "profit is measured in settlement token 0" in words

    run(open_gap, node, tmp_path)
    (tmp_path / "example.py").write_text(blocks("python")[0])
    printed = run("python example.py", node, tmp_path).stdout
    assert "realised" in printed
    assert int(node.call(router, abi.encode_call("paused()")).hex(), 16) == 0
