"""The record of a deployment: whole or not at all, and refused key by key."""

import json
from pathlib import Path
from typing import Any

import pytest

from executor.chain.deployments import as_json, deployment_file, read_deployment, write_deployment
from executor.domain.address import Address
from executor.domain.deployment import Deployment, Part, PartRecord, RouterConstants
from executor.domain.errors import ConfigError

OWNER = Address("0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266")
WETH = Address("0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2")
ROUTER = Address("0x58fCBFaE512D669BB569E9Ad5D025A45a21D13FB")
ZERO = "0x" + "00" * 20
DEPLOYMENT = Deployment(
    chain_id=11155111,
    router=ROUTER,
    version="2",
    owner=OWNER,
    operator=None,
    pauser=None,
    constants=RouterConstants((WETH,), WETH, spark_pool=OWNER),
    parts={part: PartRecord(OWNER, "0x" + "cd" * 32) for part in Part if part is not Part.ROUTER},
    deployer=OWNER,
    initial_owner=OWNER,
    salt="0x" + "00" * 12 + OWNER[2:].lower(),
    runtime_code_hash="0x" + "ab" * 32,
    block=None,
    local=False,
)


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    path = deployment_file(tmp_path / "deployments", DEPLOYMENT.chain_id)
    write_deployment(path, DEPLOYMENT)
    assert path.name == "11155111.json"
    assert read_deployment(path) == DEPLOYMENT


def test_a_second_record_replaces_the_first_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "1.json"
    write_deployment(path, DEPLOYMENT)
    write_deployment(path, DEPLOYMENT)
    assert [entry.name for entry in tmp_path.iterdir()] == ["1.json"]


def test_a_record_that_cannot_be_put_in_place_leaves_the_old_one_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "1.json"
    write_deployment(path, DEPLOYMENT)
    before = path.read_text()

    def broken(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(Path, "replace", broken)
    with pytest.raises(OSError, match="disk full"):
        write_deployment(path, DEPLOYMENT)
    assert path.read_text() == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["1.json"]


@pytest.mark.parametrize(
    ("key", "value", "problem"),
    [
        ("chain_id", "1", "must be a whole number"),
        ("chain_id", True, "must be a whole number"),
        ("router", "0x12", "is not an address"),
        ("router", ZERO, "must not be the zero address"),
        ("owner", WETH[:-1] + "C", "wrong checksum"),
        ("operator", 7, "is not an address"),
        ("settlement_tokens", [], "must be a list of addresses"),
        ("settlement_tokens", [WETH, "x"], r"settlement_tokens\[1\]: 'x' is not an address"),
        ("salt", "0x00", "must be 0x and 64 hexadecimal digits"),
        ("runtime_code_hash", "zz", "must be 0x and 64 hexadecimal digits"),
        ("version", "", "must be text"),
        ("wrapped_native", None, "is not an address"),
        ("morpho_blue", "0x12", "is not an address"),
        ("parts", [], "must be a JSON object"),
        ("parts", {"RouterExtension": {"address": WETH}}, r"parts\.RouterExtension\.runtime_code_hash: this"),
        ("local", "yes", "must be true or false"),
        ("block", -1, "must be a whole number"),
    ],
)
def test_a_wrong_value_is_refused_with_file_and_key(
    tmp_path: Path, key: str, value: Any, problem: str
) -> None:
    path = tmp_path / "1.json"
    path.write_text(json.dumps({**as_json(DEPLOYMENT), key: value}))
    with pytest.raises(ConfigError, match=problem) as refused:
        read_deployment(path)
    assert refused.value.field.startswith(f"{path}: {key}")
    assert "ape run deploy" in refused.value.fix


@pytest.mark.parametrize("key", sorted(as_json(DEPLOYMENT)))
def test_a_missing_key_is_named(tmp_path: Path, key: str) -> None:
    path = tmp_path / "1.json"
    path.write_text(json.dumps({name: value for name, value in as_json(DEPLOYMENT).items() if name != key}))
    with pytest.raises(ConfigError, match="this key is missing") as refused:
        read_deployment(path)
    assert refused.value.field == f"{path}: {key}"


@pytest.mark.parametrize(("text", "problem"), [("{", "is not JSON"), ("[]", "is not a JSON object")])
def test_a_file_that_is_no_record_is_refused(tmp_path: Path, text: str, problem: str) -> None:
    path = tmp_path / "1.json"
    path.write_text(text)
    with pytest.raises(ConfigError, match=problem):
        read_deployment(path)


def test_a_record_of_the_first_router_is_refused_with_what_to_do_about_its_money(tmp_path: Path) -> None:
    path = tmp_path / "1.json"
    path.write_text(json.dumps({"version": "1", "router": ROUTER}))
    with pytest.raises(ConfigError, match="whose plans this executor does not write") as refused:
        read_deployment(path)
    assert "take home what it holds" in refused.value.fix


def test_a_missing_file_says_how_it_comes_about(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there is no such deployment file"):
        read_deployment(tmp_path / "1.json")
