"""The demo: real protocols on a local chain, a fork of it, the router deployed by the Ape script, four
opportunities.

Everything that the executor does here it does through its command line, as a user would: `executor run -`
reads opportunities as JSON lines and answers one JSON object each. Profits are what receipts and balances
show.
"""

from __future__ import annotations

import json
import os
import secrets
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml
from eth_account import Account
from rich.console import Console
from rich.table import Table

from devnet import abi
from devnet.addresses import ETHEREUM, USDC, WETH
from devnet.cache import progress
from devnet.errors import DevnetError
from devnet.market import trade
from devnet.node import ETHER, DevAccount, Node

PROJECT = Path(__file__).resolve().parent.parent
INVENTORY = 25 * ETHER
GAP = 400_000 * 10**6
WIDE_GAP = 3_000_000 * 10**18

CONSOLE = Console(stderr=True, highlight=False)


class DemoError(DevnetError, RuntimeError):
    """The demo did not show what it promises."""

    code = "devnet.demo"


@dataclass(frozen=True)
class Case:
    """One opportunity of the demo, and the status and funding that it must end with."""

    name: str
    opportunity: Mapping[str, Any]
    status: str
    funding: str | None
    gap: tuple[str, str, int] | None


def leg(pool: str, token_in: str) -> dict[str, str]:
    """An explicit leg over a pool of the local chain, by the name that the chain's book gives it."""
    return {"pool": ETHEREUM.pool(pool).address, "token_in": token_in}


TWO_VENUES = {"token": "USDC", "quote_token": "WETH", "buy_dex": "uniswap_v2", "sell_dex": "sushiswap_v2"}
CASES = (
    Case(
        "two venues, own inventory",
        {
            "legs": [leg("uniswap_v2 USDC/WETH", "WETH"), leg("sushi_v2 USDC/WETH", "USDC")],
            "funding": "inventory",
        },
        "realised",
        "inventory",
        ("uniswap_v2 USDC/WETH", USDC, GAP),
    ),
    Case(
        "same pair by names, callback chain",
        {**TWO_VENUES, "funding": "callback_chain"},
        "realised",
        "callback_chain",
        ("uniswap_v2 USDC/WETH", USDC, GAP),
    ),
    Case(
        "three hops, Aave loan",
        {
            "legs": [
                leg("uniswap_v3 DAI/WETH 3000", "WETH"),
                leg("uniswap_v3 DAI/USDC 100", "DAI"),
                leg("uniswap_v3 USDC/WETH 500", "USDC"),
            ],
            "funding": "aave_v3",
        },
        "realised",
        "aave_v3",
        ("uniswap_v3 DAI/WETH 3000", ETHEREUM.tokens["DAI"], WIDE_GAP),
    ),
    Case("the first gap again, closed by now", TWO_VENUES, "declined", None, None),
)


def main() -> int:
    """Run the demo; the exit status is 0 when every case ended as it should, 130 when it was stopped."""
    signal.signal(signal.SIGTERM, signal.getsignal(signal.SIGINT))
    try:
        with tempfile.TemporaryDirectory(prefix="arbitrage-demo-") as name:
            results = run(Path(name))
    except (DevnetError, subprocess.CalledProcessError) as error:
        CONSOLE.print(f"demo: {error}", style="red", markup=False)
        return 1
    except KeyboardInterrupt:
        CONSOLE.print("demo: stopped; nothing of it is left running")
        return 130
    print(json.dumps({"cases": [summary(case, result) for case, result in results]}))
    return 0


def run(folder: Path) -> list[tuple[Case, dict[str, Any]]]:
    """Stand everything up below `folder`, take the cases in order, take everything down again."""
    with Node.load("ethereum") as mainnet, Node.fork(mainnet.url, base_fee=2 * 10**9) as fork:
        CONSOLE.print(f"local mainnet at {mainnet.url}, its fork at {fork.url} (chain id {fork.chain_id})")
        owner, operator = fork.accounts[0], fork.accounts[1]
        deployment = deploy(folder, fork, owner, operator)
        router = str(deployment["router"])
        stock(fork, owner, router)
        config = configure(folder, fork, operator)
        results = []
        with executor(config, folder) as ask:
            for number, case in enumerate(CASES, 1):
                results.append((case, take(fork, router, number, case, ask)))
    CONSOLE.print(table(results))
    for case, result in results:
        check(case, result)
    return results


def deploy(folder: Path, fork: Node, owner: DevAccount, operator: DevAccount) -> dict[str, Any]:
    """Deploy the router with the project's own Ape script; what it wrote about it."""
    records = folder / "deployments"
    ape = str(Path(sys.executable).with_name("ape"))
    command = [ape, "run", "deploy", "--network", f"ethereum:mainnet:{fork.url}"]
    command += ["--account", "TEST::0", "--operator", operator.address, "--pauser", owner.address]
    command += ["--deployments", str(records), "--yes"]
    with progress("deploying the router by `ape run deploy`"):
        done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise DemoError(f"the deploy script failed: {done.stdout}{done.stderr}", "read what it said")
    CONSOLE.print(done.stdout.strip(), markup=False)
    deployment: dict[str, Any] = json.loads((records / "1.json").read_text())
    return deployment


def stock(fork: Node, owner: DevAccount, router: str) -> None:
    """The owner wraps ether and sends it to the router: the inventory."""
    fork.send(owner.address, WETH, abi.encode_call("deposit()"), value=INVENTORY)
    fork.send(owner.address, WETH, abi.encode_call("transfer(address,uint256)", router, INVENTORY))
    CONSOLE.print(f"router {router} holds {shown(INVENTORY)} WETH of its owner's")


def configure(folder: Path, fork: Node, operator: DevAccount) -> Path:
    """An encrypted keystore for the operator and the settings file that names it; the settings' path."""
    passphrase = secrets.token_urlsafe(24)
    keystore = folder / "operator.json"
    keystore.write_text(
        json.dumps(Account.encrypt(bytes.fromhex(operator.private_key[2:]), passphrase, iterations=2**12))
    )
    secret = folder / "passphrase"
    secret.touch(mode=0o600)
    secret.write_text(passphrase)
    settings = {
        "journal": str(folder / "journal"),
        "chains": {
            "ethereum": {
                "rpc_url": fork.url,
                "deployment": str(folder / "deployments" / "1.json"),
                "wallet": {"keystore": str(keystore), "passphrase": {"file": str(secret)}},
                "min_profit_usd": "1",
                "max_trade_size_usd": "1000000",
                "max_base_fee_gwei": "50",
                "gas_limit_multiplier": "1.2",
            }
        },
    }
    path = folder / "config.yaml"
    path.write_text(yaml.safe_dump(settings))
    return path


@contextmanager
def executor(config: Path, folder: Path) -> Iterator[Any]:
    """The executor as a process that reads opportunities; the value asks it one and gives its answer."""
    command = [str(Path(sys.executable).with_name("executor")), "run", "-", "--config", str(config)]
    log = (folder / "executor.log").open("w")
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True, cwd=PROJECT
    )
    assert process.stdin is not None
    assert process.stdout is not None
    lines_in, lines_out = process.stdin, process.stdout

    def ask(opportunity: Mapping[str, Any]) -> dict[str, Any]:
        lines_in.write(json.dumps(opportunity) + "\n")
        lines_in.flush()
        answer = lines_out.readline()
        if not answer:
            said = (folder / "executor.log").read_text()[-2000:]
            raise DemoError(f"the executor ended without an answer: {said}", "read what it said")
        result: dict[str, Any] = json.loads(answer)
        return result

    try:
        yield ask
        lines_in.close()
        process.wait(timeout=30)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        log.close()


def take(fork: Node, router: str, number: int, case: Case, ask: Any) -> dict[str, Any]:
    """Open the case's gap by somebody's trade, hand the opportunity over, compare the router's own
    balance.
    """
    if case.gap is not None:
        pool, token, amount = case.gap
        trade(fork, ETHEREUM.pool(pool), token, amount)
    before = fork.erc20_balance(WETH, router)
    with progress(f"case {number}: {case.name}"):
        result: dict[str, Any] = ask(
            {"opportunity_id": f"demo-{number}", "chain": "ethereum", **case.opportunity}
        )
    gained = fork.erc20_balance(WETH, router) - before
    if gained != int(result["realised_profit"] or 0):
        raise DemoError(
            f"case {number}: the router gained {gained} wei, {result['realised_profit']} were reported",
            "do not trust the report",
        )
    return result


def check(case: Case, result: Mapping[str, Any]) -> None:
    """Raise DemoError unless the case ended as promised, with the expected profit realised to the wei."""
    if result["status"] != case.status or (case.funding and result["funding"] != case.funding):
        raise DemoError(
            f"{case.name}: ended as {result['status']} by {result['funding']}: {result['reasons']}", ""
        )
    if case.status == "realised" and result["expected_profit"] != result["realised_profit"]:
        raise DemoError(
            f"{case.name}: expected {result['expected_profit']}, got {result['realised_profit']}", ""
        )


def table(results: list[tuple[Case, dict[str, Any]]]) -> Table:
    """The cases for people: the router's gain in WETH after premium, then gas and what is left after it."""
    shown_table = Table(title="Arbitrage on a fork of the local mainnet (WETH)", show_lines=True)
    shown_table.add_column("case", overflow="fold")
    for heading in ("expected profit", "realised profit"):
        shown_table.add_column(heading, justify="right", no_wrap=True)
    for case, result in results:
        if result["status"] != "realised":
            reasons = "; ".join(reason["message"] for reason in result["reasons"])
            shown_table.add_row(f"{case.name}\n{result['status']}: {reasons}", "", "")
            continue
        how = f"{result['status']} by {result['funding']}, {shown(int(result['amount_in']))} in"
        gas = f"{result['gas_used']} gas, {shown(int(result['gas_cost_wei']))} ETH"
        shown_table.add_row(
            f"{case.name}\n{how}\n{gas}",
            shown(int(result["expected_profit"])),
            f"{shown(int(result['realised_profit']))}\n\nnet {shown(int(result['realised_net_profit']))}",
        )
    return shown_table


def summary(case: Case, result: Mapping[str, Any]) -> dict[str, Any]:
    """The case in the demo's closing JSON line: amounts in wei as strings."""
    return {
        "name": case.name,
        "status": result["status"],
        "expected_profit": result["expected_profit"],
        "realised_profit": result["realised_profit"],
        "gas_used": result["gas_used"],
        "funding": result["funding"],
    }


def shown(wei: int) -> str:
    """Wei as whole coins, for people; every digit, so that equal amounts look equal."""
    return f"{Decimal(wei).scaleb(-18):f}"


if __name__ == "__main__":
    os.environ.setdefault("PYTHONUNBUFFERED", "1")
    sys.exit(main())
