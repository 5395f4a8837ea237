"""What the measuring of lines and branches takes for run, and for not run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from devnet import Node, abi
from devnet.errors import NodeError
from devnet.rpc import RpcClient
from tests.support.routers import OWNER, Desk, deploy_desk
from tools.coverage.__main__ import STATEMENTS, measure
from tools.coverage.build import Build, load
from tools.coverage.recorder import Recorder


@pytest.fixture(scope="module")
def build() -> Build:
    return load()


def everything(build: Build) -> Mapping[str, Any]:
    jumps = {
        part.name: [
            f"{place.at}>{target}" for place in part.places if place.is_choice for target in (place.at + 1, 0)
        ]
        for part in build.parts
    }
    return {
        "places": {part.name: [place.at for place in part.places] for part in build.parts},
        "jumps": jumps,
    }


def test_where_nothing_was_run_everything_is_missed(build: Build) -> None:
    counted, missed = measure(build, [])
    assert len(counted) > 500
    assert {spot for spot, _ in missed if spot.kind in STATEMENTS} == {
        spot for spot in counted if spot.kind in STATEMENTS
    }


def test_where_all_was_run_and_every_condition_went_both_ways_nothing_is_missed(build: Build) -> None:
    _, missed = measure(build, [everything(build)])
    assert missed == []


def test_a_condition_that_went_one_way_only_is_missed(build: Build) -> None:
    told = everything(build)
    one_way = {
        name: [jump for jump in jumps if not jump.endswith(">0")] for name, jumps in told["jumps"].items()
    }
    _, missed = measure(build, [{**told, "jumps": one_way}])
    assert missed and {what for _, what in missed} == {"went one way only"}


def test_a_real_call_is_told_line_by_line(
    build: Build, ethereum: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = deploy_desk(ethereum, code=build.artifacts)
    recorder = Recorder(build)

    def traced(client: RpcClient, method: str, *params: Any) -> Any:
        return recorder.call(client, method, *params)

    with monkeypatch.context() as patch:
        patch.setattr(RpcClient, "call", traced)
        assert ethereum.call(desk.router, abi.encode_call("owner()"))[12:].hex() == OWNER[2:].lower()
    told = {"places": recorder.places, "jumps": recorder.jumps}
    _, missed = measure(build, [told])
    unread = {build.sources[spot.unit].encode()[spot.start : spot.end].decode() for spot, _ in missed}
    assert "return _owner" not in unread
    assert "return _pauser" in unread


def calls_of(desk: Desk) -> dict[str, dict[str, str]]:
    """A call to a token, and one that reaches the router through another contract."""
    rows = [(desk.router, abi.encode_call("owner()"))]
    made = {
        "token": (desk.book.tokens["WETH"], abi.encode_call("balanceOf(address)", desk.router)),
        "through": (
            desk.book.contracts["multicall3"],
            abi.encode_call("tryAggregate(bool,(address,bytes)[])", False, rows),
        ),
    }
    return {name: {"to": to, "data": f"0x{data.hex()}"} for name, (to, data) in made.items()}


def test_step_by_step_is_traced_what_reaches_the_router_and_takes_no_minutes(
    build: Build, ethereum: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = deploy_desk(ethereum, code=build.artifacts)
    calls, client = calls_of(desk), RpcClient("127.0.0.1", ethereum.port)
    recorder = Recorder(build)
    recorder.call(client, "eth_call", calls["token"], "latest")
    with monkeypatch.context() as patch:
        patch.setattr("tools.coverage.recorder.MOST_GAS", 21_000)
        recorder.call(client, "eth_call", calls["through"], "latest")
    assert dict(recorder.places) == {}
    recorder.call(client, "eth_call", calls["through"], "latest")
    assert recorder.places.keys() == {"ArbRouter", "RouterControl"}


def test_a_node_that_does_not_answer_is_not_taken_for_one_that_ran_nothing(build: Build) -> None:
    with pytest.raises(NodeError):
        Recorder(build).call(RpcClient("127.0.0.1", 1), "eth_call", {"to": OWNER, "data": "0x"}, "latest")
