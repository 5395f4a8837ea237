"""A11: a path by which somebody chooses whom the router calls, and with what: multicalls, batches that skip
what fails, functions that rescue.
"""

from __future__ import annotations

import pytest

from devnet import abi
from devnet.node import ETHER
from executor.domain.deployment import Part
from tests.attacks.scene import MAX, PATRON, THIEF, nothing_lost, refused
from tests.attacks.thieves import accomplice, try_all
from tests.contracts.schemes import plan_of
from tests.support.routers import OPERATOR, OWNER, PAUSER, Desk, router_artifacts

AMOUNT = 5 * ETHER
BATCH = "executeBatch((uint64,bytes)[],bool)"
OPEN_DOORS = (
    "multicall(bytes[])",
    "multicall(uint256,bytes[])",
    "execute(address,bytes)",
    "execute(address,uint256,bytes)",
    "execute(bytes,bytes[],uint256)",
    "execute((address,uint256,bytes)[])",
    "executeBatch(address[],bytes[])",
    "aggregate((address,bytes)[])",
    "tryAggregate(bool,(address,bytes)[])",
    "aggregate3((address,bool,bytes)[])",
    "call(address,bytes)",
    "delegate(address,bytes)",
    "proxyCall(address,bytes)",
    "exec(address,address,uint256,address,bytes)",
    "sweep(address,address)",
    "sweepToken(address,uint256,address)",
    "rescueTokens(address,uint256)",
    "recoverERC20(address,uint256)",
    "upgradeTo(address)",
    "upgradeToAndCall(address,bytes)",
    "initialize(address)",
)
"""What the routers and bots that were robbed had, by name."""


def worst(kind: str) -> object:
    """What a thief would give for an argument of that type."""
    values: dict[str, object] = {"address": THIEF, "bool": True, "uint256": MAX, "(uint64,bytes)[]": []}
    return values[kind]


def calls_of_all_functions(desk: Desk) -> dict[str, bytes]:
    """Each function of the router and its parts that changes something, for the thief's good."""
    found = {}
    for part in router_artifacts().values():
        for entry in part.abi:
            if entry["type"] != "function" or entry["stateMutability"] in ("view", "pure"):
                continue
            kinds = ["(uint64,bytes)[]" if it["type"] == "tuple[]" else it["type"] for it in entry["inputs"]]
            signature = f"{entry['name']}({','.join(kinds)})"
            found[signature] = abi.encode_call(signature, *(worst(kind) for kind in kinds))
    found["withdraw(address,address,uint256)"] = abi.encode_call(
        "withdraw(address,address,uint256)", desk.book.tokens["WETH"], THIEF, AMOUNT
    )
    found["execute()"] = plan_of()
    found["simulate()"] = abi.selector("simulate()") + plan_of()[4:]
    return found


def test_no_function_of_the_router_obeys_a_stranger(desk: Desk) -> None:
    functions = calls_of_all_functions(desk)
    assert {"execute()", BATCH, "withdraw(address,address,uint256)"} <= set(functions)
    errors = {"NotOwner", "NotPendingOwner", "NotOperator", "NotPauser"}
    with nothing_lost(desk):
        for name, call in functions.items():
            assert refused(desk, THIEF, call).name in errors, name


def test_no_function_of_the_parts_obeys_a_stranger_either(desk: Desk) -> None:
    """Called where they stand, they have neither roles nor money."""
    thief = accomplice(desk)
    tried = [*calls_of_all_functions(desk).values()]
    with nothing_lost(desk, thief):
        for part in (Part.CONTROL, Part.EXTENSION, Part.SIMULATOR):
            assert try_all(desk, thief, desk.parts[part], tried) == 0


def test_the_router_has_no_function_that_takes_a_target_and_its_calldata(desk: Desk) -> None:
    """For nobody: strangers, operators and the owner find the same."""
    theft = abi.encode_call("transferFrom(address,address,uint256)", PATRON, THIEF, AMOUNT)
    arguments = abi.encode("(address,bytes)", desk.book.tokens["WETH"], theft)
    thief = accomplice(desk)
    with nothing_lost(desk, thief, gas_of=[OWNER]):
        calls = [abi.selector(name) + arguments for name in OPEN_DOORS]
        assert try_all(desk, thief, desk.router, calls) == 0
        for number, (name, call) in enumerate(zip(OPEN_DOORS, calls, strict=True)):
            sender = (OPERATOR, OWNER)[number % 2]
            assert refused(desk, sender, call).name == "UnknownFunction", name


@pytest.mark.parametrize("all_or_nothing", [True, False])
def test_a_batch_calls_nothing_but_execute(desk: Desk, all_or_nothing: bool) -> None:
    """Not even for an operator, and not where it goes on behind what fails."""
    weth = desk.book.tokens["WETH"]
    bodies = [
        abi.encode_call("withdraw(address,address,uint256)", weth, THIEF, AMOUNT),
        abi.encode_call("transferFrom(address,address,uint256)", PATRON, THIEF, AMOUNT),
        abi.encode_call("setPrimaryOperator(address)", THIEF),
        abi.encode_call("uniswapV3SwapCallback(int256,int256,bytes)", AMOUNT, 0, b""),
        abi.encode_call(BATCH, [], False),
        abi.selector("simulate()") + plan_of()[4:],
        plan_of()[:3],
        b"",
    ]
    with nothing_lost(desk):
        for body in bodies:
            for entries in ([(500_000, body)], [(500_000, plan_of()), (500_000, body)]):
                batch = abi.encode_call(BATCH, entries, all_or_nothing)
                reason = refused(desk, OPERATOR, batch)
                assert (reason.name, reason.args["index"]) == ("NotAPlan", len(entries) - 1), body.hex()


@pytest.mark.parametrize("sender", [THIEF, OPERATOR, PAUSER], ids=["thief", "operator", "pauser"])
def test_nobody_but_the_owner_rescues_anything(desk: Desk, sender: str) -> None:
    with nothing_lost(desk):
        for symbol in ("WETH", "USDT", "sDAI"):
            call = abi.encode_call("withdraw(address,address,uint256)", desk.book.tokens[symbol], sender, 1)
            assert refused(desk, sender, call).name == "NotOwner", symbol
        assert refused(desk, sender, abi.encode_call("withdrawNative(address,uint256)", sender, 1)).name == (
            "NotOwner"
        )
