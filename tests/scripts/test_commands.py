"""The scripts as people run them: the real `ape`, a real node, real keystore files."""

import asyncio
import json
from pathlib import Path

import pytest
from eth_account import Account

from devnet import ETHER, ETHEREUM, Node
from devnet.abi import encode_call
from executor.chain.deployments import read_deployment
from executor.domain.deployment import Deployment
from tests.support.ape_sessions import OPERATOR, OWNER, PAUSER, ape
from tests.support.masked_node import NodeMaskedAsGeth

pytestmark = pytest.mark.slow

PASSPHRASE = "correct horse battery staple"
TRACEBACK = 'File "'


def options(url: str, folder: Path, account: str = "TEST::0") -> list[str]:
    return ["--network", f"ethereum:mainnet:{url}", "--deployments", str(folder), "--account", account]


def test_deploy_run_twice_deploys_once(ethereum: Node, tmp_path: Path) -> None:
    command = ["run", "deploy", *options(ethereum.url, tmp_path), "--operator", OPERATOR, "--pauser", PAUSER]
    first = ape(*command, data_folder=tmp_path / "ape")
    assert first.code == 0, first.said
    record = read_deployment(tmp_path / "1.json")
    assert first.said.index(f"router address: {record.router}") < first.said.index("sending: ")
    assert ethereum.code(record.router)
    nonce = ethereum.rpc("eth_getTransactionCount", OWNER, "latest")
    second = ape(*command, data_folder=tmp_path / "ape")
    assert second.code == 0, second.said
    assert "sending: " not in second.said
    assert ethereum.rpc("eth_getTransactionCount", OWNER, "latest") == nonce
    assert read_deployment(tmp_path / "1.json") == record


def test_a_node_of_another_chain_is_refused_in_one_line(ethereum: Node, tmp_path: Path) -> None:
    url = ethereum.url
    ran = ape("run", "deploy", "--network", f"ethereum:sepolia:{url}", data_folder=tmp_path)
    assert ran.code == 1
    assert "Error: Ape: Provider connected to chain ID '1'" in ran.said
    assert TRACEBACK not in ran.said


def test_the_pauser_stops_the_router(ethereum: Node, deployed: Deployment, tmp_path: Path) -> None:
    ran = ape("run", "pause", *options(ethereum.url, tmp_path, "TEST::2"), data_folder=tmp_path / "ape")
    assert ran.code == 0, ran.said
    assert "paused: yes" in ran.said
    assert int.from_bytes(ethereum.call(deployed.router, encode_call("paused()")), "big") == 1


def test_the_owner_takes_the_inventory_home(ethereum: Node, deployed: Deployment, tmp_path: Path) -> None:
    weth = ETHEREUM.tokens["WETH"]
    ethereum.set_erc20_balance(weth, deployed.router, 2 * ETHER)
    before = ethereum.erc20_balance(weth, OWNER)
    ran = ape("run", "withdraw", "WETH", *options(ethereum.url, tmp_path), data_folder=tmp_path / "ape")
    assert ran.code == 0, ran.said
    assert f"taken: {2 * ETHER}, left in the router: 0" in ran.said
    assert ethereum.erc20_balance(weth, OWNER) - before == 2 * ETHER


def test_the_roles_are_changed_from_the_command_line(
    ethereum: Node, deployed: Deployment, tmp_path: Path
) -> None:
    ran = ape(
        "run", "roles", "operator", "none", *options(ethereum.url, tmp_path), data_folder=tmp_path / "ape"
    )
    assert ran.code == 0, ran.said
    assert "sending: leave no primary operator" in ran.said
    assert read_deployment(tmp_path / "1.json").operator is None


async def test_on_a_real_network_a_keystore_deploys_and_a_development_key_is_refused(tmp_path: Path) -> None:
    """The node is a development node behind a mask; the chain data's checks pass on its real bytecode."""
    account = Account.create()
    keystore = tmp_path / "ape" / "accounts" / "deployer.json"
    keystore.parent.mkdir(parents=True)
    keystore.write_text(json.dumps(Account.encrypt(account.key, PASSPHRASE, kdf="pbkdf2", iterations=1000)))
    environ = {"APE_ACCOUNTS_deployer_PASSPHRASE": PASSPHRASE}
    # Ape waits for a second block on mainnet.
    with Node.load("ethereum", block_time=1) as node:
        node.set_balance(account.address, ETHER)
        async with NodeMaskedAsGeth(node.url) as masked:
            refused = await asyncio.to_thread(
                ape, "run", "deploy", *options(masked.url, tmp_path), data_folder=tmp_path / "ape"
            )
            command = ["run", "deploy", *options(masked.url, tmp_path, "deployer")]
            ran = await asyncio.to_thread(
                ape, *command, data_folder=tmp_path / "ape", answers="y\n", environ=environ
            )
        assert refused.code == 1
        assert "is a development account, whose key everybody knows" in refused.said
        assert ran.code == 0, ran.said
        record = read_deployment(tmp_path / "1.json")
        assert node.code(record.router)
    assert "REAL network" in ran.said
    assert "Sign:  [y/N]" in ran.said
    assert (record.owner, record.local) == (account.address, False)
    assert PASSPHRASE not in ran.said
    assert account.key.hex().removeprefix("0x") not in ran.said
