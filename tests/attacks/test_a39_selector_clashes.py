"""A39: a selector that means one thing to the caller and another to the router.

A public function that has the selector of some fork's callback; bytes shorter than a selector, which read as
one with zeros behind; a selector that begins like an opcode.
"""

from __future__ import annotations

from collections.abc import Iterable
from random import Random

from devnet import abi
from devnet.node import ETHER
from executor.plan.format import Opcode
from executor.plan.steps import STEPS
from tests.attacks.callbacks import UNKNOWN, calls
from tests.attacks.scene import THIEF, nothing_lost, refused, why_refused
from tests.contracts.schemes import plan_of
from tests.support.routers import OPERATOR, Desk, router_artifacts

HOOKS = (
    "onERC721Received(address,address,uint256,bytes)",
    "onERC1155Received(address,address,uint256,uint256,bytes)",
    "tokensToSend(address,address,address,uint256,bytes,bytes)",
    "tokenFallback(address,uint256,bytes)",
    "onTransferReceived(address,address,uint256,bytes)",
    "onTokenTransfer(address,uint256,bytes)",
    "receiveApproval(address,uint256,address,bytes)",
    "onApprovalReceived(address,uint256,bytes)",
    "BabyDogeCall(address,uint256,uint256,bytes)",
    "apeCall(address,uint256,uint256,bytes)",
    "jetswapCall(address,uint256,uint256,bytes)",
    "elkCall(address,uint256,uint256,bytes)",
    "waultSwapCall(address,uint256,uint256,bytes)",
    "croDefiSwapCall(address,uint256,uint256,bytes)",
    "stableXCall(address,uint256,uint256,bytes)",
    "joeCall(address,uint256,uint256,bytes)",
    "hswapV2Call(address,uint256,uint256,bytes)",
    "fusionXV3SwapCallback(int256,int256,bytes)",
    "maverickV2SwapCallback(address,uint256,uint256,bytes)",
    "locked(uint256)",
    "payCallback(uint256,address)",
    "onEulerFlashLoan(bytes)",
    "onFlashLoan(bytes)",
    "onFlashLoan(address,address,uint256,bytes)",
    "receiveFlashLoan(address,address,uint256,uint256,bytes)",
    "LBFlashLoanCallback(address,address,address,bytes32,bytes32,bytes)",
    "onSwap((uint8,address,address,uint256,bytes32,uint256,address,address,bytes),uint256,uint256)",
    "onUnlock(bytes)",
    "isValidSignature(bytes32,bytes)",
)


def functions() -> dict[bytes, str]:
    """The selectors of the router's own functions, by its ABI and that of its control part."""
    found = {}
    for part in ("ArbRouter", "RouterControl"):
        for entry in router_artifacts()[part].abi:
            if entry["type"] == "function":
                signature = f"{entry['name']}({','.join(kind_of(each) for each in entry['inputs'])})"
                found[abi.selector(signature)] = signature
    return found


def kind_of(argument: dict[str, object]) -> str:
    """The type as a signature has it."""
    kind = str(argument["type"])
    if not kind.startswith("tuple"):
        return kind
    components = argument["components"]
    assert isinstance(components, list)
    return f"({','.join(kind_of(each) for each in components)}){kind[5:]}"


def test_no_function_of_the_router_has_the_selector_of_any_callback(desk: Desk) -> None:
    own = functions()
    known = {data[:4] for data in calls(desk, ETHER, THIEF).values()}
    others = {abi.selector(signature) for signature in (*UNKNOWN, *HOOKS)}
    # Three of the known ones are one name in several shapes; none is counted twice.
    assert len(known) == len(calls(desk, ETHER, THIEF))
    assert len(own) > 15
    assert not own.keys() & (known | others)
    assert not known & others


def test_hooks_and_callbacks_of_others_are_functions_that_the_router_does_not_have(desk: Desk) -> None:
    with nothing_lost(desk):
        for signature in (*UNKNOWN, *HOOKS):
            call = abi.selector(signature) + bytes(320)
            assert why_refused(desk, THIEF, call).name == "UnknownFunction", signature
        assert refused(desk, THIEF, call).name == "UnknownFunction"


def answered(desk: Desk, selectors: Iterable[bytes]) -> list[bytes]:
    """Those of the selectors that a stranger's call gets anything but a refusal for."""
    chosen = list(selectors)
    rows = [(desk.router, selector + bytes(320)) for selector in chosen]
    data = abi.encode_call("tryAggregate(bool,(address,bytes)[])", False, rows)
    (results,) = abi.decode("((bool,bytes)[])", desk.node.call(desk.book.contracts["multicall3"], data))
    return [selector for selector, (ok, _) in zip(chosen, results, strict=True) if ok]


def test_of_all_selectors_tried_only_views_answer_a_stranger(desk: Desk) -> None:
    """At random, next to the known ones, and those that begin like an opcode of the plan format."""
    random, own = Random(39), functions()
    near = [
        (int.from_bytes(selector, "big") + step).to_bytes(4, "big")
        for selector in (*own, *(data[:4] for data in calls(desk, ETHER, THIEF).values()))
        for step in (-1, 1, 256)
        if 0 < int.from_bytes(selector, "big") + step < 2**32
    ]
    like_opcodes = [bytes([opcode | low, 0, 0, 0]) for opcode in Opcode for low in (0, 1)]
    anything = [random.randbytes(4) for _ in range(1_500)]
    views = {
        abi.selector(signature)
        for signature in own.values()
        if signature.partition("(")[0] in names_of_views()
    }
    strange = [selector for selector in (*near, *like_opcodes, *anything) if selector not in own]
    assert answered(desk, strange) == []
    assert set(answered(desk, own)) <= views


def names_of_views() -> set[str]:
    return {
        entry["name"]
        for entry in router_artifacts()["RouterControl"].abi
        if entry["type"] == "function" and entry["stateMutability"] in ("view", "pure")
    }


def test_bytes_shorter_than_a_selector_mean_nothing_even_where_zeros_would_complete_them(desk: Desk) -> None:
    selectors = (*functions(), *(data[:4] for data in calls(desk, ETHER, THIEF).values()))
    with nothing_lost(desk):
        for length in (1, 2, 3):
            short = {selector[:length] for selector in selectors if selector[length:] != bytes(4 - length)}
            rows = [(desk.router, data) for data in short]
            data = abi.encode_call("tryAggregate(bool,(address,bytes)[])", False, rows)
            (results,) = abi.decode(
                "((bool,bytes)[])", desk.node.call(desk.book.contracts["multicall3"], data, from_=THIEF)
            )
            assert not any(ok for ok, _ in results)
            assert refused(desk, OPERATOR, plan_of()[:length]).name == "UnknownFunction"


def test_no_selector_is_written_as_one_with_zeros_behind() -> None:
    """Else fewer than four bytes would be enough to name it."""
    assert all(selector[3] for selector in functions())


def test_no_opcode_means_two_steps_and_none_leaves_the_plan_for_a_function(desk: Desk) -> None:
    """A plan's bytes are read by the router alone; as calldata they are no call of it."""
    assert len(set(STEPS)) == len(STEPS)
    steps = [int(opcode) & ~1 for opcode in STEPS]
    assert len(set(steps)) == len(steps)
    with nothing_lost(desk):
        for opcode in STEPS:
            assert why_refused(desk, OPERATOR, bytes([opcode]) + bytes(100)).name == "UnknownFunction"
