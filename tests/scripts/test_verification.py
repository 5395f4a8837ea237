"""Source verification: proven against this checkout, then handed to an explorer that compiles it itself."""

import json
from pathlib import Path

import pytest
import solcx

from devnet import Node
from executor.domain.deployment import Deployment, Part
from executor.domain.errors import ConfigError
from scripts._support.build import build_part
from scripts._support.errors import DeploymentError, ExplorerError
from scripts._support.explorer import Explorer, Submission
from scripts._support.router import Router
from scripts._support.verification import KEY_VARIABLE, URL_VARIABLE, verify
from tests.support.ape_sessions import session_on
from tests.support.explorer_stand_in import ExplorerStandIn

KEY = "OnlyTheExplorerMaySeeThis"


def submission(deployed: Deployment, arguments: bytes = b"") -> Submission:
    """The part that compiles quickest."""
    address = deployed.parts[Part.CONTROL].address
    return Submission(deployed.chain_id, address, build_part(Part.CONTROL), arguments)


@pytest.mark.slow
def test_the_explorer_makes_the_code_of_the_router_and_its_parts_from_what_it_is_sent(
    ethereum: Node, deployed: Deployment, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with session_on(ethereum) as session, ExplorerStandIn(ethereum, KEY) as explorer:
        router = Router.find(session, folder=tmp_path, address=None)
        sent = verify(router, None, {KEY_VARIABLE: KEY, URL_VARIABLE: explorer.url})
    said = capsys.readouterr().out
    assert [submission.build.part for submission in sent] == list(Part)
    for part in Part:
        assert f"explorer, {part}: Pass - Verified" in said
        written = json.loads((tmp_path / f"1.{part}.standard-input.json").read_text())
        assert written == build_part(part).standard_input
    control = deployed.parts[Part.CONTROL].address
    assert f"implementation contract is found at {control.lower()}" in said
    assert KEY not in said


def test_the_compiler_itself_makes_the_code_from_the_input_that_is_handed_in() -> None:
    """As it is written, outputs and all; of the part that compiles quickest."""
    build = build_part(Part.CONTROL)
    answer = solcx.compile_standard(dict(build.standard_input), solc_version=build.compiler[1:].split("+")[0])
    source, name = build.contract.split(":")
    made = answer["contracts"][source][name]
    assert made["evm"]["bytecode"]["object"] == build.init_code.hex()
    assert {"abi", "metadata"} <= set(made)


def test_without_a_key_the_compiler_input_is_written_and_the_way_on_is_said(
    ethereum: Node, deployed: Deployment, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "inputs"
    with session_on(ethereum) as session:
        verify(Router.find(session, folder=tmp_path, address=None), output, {})
    assert f"not submitted: set {KEY_VARIABLE} to submit it" in capsys.readouterr().out
    for part in Part:
        assert json.loads((output / f"1.{part}.standard-input.json").read_text())["language"] == "Solidity"


def test_a_development_node_is_never_sent_to_a_real_explorer(
    ethereum: Node, deployed: Deployment, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with session_on(ethereum) as session:
        verify(Router.find(session, folder=tmp_path, address=None), None, {KEY_VARIABLE: KEY})
    assert "not submitted: no explorer knows a development node" in capsys.readouterr().out


def test_a_router_without_a_record_cannot_be_verified(
    ethereum: Node, deployed: Deployment, tmp_path: Path
) -> None:
    with session_on(ethereum) as session:
        router = Router.find(session, folder=tmp_path / "elsewhere", address=deployed.router)
        with pytest.raises(ConfigError, match="there is no record of this router's deployment"):
            verify(router, None, {})


@pytest.mark.parametrize("part", list(Part))
def test_code_of_another_checkout_is_not_verified(
    ethereum: Node, deployed: Deployment, tmp_path: Path, part: Part
) -> None:
    with session_on(ethereum) as session:
        router = Router.find(session, folder=tmp_path, address=None)
        address = deployed.router if part is Part.ROUTER else deployed.parts[part].address
        ethereum.set_code(address, b"\x60\x00")
        with pytest.raises(DeploymentError, match=f"is not the {part} that this checkout compiles"):
            verify(router, None, {})
    assert not list(tmp_path.glob("*.standard-input.json"))


def test_an_explorer_that_has_not_seen_the_contract_yet_is_asked_again(
    ethereum: Node, deployed: Deployment
) -> None:
    waited: list[float] = []
    with ExplorerStandIn(ethereum, KEY, not_indexed=10) as explorer:
        client = Explorer(KEY, url=explorer.url, sleep=waited.append, patience_seconds=15)
        with pytest.raises(ExplorerError, match="not done yet: Unable to locate ContractCode"):
            client.verify(submission(deployed))
    assert waited == [5, 5, 5]


@pytest.mark.slow
def test_an_explorer_that_makes_other_code_says_so(ethereum: Node, deployed: Deployment) -> None:
    other_constants = bytes(31) + b"\x01" + bytes(12 * 32)
    waited: list[float] = []
    with (
        ExplorerStandIn(ethereum, KEY, pending=1) as explorer,
        pytest.raises(ExplorerError, match="did not verify the source: Fail - Unable to verify"),
    ):
        Explorer(KEY, url=explorer.url, sleep=waited.append).verify(submission(deployed, other_constants))
    assert explorer.asked == ["verifysourcecode", "checkverifystatus", "checkverifystatus"]
    assert waited == [5]


@pytest.mark.parametrize("garbled", [False, True])
def test_refusals_and_nonsense_of_an_explorer_never_show_the_key(
    ethereum: Node, deployed: Deployment, garbled: bool
) -> None:
    with ExplorerStandIn(ethereum, "another key", garbled=garbled) as explorer:
        url = explorer.url
        with pytest.raises(ExplorerError) as refused:
            Explorer(KEY, url=url).verify(submission(deployed))
    assert ("does not answer in JSON" if garbled else "Invalid API Key") in str(refused.value)
    assert KEY not in str(refused.getrepr(style="long"))
    with pytest.raises(ExplorerError, match="cannot be reached") as gone:
        Explorer(KEY, url=url).verify(submission(deployed))
    assert KEY not in str(gone.value)
